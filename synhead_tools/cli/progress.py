"""How far a long run is: on a screen one line that is drawn over, in a log a line now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import IO

import click

SCREEN_INTERVAL_S = 1.0
LOG_INTERVAL_S = 60.0
"""A log says so much that a run is alive, and stays short."""
WINDOW_S = 60.0
"""The rate is that of the last minute, or of the last reports where they are rarer."""
WINDOW_REPORTS = 8


class Pace:
    """How fast a run goes.

    The first report is where counting begins: what a resumed run had kept took no time of this one.
    """

    def __init__(self) -> None:
        self._reports: deque[tuple[float, int]] = deque()

    def report(self, done: int, now_s: float) -> None:
        """Take note that `done` are done at the time `now_s`, seconds of any clock that does not jump."""
        self._reports.append((now_s, done))
        while len(self._reports) > WINDOW_REPORTS and now_s - self._reports[0][0] > WINDOW_S:
            self._reports.popleft()

    @property
    def per_second(self) -> float | None:
        """Rate over the last reports; None while nothing was done since the first."""
        (start_s, before), (end_s, after) = self._reports[0], self._reports[-1]
        return (after - before) / (end_s - start_s) if after > before and end_s > start_s else None


def progress_text(what: str, done: int, total: int, per_second: float | None) -> str:
    """One line: how many are done, how fast, and the time left."""
    share = 100 * done // total if total else 100
    line = f"{what}: {done}/{total} ({share} %)"
    if per_second is None:
        return line
    rate = f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.2g}"
    return f"{line}, {rate}/s, {duration_text((total - done) / per_second)} left"


def duration_text(seconds: float) -> str:
    """A duration in its two largest units: ``7 s``, ``12 min 5 s``, ``3 h 20 min``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minute} min"
    return f"{minute} min {second} s" if minute else f"{second} s"


def progress_on(stream: IO[str], what: str) -> Callable[[int, int], None]:
    """A function (done, total) that says on `stream` how far a run is; see the module for how often."""
    screen = stream.isatty()
    interval_s = SCREEN_INTERVAL_S if screen else LOG_INTERVAL_S
    pace, last_s, width = Pace(), time.monotonic(), 0

    def show(done: int, total: int) -> None:
        nonlocal last_s, width
        now_s = time.monotonic()
        pace.report(done, now_s)
        finished = done >= total
        if now_s - last_s < interval_s and not (screen and finished):
            return
        last_s = now_s
        line = progress_text(what, done, total, pace.per_second)
        if screen:  # blanks wipe out the rest of a longer line
            click.echo(f"\r{line:<{width}}", nl=finished, file=stream)
            width = len(line)
        else:
            click.echo(line, file=stream)

    return show

"""A driver call that never returns, ended: the process says so and stops."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType

_TICK_S = 1.0


class Watchdog:
    """Ends the process when the body of a ``with`` takes too long.

    Several processes that read pictures back from one NVIDIA card at once have been seen to hang inside the driver,
    where neither an exception nor Ctrl-C reaches them; without an end they would hang for ever. Shards are written
    whole or not at all, so that ``--resume`` goes on from there.

    Parameters
    ----------
    limit_s : float
        Seconds. They are counted in ticks of one second, so that a process that was stopped (Ctrl-Z) is not ended
        when it goes on.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._ticks_left: float | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Watchdog:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="synhead-gl-watchdog", daemon=True)
            self._thread.start()
        self._ticks_left = self.limit_s / _TICK_S
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticks_left = None

    def close(self) -> None:
        """End the watch."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(_TICK_S):
            left = self._ticks_left
            if left is None:
                continue
            if left <= 0:
                sys.stderr.write(
                    f"Error: the OpenGL driver has not answered for {self.limit_s:g} s (several processes on one card "
                    "can hang it); run again with --resume and --workers 1\n"
                )
                sys.stderr.flush()
                os._exit(1)
            self._ticks_left = left - 1

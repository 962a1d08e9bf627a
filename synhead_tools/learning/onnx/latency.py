"""How long an exported model takes for a batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import onnxruntime

from synhead_tools.learning.onnx.graph import INPUT_NAME
from synhead_tools.learning.onnx.parity import as_input, open_session, trial_pictures

BATCHES = (1, 32)
_RUNS = 30
_LEAST_RUNS = 5
_BUDGET_S = 3.0


@dataclass(frozen=True)
class Latency:
    """Of one batch size.

    Attributes
    ----------
    batch, threads, runs : int
        Pictures per run, threads, and how many runs were timed, after one that was not.
    median_ms : float
        Of a run, milliseconds of wall clock.
    """

    batch: int
    threads: int
    runs: int
    median_ms: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **asdict(self),
            "median_ms": round(self.median_ms, 3),
            "runtime": f"onnxruntime {runtime_version()}, CPU",
        }

    def __str__(self) -> str:
        per_s, shown_ms = self.batch / self.median_ms * 1000, f"{self.median_ms:.{0 if self.median_ms >= 100 else 2}f}"
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return (
            f"batch {self.batch}: {shown_ms} ms, {per_s:.0f} pictures/s (median of {self.runs}, {threads}, "
            f"onnxruntime {runtime_version()}, CPU)"
        )


def measure_latency(data: bytes, input_px: int, takes_uint8: bool, threads: int = 1) -> tuple[Latency, ...]:
    """Time the ONNX model `data` for each of `BATCHES`; some seconds at most for each but large networks."""
    session = open_session(data, threads)
    pictures = trial_pictures(input_px)
    found = []
    for batch in BATCHES:
        feed = {INPUT_NAME: as_input(pictures.repeat(-(-batch // len(pictures)), axis=0)[:batch], takes_uint8)}
        found.append(Latency(batch, threads, *time_runs(lambda feed=feed: session.run(None, feed))))
    return tuple(found)


def time_runs(run: Callable[[], Any]) -> tuple[int, float]:
    """How many runs were timed, after one that was not, and their median in ms of wall clock; a few seconds."""
    run()
    times_s, begun_s = [], time.perf_counter()
    while len(times_s) < _RUNS and (len(times_s) < _LEAST_RUNS or time.perf_counter() - begun_s < _BUDGET_S):
        start_s = time.perf_counter()
        run()
        times_s.append(time.perf_counter() - start_s)
    return len(times_s), median(times_s) * 1000


def runtime_version() -> str:
    """Of onnxruntime."""
    return onnxruntime.__version__

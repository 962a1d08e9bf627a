"""What a training run says of itself: one dictionary every few steps, and one JSON line of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from synhead_tools.errors import TrainingError

LogSink = Callable[[dict[str, Any]], None]


class JsonLinesFile:
    """A sink that appends one JSON object per line, each flushed at once.

    Parameters
    ----------
    path : Path
        Is replaced if it exists.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._path.write_text("")

    def __call__(self, entry: dict[str, Any]) -> None:
        """Append `entry`."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


class StepAverages:
    """Running means of a stage's scalars, kept on the device between log lines so that no step waits for them.

    Parameters
    ----------
    stage : str
        Goes into every line.
    n_steps, every : int
        Length of the stage; steps per line.
    images_per_step : int
        For the speed.
    sink : callable or None
        Takes the lines.
    """

    def __init__(self, stage: str, n_steps: int, every: int, images_per_step: int, sink: LogSink | None) -> None:
        self._stage, self._n_steps, self._every = stage, n_steps, every
        self._images_per_step, self._sink = images_per_step, sink
        self._sums: dict[str, Tensor] = {}
        self._count, self._since = 0, time.perf_counter()

    def add(self, step: int, scalars: dict[str, Tensor], learning_rate: float) -> None:
        """Take the scalars of step `step` (from 1); every so often, and at the end, check them and write a line.

        Raises
        ------
        TrainingError
            The loss is not finite.
        """
        with torch.no_grad():
            for name, value in scalars.items():
                value = value.detach()
                self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
        self._count += 1
        if step % self._every == 0 or step == self._n_steps:
            self._write(step, learning_rate)

    def _write(self, step: int, learning_rate: float) -> None:
        means = {name: float(value) / self._count for name, value in self._sums.items()}
        seconds = time.perf_counter() - self._since
        if means["total"] - means["total"] != 0:
            raise TrainingError(
                f"the loss is {means['total']} at {self._stage} step {step} of {self._n_steps}; "
                "lower the learning rate or lambda_max, or train in float32"
            )
        entry = {"stage": self._stage, "step": step, "steps": self._n_steps, **means}
        entry |= {"learning_rate": learning_rate, "images_per_s": self._count * self._images_per_step / seconds}
        if self._sink is not None:
            self._sink({key: float(f"{v:.6g}") if isinstance(v, float) else v for key, v in entry.items()})
        self._sums, self._count, self._since = {}, 0, time.perf_counter()

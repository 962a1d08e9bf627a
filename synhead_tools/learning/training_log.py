"""What a training run says of itself: one dictionary every few steps."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.processes import mean_over_processes


class LossNotFiniteError(TrainingError):
    """A step's loss was infinite or no number.

    Parameters
    ----------
    message : str
        One line.
    step : int
        The first such step of the stage, from 1.
    """

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


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
        self._names: list[str] = []
        self._totals: list[Tensor] = []  # of the steps since the last check
        self._count, self._timed, self._since = 0, 0, time.perf_counter()

    def add(self, step: int, scalars: dict[str, Tensor], learning_rate: float) -> bool:
        """Take the scalars of step `step` (from 1); every so often, and at the end, check them and write a line.

        Returns
        -------
        bool
            Whether a line was due.

        Raises
        ------
        LossNotFiniteError
            The loss of a step since the last line is not finite.
        """
        with torch.no_grad():
            for name, value in scalars.items():
                value = value.detach()
                self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
        self._names = list(scalars)
        self._totals.append(scalars["total"].detach())
        self._count += 1
        self._timed += 1
        due = step % self._every == 0 or step == self._n_steps
        if due:
            self.check(step)
            self._write(step, learning_rate)
        return due

    def check(self, step: int) -> None:
        """Raise LossNotFiniteError if any loss up to `step` was not finite."""
        if not self._totals:
            return
        totals = mean_over_processes(torch.stack(self._totals).float()).cpu()
        bad = torch.nonzero(~torch.isfinite(totals)).flatten().tolist()
        if bad:
            first = step - len(totals) + 1 + bad[0]
            value = float(totals[bad[0]])
            raise LossNotFiniteError(f"the loss is {value} at {self._stage} step {first} of {self._n_steps}", first)
        self._totals = []

    def state(self) -> dict[str, Tensor]:
        """Sums of the line under way."""
        return {**{f"sum/{name}": value for name, value in self._sums.items()}, "count": torch.tensor(self._count)}

    def load_state(self, state: dict[str, Tensor], device: torch.device | str) -> None:
        """Take over what `state` gave; the clock starts now."""
        self._sums = {key[4:]: value.to(device) for key, value in state.items() if key.startswith("sum/")}
        self._count, self._timed, self._since = int(state["count"]), 0, time.perf_counter()

    def _write(self, step: int, learning_rate: float) -> None:
        sums = mean_over_processes(torch.stack([self._sums[name].double() for name in self._names])).tolist()
        means = {name: value / self._count for name, value in zip(self._names, sums, strict=True)}
        seconds = time.perf_counter() - self._since
        entry = {"stage": self._stage, "step": step, "steps": self._n_steps, **means}
        entry |= {"learning_rate": learning_rate, "images_per_s": self._timed * self._images_per_step / seconds}
        if self._sink is not None:
            self._sink({key: float(f"{v:.6g}") if isinstance(v, float) else v for key, v in entry.items()})
        self._sums, self._count, self._timed, self._since = {}, 0, 0, time.perf_counter()

"""The files that a training run writes while it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from synhead_tools.errors import CheckpointError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.learning.checkpoint import Checkpoint, save_checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.log_files import CsvFile, JsonLinesFile, TensorBoardFolder
from synhead_tools.learning.processes import own_number
from synhead_tools.learning.run_folder import (
    BAD_BATCH_NAME,
    EVENTS_NAME,
    LOG_NAME,
    STAGE1_NAME,
    STATE_NAME,
    TABLE_NAME,
)
from synhead_tools.learning.tensor_files import tensors_to_bytes
from synhead_tools.learning.training_state import TrainingState, write_state


class RunFiles:
    """The files that a run writes while it goes.

    Parameters
    ----------
    out : Path
        The run's folder.
    config : TrainConfig
        All settings.
    state : TrainingState or None
        Where the run goes on; its log is cut back to there.
    log : callable or None
        Gets every line too.
    tensorboard : bool
        Whether to write TensorBoard events.
    score : callable, optional
        Makes a log line of a checkpoint, written after each stage.
    """

    def __init__(
        self,
        out: Path,
        config: TrainConfig,
        state: TrainingState | None,
        log: Callable[[dict[str, Any]], None] | None,
        tensorboard: bool,
        score: Callable[[Checkpoint], dict[str, Any]] | None = None,
    ) -> None:
        self._out, self._score = out, score
        self._lines = JsonLinesFile(out / LOG_NAME, _log_bytes(state))
        self._sinks = [self._lines, CsvFile(out / TABLE_NAME, self._lines.entries())]
        self._events = None
        if tensorboard:
            begin = 0 if state is None else state.step + (config.stage1_steps if state.stage == "stage2" else 0)
            self._events = TensorBoardFolder(out / EVENTS_NAME, config.stage1_steps, begin)
            self._sinks.append(self._events)
        if log is not None:
            self._sinks.append(log)

    def log(self, entry: dict[str, Any]) -> None:
        """Write one line everywhere."""
        for sink in self._sinks:
            sink(entry)

    def save_state(self, state: TrainingState) -> None:
        """Write the state that the run can be resumed from, with the length of the log."""
        write_state(self._out / STATE_NAME, replace(state, facts={"log_bytes": self._lines.size_bytes}))

    def save_stage1(self, checkpoint: Checkpoint) -> None:
        """Write stage 1's result."""
        save_checkpoint(self._out / STAGE1_NAME, checkpoint, overwrite=True)
        if self._score is not None:
            self.log(self._score(checkpoint))

    def save_final(self, checkpoint: Checkpoint) -> None:
        """Write the run's result and end the log; there is nothing to resume any more."""
        if self._score is not None and checkpoint.record.stage == "final":
            self.log(self._score(checkpoint))
        if self._events is not None:
            self._events.close()
        save_checkpoint(self._out, checkpoint, overwrite=True)
        (self._out / STATE_NAME).unlink(missing_ok=True)

    def save_bad_batch(self, tensors: dict[str, Tensor]) -> str:
        """Write a batch whose loss is not finite, and say where."""
        return _write_batch(self._out / BAD_BATCH_NAME, tensors)


class OtherProcess:
    """What a process that is not the first does where the first writes files: nothing, but for its own bad batch."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.log = None

    def save_state(self, state: TrainingState) -> None:
        """Nothing."""

    def save_stage1(self, checkpoint: Checkpoint) -> None:
        """Nothing."""

    def save_final(self, checkpoint: Checkpoint) -> None:
        """Nothing."""

    def save_bad_batch(self, tensors: dict[str, Tensor]) -> str:
        """Write this process's part of a batch whose loss is not finite, and say where."""
        return _write_batch(self._out / f"bad_batch.{own_number()}.safetensors", tensors)


def _write_batch(path: Path, tensors: dict[str, Tensor]) -> str:
    atomic_write_bytes(path, tensors_to_bytes(tensors), overwrite=True)
    return str(path)


def _log_bytes(state: TrainingState | None) -> int:
    size = 0 if state is None else state.facts.get("log_bytes")
    if not isinstance(size, int) or size < 0:
        raise CheckpointError(f"{STATE_NAME} does not say how long its log is; start anew with --overwrite")
    return size

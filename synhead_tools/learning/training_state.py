"""All that a training run needs to go on as if it had never stopped, in one file, written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from synhead_tools.errors import CheckpointError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.learning.tensor_files import read_tensor_notes, read_tensors, tensors_to_bytes

STATE_VERSION = 1
STAGES = ("stage1", "stage2", "detector")


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A run between two steps.

    Parameters
    ----------
    stage : str
        One of `STAGES`.
    step : int
        Steps of that stage made so far.
    tensors : dict of str to Tensor
        Network, discriminator, optimiser, sample orders, instance weights, random states, sums of the log line under
        way; flat names, parts separated by slashes.
    facts : dict
        Plain values of whoever writes the file, such as the length of the log.
    """

    stage: str
    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict)

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `name` and a slash, by the rest of their names."""
        prefix = f"{name}/"
        return {key[len(prefix) :]: value for key, value in self.tensors.items() if key.startswith(prefix)}


def named_part(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` under one name; the inverse of `TrainingState.part`."""
    return {f"{name}/{key}": value for key, value in tensors.items()}


def write_state(path: str | Path, state: TrainingState) -> None:
    """Write `state` to `path`, replacing an earlier one at once."""
    notes = {"format": "synhead training state", "format_version": STATE_VERSION}
    notes |= {"stage": state.stage, "step": state.step, "facts": state.facts}
    atomic_write_bytes(path, tensors_to_bytes(state.tensors, {"synhead": json.dumps(notes)}), overwrite=True)


def read_state(path: str | Path) -> TrainingState:
    """The state in a file.

    Raises
    ------
    CheckpointError
        The file is missing or damaged, is not such a state, or is of another version of this package.
    """
    tensors = read_tensors(path)
    try:
        notes = json.loads(read_tensor_notes(path).get("synhead", "null"))
    except (ValueError, RecursionError):
        notes = None
    if not isinstance(notes, dict) or notes.get("format") != "synhead training state":
        raise CheckpointError(f"{path} is not the state of a training run; start anew with --overwrite")
    if notes.get("format_version") != STATE_VERSION:
        raise CheckpointError(
            f"{path} has format version {notes.get('format_version')!r}, this synhead reads {STATE_VERSION}; "
            "start anew with --overwrite"
        )
    stage, step, facts = notes.get("stage"), notes.get("step"), notes.get("facts")
    if stage not in STAGES or not isinstance(step, int) or not isinstance(facts, dict):
        raise CheckpointError(f"{path} does not say where the run stood; start anew with --overwrite")
    return TrainingState(stage, step, tensors, facts)

"""What distinguishes one stage of training from the other, and who is told what meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.training_state import TrainingState


@dataclass(frozen=True)
class Watch:
    """Who is told what while a stage runs; nothing of it changes the result.

    Parameters
    ----------
    log : callable or None
        Takes the log lines.
    on_state : callable or None
        Takes the state at the start, every `state_every` steps and at the end.
    state_every : int
        Steps between states.
    on_bad_batch : callable or None
        Takes the tensors of a batch whose loss is not finite, and says where they lie.
    """

    log: LogSink | None = None
    on_state: Callable[[TrainingState], None] | None = None
    state_every: int = 1000
    on_bad_batch: Callable[[dict[str, Tensor]], str] | None = None


@dataclass(frozen=True)
class Stage:
    """What distinguishes one stage from the other.

    Parameters
    ----------
    name : str
        ``stage1`` or ``stage2``; also names its random numbers.
    n_steps, learning_rate : int, float
        Length and peak rate.
    method : AdaptationMethod
        Decides the losses.
    bn_mode : str
        See `synhead_tools.learning.batch_norm`.
    scale : LabelScale
        Of the network's outputs.
    """

    name: str
    n_steps: int
    learning_rate: float
    method: AdaptationMethod
    bn_mode: str
    scale: LabelScale

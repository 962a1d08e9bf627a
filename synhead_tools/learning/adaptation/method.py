"""What an adaptation method is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.pose_heads import POSE_HEADS
from synhead_tools.learning.pose_heads.label_scale import LabelScale


class AdaptationMethod(Protocol):
    """Decides what stage 2 draws and what it minimises.

    Built as ``Method(config, n_features)``.

    Attributes
    ----------
    uses_target : bool
        Whether target pictures are needed.
    uses_target_labels : bool
        Whether stage 2 is supervised by the target's labels, which then stands in every record.
    uses_plain_target : bool
        Whether target batches are to hold the face boxes as they are, beside what was done to them.
    weighs_losses : bool
        Whether instance weights multiply the losses of evenly drawn samples; else samples are drawn by them.
    discriminator : nn.Module or None
        What is trained beside the network and thrown away afterwards.
    """

    uses_target: bool
    uses_target_labels: bool
    uses_plain_target: bool
    weighs_losses: bool
    discriminator: nn.Module | None

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray | None:
        """Instance weights (N,) of the source samples; None for equal ones.

        `source_rotmat` are the labels (N, 3, 3), `predict_target` the stage-1 network's answers (M, 3, 3) on all
        target pictures; both in the ray frame.
        """

    def begin(self, passes: DomainPasses, scale: LabelScale) -> None:
        """The stage is about to start, with this network; `scale` is that of its labels."""

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: TargetBatch | None, progress: float
    ) -> dict[str, Tensor]:
        """Named scalars of one step: ``total`` is minimised, the others are logged."""

    def after_step(self, passes: DomainPasses) -> None:
        """The optimiser has made its step."""

    def state(self) -> dict[str, Tensor]:
        """What a resumed run needs beside network and discriminator."""

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""


class StatelessMethod:
    """What the loop calls, for methods that keep nothing from step to step and see target pictures in one way."""

    uses_plain_target = False

    def begin(self, passes: DomainPasses, scale: LabelScale) -> None:
        """Nothing to prepare."""

    def after_step(self, passes: DomainPasses) -> None:
        """Nothing to follow."""

    def state(self) -> dict[str, Tensor]:
        """Nothing to keep."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Nothing was kept."""


def regression_loss(outputs: Tensor, source: SourceBatch, config: TrainConfig) -> Tensor:
    """Mean loss of the pose head's outputs (N, k) for a batch, weighted if the batch is, by the head of `config`."""
    return POSE_HEADS.load(config.head).loss(outputs, source.wanted, config, source.weights)

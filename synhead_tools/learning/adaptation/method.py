"""What an adaptation method is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.batches import SourceBatch
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads import POSE_HEADS


class AdaptationMethod(Protocol):
    """Decides what stage 2 draws and what it minimises.

    Built as ``Method(config, n_features)``.

    Attributes
    ----------
    uses_target : bool
        Whether target pictures are needed.
    uses_target_labels : bool
        Whether stage 2 is supervised by the target's labels, which then stands in every record.
    weighs_losses : bool
        Whether instance weights multiply the losses of evenly drawn samples; else samples are drawn by them.
    discriminator : nn.Module or None
        What is trained beside the network and thrown away afterwards.
    """

    uses_target: bool
    uses_target_labels: bool
    weighs_losses: bool
    discriminator: nn.Module | None

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray | None:
        """Instance weights (N,) of the source samples; None for equal ones.

        `source_rotmat` are the labels (N, 3, 3), `predict_target` the stage-1 network's answers (M, 3, 3) on all
        target pictures; both in the ray frame.
        """

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: Tensor | None, progress: float
    ) -> dict[str, Tensor]:
        """Named scalars of one step: ``total`` is minimised, the others are logged."""


def regression_loss(outputs: Tensor, source: SourceBatch, config: TrainConfig) -> Tensor:
    """Mean loss of the pose head's outputs (N, k) for a batch, weighted if the batch is, by the head of `config`."""
    return POSE_HEADS.load(config.head).loss(outputs, source.wanted, config, source.weights)

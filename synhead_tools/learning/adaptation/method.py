"""What an adaptation method is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.batches import SourceBatch
from synhead_tools.learning.config import TrainConfig


class AdaptationMethod(Protocol):
    """Decides what stage 2 draws and what it minimises.

    Built as ``Method(config, n_features)``.

    Attributes
    ----------
    uses_target : bool
        Whether target pictures are needed.
    discriminator : nn.Module or None
        What is trained beside the network and thrown away afterwards.
    """

    uses_target: bool
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


def regression_loss(scores: Tensor, wanted: Tensor, config: TrainConfig) -> Tensor:
    """Mean loss of z-scored angles (N, 3), of the kind that `config` names."""
    if config.regression_loss == "smooth-l1":
        return F.smooth_l1_loss(scores, wanted, beta=config.smooth_l1_beta)
    return F.l1_loss(scores, wanted) if config.regression_loss == "l1" else F.mse_loss(scores, wanted)

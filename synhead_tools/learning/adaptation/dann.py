"""DANN: features that a discriminator cannot tell apart by domain (Ganin et al., 2016)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synhead_tools.learning.adaptation.domain_discriminator import build_discriminator, domain_loss
from synhead_tools.learning.adaptation.gradient_reversal import reverse_gradient
from synhead_tools.learning.adaptation.method import StatelessMethod, regression_loss
from synhead_tools.learning.adaptation.schedules import reversal_scale
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch


class Dann(StatelessMethod):
    """Regression on the source, and gradient reversal between features and a domain discriminator on both.

    Parameters
    ----------
    config : TrainConfig
        Loss, lambda_max, discriminator.
    n_features : int
        Length of a feature vector.
    """

    uses_target = True
    uses_target_labels = False
    weighs_losses = False

    def __init__(self, config: TrainConfig, n_features: int) -> None:
        self._config = config
        self.discriminator = build_discriminator(config, n_features)

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray | None:
        """None: all samples count the same."""

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: TargetBatch | None, progress: float
    ) -> dict[str, Tensor]:
        """``total`` = regression + domain cross-entropy; features feel the latter reversed and scaled by lambda."""
        features_source, features_target = passes.pair(source.pictures, target.pictures)
        regression = regression_loss(passes.network.pose_head(features_source), source, self._config)
        scale = torch.full((), reversal_scale(progress, self._config.lambda_max), device=features_source.device)
        # both domains at once: a BatchNorm in the discriminator must not level each by its own mean
        logits = self.discriminator(reverse_gradient(torch.cat([features_source, features_target]), scale))
        n_source = len(features_source)
        domain, accuracy = domain_loss(logits[:n_source], logits[n_source:], source.weights)
        return {
            "total": regression + domain,
            "regression": regression,
            "domain": domain,
            "discriminator_accuracy": accuracy,
            "lambda": scale,
        }

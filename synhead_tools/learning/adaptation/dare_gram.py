"""DARE-GRAM: features whose least-squares regressors agree between the domains (Nejjar, Wang and Fink, CVPR 2023)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synhead_tools.learning.adaptation.gram_alignment import gram_losses
from synhead_tools.learning.adaptation.instance_weights import count_nearest_sources
from synhead_tools.learning.adaptation.method import StatelessMethod, regression_loss
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch


class DareGram(StatelessMethod):
    """Regression on the source, and alignment of the inverse Gram matrices of both domains' features.

    Source samples are drawn by PADACO's weights (the paper has none): what is aligned is second moments of features,
    which differ between domains whose poses differ.

    Parameters
    ----------
    config : TrainConfig
        Loss, N_n, weights of the alignment.
    n_features : int
        Not needed here.
    """

    uses_target = True
    uses_target_labels = False
    weighs_losses = False
    discriminator = None

    def __init__(self, config: TrainConfig, n_features: int) -> None:
        self._config = config

    def source_weights(self, source_rotmat: np.ndarray, predict_target: Callable[[], np.ndarray]) -> np.ndarray:
        """PADACO's W, by `count_nearest_sources`."""
        config = self._config
        return count_nearest_sources(source_rotmat, predict_target(), config.n_neighbours, config.neighbour_metric)

    def losses(
        self, passes: DomainPasses, source: SourceBatch, target: TargetBatch | None, progress: float
    ) -> dict[str, Tensor]:
        """``total`` = regression + weighted sum of angle and scale."""
        config = self._config
        features_source, features_target = passes.pair(source.pictures, target.pictures)
        regression = regression_loss(passes.network.pose_head(features_source), source, config)
        with torch.autocast(features_source.device.type, enabled=False):
            angle, scale = gram_losses(features_source, features_target, config.gram_share)
        total = regression + config.gram_angle_weight * angle + config.gram_scale_weight * scale
        return {"total": total, "regression": regression, "gram_angle": angle, "gram_scale": scale}

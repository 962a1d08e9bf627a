"""Fourier domain adaptation: source pictures take brightness, colour and contrast of target pictures.

After Yang and Soatto (FDA, CVPR 2020): what differs between domains, and says nothing of what is shown where, lies in
the amplitudes of low spatial frequencies. Pictures are changed and not features, so no answer for a target picture is
taken for true. Source samples are drawn by PADACO's weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from synhead_tools.learning.adaptation.amplitude_mixing import mix_low_amplitudes
from synhead_tools.learning.adaptation.instance_weights import count_nearest_sources
from synhead_tools.learning.adaptation.method import StatelessMethod, regression_loss
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.augment_colour import standardise, unstandardised
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch


class Fourier(StatelessMethod):
    """Regression on source pictures that carry the low-frequency amplitudes of target pictures.

    Each source picture takes those of one target picture of the step, by a share drawn evenly up to ``fourier_share``.
    Target pictures never pass through the network, so BatchNorm's ``separate`` and ``joint`` do as ``source`` does.

    Parameters
    ----------
    config : TrainConfig
        Loss, N_n, band and share of the mixture.
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
        """``total`` and ``regression``, which are the same here."""
        pictures = self._in_the_style_of(source.pictures, target.pictures)
        regression = regression_loss(passes.network.pose_head(passes.source(pictures)), source, self._config)
        return {"total": regression, "regression": regression}

    def _in_the_style_of(self, pictures: Tensor, others: Tensor) -> Tensor:
        """Standardised pictures (N, 3, S, S) as `mix_low_amplitudes` makes them."""
        config = self._config
        if config.fourier_share == 0:
            return pictures
        share = config.fourier_share * torch.rand(len(pictures), device=pictures.device)
        mixed = mix_low_amplitudes(unstandardised(pictures), unstandardised(others), share, config.fourier_band)
        return standardise(mixed)

"""PADACO's head: three z-scored Euler angles."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads.label_scale import NETWORK_CONVENTION, LabelScale
from synhead_tools.learning.pose_heads.pose_head import penalty


class EulerRegressor(nn.Linear):
    """Linear(n_features, 3): z-scored (pitch, yaw, roll).

    It starts near zero, that is at the mean pose of the training set.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features, 3)
        nn.init.normal_(self.weight, 0.0, 0.01)
        nn.init.zeros_(self.bias)

    @staticmethod
    def wanted(euler_deg: Tensor, scale: LabelScale) -> Tensor:
        """Z-scores (N, 3)."""
        return scale.normalise(euler_deg)

    @staticmethod
    def loss(outputs: Tensor, wanted: Tensor, config: TrainConfig, weights: Tensor | None = None) -> Tensor:
        """Mean loss of z-scores, of the kind that `config` names."""
        return penalty(outputs - wanted, config, weights)

    @staticmethod
    def euler_deg(outputs: Tensor, scale: LabelScale) -> Tensor:
        """Triples (N, 3) of z-scores (N, 3)."""
        return scale.restore(outputs)

    @staticmethod
    def rotmat(outputs: Tensor, scale: LabelScale) -> np.ndarray:
        """Rotations (N, 3, 3) of z-scores (N, 3)."""
        return rotmat_from_euler(scale.restore(outputs.double().cpu()).numpy(), NETWORK_CONVENTION)

"""What a pose head is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads.label_scale import LabelScale


class PoseHead(Protocol):
    """A module from features (N, n_features) to outputs (N, k), and what those mean.

    Built as ``Head(n_features)``; `wanted` and `loss` need no instance.
    """

    def __call__(self, features: Tensor) -> Tensor:
        """Outputs (N, k)."""

    @staticmethod
    def wanted(euler_deg: Tensor, scale: LabelScale) -> Tensor:
        """What the outputs are compared with, of labels (N, 3): pitch, yaw, roll under the network's convention."""

    @staticmethod
    def loss(outputs: Tensor, wanted: Tensor, config: TrainConfig, weights: Tensor | None = None) -> Tensor:
        """The mean loss, shape (); each sample's multiplied by `weights` (N,) if given."""

    @staticmethod
    def euler_deg(outputs: Tensor, scale: LabelScale) -> Tensor:
        """Pitch, yaw, roll (N, 3) under the network's convention in the ray frame, degrees; on the outputs' device."""

    @staticmethod
    def rotmat(outputs: Tensor, scale: LabelScale) -> np.ndarray:
        """Rotations (N, 3, 3) in the ray frame, float64."""


def penalty(errors: Tensor, config: TrainConfig, weights: Tensor | None = None) -> Tensor:
    """The mean over samples of the kind of loss that `config` names.

    Parameters
    ----------
    errors : Tensor, shape (N, k)
        Differences from what is wanted.
    config : TrainConfig
        Names the loss.
    weights : Tensor, shape (N,), optional
        What each sample's loss is multiplied by.
    """
    zero = errors.new_zeros(()).expand_as(errors)
    reduction = "mean" if weights is None else "none"
    if config.regression_loss == "smooth-l1":
        loss = F.smooth_l1_loss(errors, zero, beta=config.smooth_l1_beta, reduction=reduction)
    else:
        measure = F.l1_loss if config.regression_loss == "l1" else F.mse_loss
        loss = measure(errors, zero, reduction=reduction)
    return loss if weights is None else (loss * weights[:, None]).mean()

"""Six numbers for a rotation, two columns made orthonormal; continuous, unlike any three (Zhou et al., CVPR 2019)."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.pose_heads.pose_head import penalty

# The angle's derivative has no value where two rotations agree; this much under the root keeps it finite.
_SQUARED_CHORD_FLOOR = 1e-12


class Rotation6D(nn.Linear):
    """Linear(n_features, 6): the first two columns of the rotation in the ray frame, before Gram and Schmidt.

    It starts near the identity, a face looking at the camera. The label scale plays no part.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features, 6)
        nn.init.normal_(self.weight, 0.0, 0.01)
        with torch.no_grad():
            self.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))

    @staticmethod
    def wanted(euler_deg: Tensor, scale: LabelScale) -> Tensor:
        """Rotation matrices (N, 3, 3)."""
        return rotmat_of_labels(euler_deg)

    @staticmethod
    def loss(outputs: Tensor, wanted: Tensor, config: TrainConfig, weights: Tensor | None = None) -> Tensor:
        """Mean loss of the geodesic angle in radians, of the kind that `config` names; l1 is the angle itself."""
        return penalty(geodesic_rad(rotmat_of_columns(outputs), wanted)[:, None], config, weights)

    @staticmethod
    def euler_deg(outputs: Tensor, scale: LabelScale) -> Tensor:
        """Triples (N, 3) of outputs (N, 6)."""
        return labels_of_rotmat(rotmat_of_columns(outputs))

    @staticmethod
    def rotmat(outputs: Tensor, scale: LabelScale) -> np.ndarray:
        """Rotations (N, 3, 3) of outputs (N, 6)."""
        return rotmat_of_columns(outputs.double()).cpu().numpy()


def rotmat_of_columns(columns: Tensor) -> Tensor:
    """Rotations (N, 3, 3) of two columns each (N, 6), by Gram and Schmidt."""
    first = F.normalize(columns[:, :3], dim=1)
    second = columns[:, 3:] - (first * columns[:, 3:]).sum(dim=1, keepdim=True) * first
    second = F.normalize(second, dim=1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=2)


def geodesic_rad(first: Tensor, second: Tensor) -> Tensor:
    """Angles (N,) between rotations (N, 3, 3), radians, from |A - B| = sqrt(8) sin(angle / 2) (Frobenius)."""
    squared = (first - second).square().sum(dim=(1, 2)) + _SQUARED_CHORD_FLOOR
    return 2.0 * torch.asin((squared.sqrt() / math.sqrt(8.0)).clamp_max(1.0 - 1e-6))


def labels_of_rotmat(rotmat: Tensor) -> Tensor:
    """Pitch, yaw, roll (N, 3) in degrees under ``biwi+`` of rotations (N, 3, 3); the inverse of `rotmat_of_labels`."""
    pitch = torch.atan2(rotmat[:, 2, 1], rotmat[:, 2, 2])
    yaw = torch.asin(rotmat[:, 2, 0].clamp(-1.0, 1.0))
    roll = -torch.atan2(rotmat[:, 1, 0], rotmat[:, 0, 0])
    return torch.rad2deg(torch.stack([pitch, yaw, roll], dim=1))


def rotmat_of_labels(euler_deg: Tensor) -> Tensor:
    """Rotations (N, 3, 3) of (pitch, yaw, roll) under ``biwi+``: R = Rz(-roll) Ry(-yaw) Rx(pitch)."""
    pitch, yaw, roll = torch.deg2rad(euler_deg).unbind(dim=1)
    (cp, sp), (cy, sy), (cr, sr) = ((torch.cos(a), torch.sin(a)) for a in (pitch, -yaw, -roll))
    rows = [
        cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp,
        sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp,
        -sy, cy * sp, cy * cp,
    ]  # fmt: skip
    return torch.stack(rows, dim=1).view(-1, 3, 3)

"""Labels as the network sees them: three Euler angles, and their mean and spread in the training set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.euler import euler_from_rotmat

# In this convention mirroring negates yaw and roll, and turning the picture adds to roll alone.
NETWORK_CONVENTION = "biwi+"


@dataclass(frozen=True)
class LabelScale:
    """Mean and standard deviation of training labels, per angle.

    Parameters
    ----------
    mean_deg, std_deg : tuples of 3 float
        Pitch, yaw, roll under the network's convention, in the ray frame; std > 0.
    """

    mean_deg: tuple[float, float, float]
    std_deg: tuple[float, float, float]

    @classmethod
    def of(cls, euler_deg: np.ndarray) -> LabelScale:
        """The scale of a label set (N, 3), N >= 2.

        Raises
        ------
        TrainingError
            An angle never changes, so that it can be neither scaled nor learnt.
        """
        euler_deg = np.asarray(euler_deg, float)
        std = euler_deg.std(axis=0)
        if len(euler_deg) < 2 or not (std > 1e-6).all():
            raise TrainingError(
                f"the source labels do not vary in every angle (standard deviations {std.round(3).tolist()} degrees, "
                f"{len(euler_deg)} samples); train on more poses"
            )
        return cls(tuple(euler_deg.mean(axis=0).tolist()), tuple(std.tolist()))

    def normalise(self, euler_deg: Tensor) -> Tensor:
        """Z-scores of triples (N, 3) in degrees."""
        return (euler_deg - self._row(self.mean_deg, euler_deg)) / self._row(self.std_deg, euler_deg)

    def restore(self, scores: Tensor) -> Tensor:
        """Triples (N, 3) in degrees of z-scores; the inverse of `normalise`."""
        return scores * self._row(self.std_deg, scores) + self._row(self.mean_deg, scores)

    @staticmethod
    def _row(values: tuple[float, ...], like: Tensor) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device)


def network_euler_deg(rotmat: np.ndarray) -> np.ndarray:
    """Labels (N, 3) of rotations (N, 3, 3): pitch, yaw, roll in degrees under the network's convention."""
    return euler_from_rotmat(rotmat, NETWORK_CONVENTION)

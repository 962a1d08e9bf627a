"""What an index of source frames answers: the frames nearest to each target, and by what they are sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synhead_tools.geometry.rotation_index import RotationIndex

ROUNDING = 1e-12
"""A thousand times what a product of unit vectors is off."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The k frames nearest to each of m targets, all arrays (m, k).

    Attributes
    ----------
    source : int array
        Rows of frames.
    in_plane_deg : array
        Turns of their pictures, positive clockwise; 0 where none are turned.
    residual_deg : array
        Geodesic distances that remain, degrees.
    first_cost, second_cost : arrays
        What rows are sorted by, before the row of the frame itself. They depend on frame and target alone.
    """

    source: np.ndarray
    in_plane_deg: np.ndarray
    residual_deg: np.ndarray
    first_cost: np.ndarray
    second_cost: np.ndarray

    def take(self, rows: np.ndarray, columns: np.ndarray) -> Nearest:
        """Entries at the given places, arrays of their shape."""
        return Nearest(*(getattr(self, name)[rows, columns] for name in self.__dataclass_fields__))


class FrameIndex(Protocol):
    """Source frames that can be asked for those nearest to target rotations."""

    def __len__(self) -> int: ...

    def query(self, target: np.ndarray, k: int = 1, workers: int = 1) -> Nearest:
        """The `k` nearest frames of each target rotation (m, 3, 3)."""
        ...

    def costs(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second cost (q,) of targets (q, 3, 3) and frames (q,), as `query` gives them."""
        ...

    def similarity(self, target: np.ndarray) -> np.ndarray:
        """Cosines (m, n) that rise as the first cost of targets (m, 3, 3) and all frames falls, up to rounding."""
        ...

    def least_similarity(self, first_cost: np.ndarray) -> np.ndarray:
        """No pair of this first cost or less has a smaller similarity, rounding included; for infinity, -infinity."""
        ...

    def measure(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``in_plane_deg`` and ``residual_deg`` (m, k) of frames (m, k) for targets (m, 3, 3), as in `Nearest`."""
        ...


class FullRotationIndex:
    """Frames by their full rotation: nothing is turned. `source` has shape (n, 3, 3), n >= 1."""

    def __init__(self, source: np.ndarray) -> None:
        self._rotations = RotationIndex(source)

    def __len__(self) -> int:
        return len(self._rotations)

    def query(self, target: np.ndarray, k: int = 1, workers: int = 1) -> Nearest:
        """The `k` frames whose rotations are nearest to each target (m, 3, 3), sorted as `RotationIndex.query` does."""
        residual_deg, source = self._rotations.query(target, k, workers)
        zero = np.zeros_like(residual_deg)
        return Nearest(source, zero, residual_deg, residual_deg, zero)

    def costs(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals, degrees, of targets (q, 3, 3) and frames (q,); and zeros."""
        residual_deg = self._rotations.distance_deg(target, source[:, None])[:, 0]
        return residual_deg, np.zeros_like(residual_deg)

    def similarity(self, target: np.ndarray) -> np.ndarray:
        """Cosines (m, n) of half the angle between targets (m, 3, 3) and all frames."""
        return self._rotations.half_cosine(target)

    def least_similarity(self, first_cost: np.ndarray) -> np.ndarray:
        """The cosine of half a residual, less what a product of quaternions may be off."""
        cosine = np.cos(np.radians(np.minimum(first_cost, 180.0)) / 2.0) - ROUNDING
        return np.where(np.isinf(first_cost), -np.inf, cosine)

    def measure(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Zeros, and residuals (m, k) in degrees, of frames (m, k) for targets (m, 3, 3)."""
        residual_deg = self._rotations.distance_deg(target, source)
        return np.zeros_like(residual_deg), residual_deg

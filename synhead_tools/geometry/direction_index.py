"""Exact nearest neighbours among directions, by angle on the sphere."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.geometry.distance import direction_angle_deg


class DirectionIndex:
    """A KD-tree over unit vectors; the chord grows with the angle, so nearest by chord is nearest by angle.

    Parameters
    ----------
    directions : array-like, shape (n, 3)
        Unit vectors to search among; n >= 1.
    """

    def __init__(self, directions: np.ndarray) -> None:
        self.directions = np.asarray(directions, float).reshape(-1, 3)
        if len(self.directions) == 0:
            raise ValueError("a DirectionIndex needs at least one direction")
        self._tree = cKDTree(self.directions, balanced_tree=False)

    def __len__(self) -> int:
        return len(self.directions)

    def query(self, directions: np.ndarray, k: int = 1, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest directions of each query.

        Parameters
        ----------
        directions : array-like, shape (m, 3)
            Unit vectors.
        k : int
            Neighbours per query, 1 to n.
        workers : int
            Threads; -1 for all cores.

        Returns
        -------
        angle_deg, index : arrays, shape (m, k)
            Angles in degrees, ascending, and positions in the indexed array.
        """
        directions = np.asarray(directions, float).reshape(-1, 3)
        if not 1 <= k <= len(self):
            raise ValueError(f"k = {k} must be between 1 and the number of indexed directions, {len(self)}")
        _, index = self._tree.query(directions, k=k, workers=workers)
        index = index.reshape(len(directions), k)
        angle_deg = direction_angle_deg(directions[:, None], self.directions[index])
        return angle_deg, index

    def within(self, directions: np.ndarray, radius_deg: float, workers: int = 1) -> list[np.ndarray]:
        """For each query the positions, ascending, of all directions not farther than `radius_deg` (0 to 180)."""
        chord = 2.0 * np.sin(np.radians(radius_deg) / 2.0) * (1.0 + 1e-12)
        balls = self._tree.query_ball_point(np.asarray(directions, float).reshape(-1, 3), chord, workers=workers)
        return [np.unique(np.asarray(ball, int)) for ball in balls]

"""Exact nearest neighbours among rotations, by geodesic distance."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat


class RotationIndex:
    """A KD-tree over unit quaternions, each stored with both signs since q and -q are one rotation.

    The chord between unit quaternions grows with the angle between the rotations (chord = 2 sin(angle / 4) for the
    nearer sign), so nearest by chord is nearest by angle.

    Parameters
    ----------
    rotmats : array-like, shape (n, 3, 3)
        Rotations to search among; n >= 1.
    """

    def __init__(self, rotmats: np.ndarray) -> None:
        self.rotmats = np.asarray(rotmats, float).reshape(-1, 3, 3)
        if len(self.rotmats) == 0:
            raise ValueError("a RotationIndex needs at least one rotation")
        quat = quat_xyzw_from_rotmat(self.rotmats)
        # An unbalanced tree builds several times faster and answers as fast on these data.
        self._tree = cKDTree(np.concatenate([quat, -quat]), balanced_tree=False, compact_nodes=True)

    def __len__(self) -> int:
        return len(self.rotmats)

    def query(self, rotmats: np.ndarray, k: int = 1, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest rotations of each query.

        Parameters
        ----------
        rotmats : array-like, shape (m, 3, 3)
            Queries.
        k : int
            Neighbours per query, 1 to n.
        workers : int
            Threads; -1 for all cores.

        Returns
        -------
        angle_deg, index : arrays, shape (m, k)
            Geodesic distances, ascending, and positions in the indexed array.
        """
        rotmats = np.asarray(rotmats, float).reshape(-1, 3, 3)
        if not 1 <= k <= len(self):
            raise ValueError(f"k = {k} must be between 1 and the number of indexed rotations, {len(self)}")
        # Near 180 degrees both signs of one rotation are about equally near: ask for twice as many, keep each once.
        fetch = 1 if k == 1 else min(2 * k, 2 * len(self))
        _, found = self._tree.query(quat_xyzw_from_rotmat(rotmats), k=fetch, workers=workers)
        found = found.reshape(len(rotmats), fetch) % len(self)
        index = found if k == 1 else _first_distinct(found, k)
        angle_deg = geodesic_distance_deg(rotmats[:, None], self.rotmats[index])
        order = np.argsort(angle_deg, axis=1, kind="stable")
        return np.take_along_axis(angle_deg, order, 1), np.take_along_axis(index, order, 1)

    def within(self, rotmats: np.ndarray, radius_deg: float, workers: int = 1) -> list[np.ndarray]:
        """For each query the positions, ascending, of all rotations not farther than `radius_deg` (0 to 180)."""
        quat = quat_xyzw_from_rotmat(np.asarray(rotmats, float).reshape(-1, 3, 3))
        chord = 2.0 * np.sin(np.radians(radius_deg) / 4.0) * (1.0 + 1e-12)
        balls = self._tree.query_ball_point(quat, chord, workers=workers)
        return [np.unique(np.asarray(ball, int) % len(self)) for ball in balls]


def _first_distinct(found: np.ndarray, k: int) -> np.ndarray:
    """The first `k` different entries of each row; every row has at least k of them."""
    rank = np.argsort(found, axis=1, kind="stable")
    ordered = np.take_along_axis(found, rank, 1)
    repeated = np.zeros_like(found, bool)
    np.put_along_axis(repeated, rank[:, 1:], ordered[:, 1:] == ordered[:, :-1], 1)
    keep = np.argsort(repeated, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, keep, 1)

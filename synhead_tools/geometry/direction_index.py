"""Exact nearest neighbours among directions, by angle on the sphere."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.point_index import PointIndex


class DirectionIndex:
    """Nearest directions: the chord of the sphere grows with the angle, so nearest by chord is nearest by angle.

    Parameters
    ----------
    directions : array-like, shape (n, 3)
        Vectors to search among, of any length but 0; n >= 1.

    Raises
    ------
    ValueError
        There are none, or one is not finite.
    """

    def __init__(self, directions: np.ndarray) -> None:
        units = unit_vectors(directions)
        if len(units) == 0:
            raise ValueError("a DirectionIndex needs at least one direction")
        self._points = PointIndex(units, squared_half_tangent)

    def __len__(self) -> int:
        return len(self._points)

    def query(self, directions: np.ndarray, k: int = 1, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest directions of each query.

        Parameters
        ----------
        directions : array-like, shape (m, 3)
            Vectors of any length but 0.
        k : int
            Neighbours per query, 1 to n.
        workers : int
            Threads; -1 for all cores. The answer does not depend on it.

        Returns
        -------
        angle_deg, index : arrays, shape (m, k)
            Angles in degrees and positions in the indexed array, sorted by `squared_half_tangent`; where it is equal
            to the last bit the lower position comes first.
        """
        squared, index = self._points.query(unit_vectors(directions), k, workers)
        return angle_of_half_tangent_deg(squared), index

    def within(self, directions: np.ndarray, radius_deg: float, workers: int = 1) -> list[np.ndarray]:
        """For each query the positions, ascending, of all directions not farther than `radius_deg` (0 to 180)."""
        if not 0.0 <= radius_deg <= 180.0:
            raise ValueError(f"radius_deg = {radius_deg} must lie between 0 and 180")
        chord = 2.0 * np.sin(np.radians(radius_deg) / 2.0)
        accept = lambda squared: angle_of_half_tangent_deg(squared) <= radius_deg  # noqa: E731
        return self._points.within(unit_vectors(directions), chord, accept, workers)


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) at length 1."""
    vectors = np.asarray(vectors, float).reshape(-1, 3)
    return vectors / np.sqrt(squared_length(vectors))[:, None]


def squared_half_tangent(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """tan(angle / 2)^2 between unit vectors (..., d), 0 to infinity: |a - b|^2 / |a + b|^2.

    Unlike the arc cosine of the product it holds all digits at 0 and at 180 degrees, and it takes only operations that
    round alike everywhere.
    """
    return squared_length(a - b) / np.maximum(squared_length(a + b), 1e-300)  # nothing overflows


def angle_of_half_tangent_deg(squared: np.ndarray) -> np.ndarray:
    """The angle, degrees, 0 to 180, of tan(angle / 2)^2."""
    return np.degrees(2.0 * np.arctan(np.sqrt(squared)))


def squared_length(vectors: np.ndarray) -> np.ndarray:
    """Squared lengths (...) of vectors (..., d)."""
    # component by component: the order in which a sum over an axis adds depends on the shape of the array
    total = vectors[..., 0] * vectors[..., 0]
    for axis in range(1, vectors.shape[-1]):
        total += vectors[..., axis] * vectors[..., axis]
    return total

"""Exact nearest neighbours among rotations, by geodesic distance."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.compiled_points import kernels_for
from synhead_tools.geometry.direction_index import angle_of_half_tangent_deg, squared_half_tangent, squared_length
from synhead_tools.geometry.point_index import PointIndex

_BLOCK_ROWS = 1 << 14


class RotationIndex:
    """Nearest rotations by the chord between unit quaternions, |p - q| = 2 sin(angle / 4) for the nearer sign.

    q and -q are one rotation. Rotations are kept as the quaternion whose scalar part is not negative, once, and a
    query is asked with both signs only where the other sign can matter: ``|p + q|`` is at least the sum of the scalar
    parts.

    Parameters
    ----------
    rotmats : array-like, shape (n, 3, 3)
        Rotations to search among; n >= 1.

    Raises
    ------
    ValueError
        There are none, or one is not finite.
    """

    def __init__(self, rotmats: np.ndarray) -> None:
        self._quat = _quaternions(rotmats)
        if len(self._quat) == 0:
            raise ValueError("a RotationIndex needs at least one rotation")
        self._points = PointIndex(self._quat, squared_half_tangent)
        self._least_scalar = float(self._quat[:, 3].min())

    def __len__(self) -> int:
        return len(self._points)

    def query(self, rotmats: np.ndarray, k: int = 1, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest rotations of each query.

        Parameters
        ----------
        rotmats : array-like, shape (m, 3, 3)
            Queries.
        k : int
            Neighbours per query, 1 to n.
        workers : int
            Threads; -1 for all cores. The answer does not depend on it.

        Returns
        -------
        angle_deg, index : arrays, shape (m, k)
            Geodesic distances in degrees, 0 to 180, and positions in the indexed array, sorted by
            `squared_half_tangent` of the quaternions; where it is equal to the last bit the lower position comes first.
        """
        quat = _quaternions(rotmats)
        squared, index = self._points.query(quat, k, workers)
        chord = 2.0 * np.sin(np.arctan(np.sqrt(squared[:, -1])))
        both = np.flatnonzero(self._other_sign_matters(quat, chord))
        if len(both):
            squared[both], index[both] = _merge(
                squared[both], index[both], *self._points.query(-quat[both], k, workers)
            )
        return 2.0 * angle_of_half_tangent_deg(squared), index

    def within(self, rotmats: np.ndarray, radius_deg: float, workers: int = 1) -> list[np.ndarray]:
        """For each query the positions, ascending, of all rotations not farther than `radius_deg` (0 to 180)."""
        if not 0.0 <= radius_deg <= 180.0:
            raise ValueError(f"radius_deg = {radius_deg} must lie between 0 and 180")
        quat = _quaternions(rotmats)
        chord = 2.0 * np.sin(np.radians(radius_deg) / 4.0)
        accept = lambda squared: 2.0 * angle_of_half_tangent_deg(squared) <= radius_deg  # noqa: E731
        near = self._points.within(quat, chord, accept, workers)
        both = np.flatnonzero(self._other_sign_matters(quat, chord))
        for query, other in zip(both, self._points.within(-quat[both], chord, accept, workers), strict=True):
            near[query] = np.union1d(near[query], other)
        return near

    def distance_deg(self, rotmats: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Geodesic distances (m, k), degrees, of queries (m, 3, 3) to the indexed rotations at `index` (m, k)."""
        p, q = _quaternions(rotmats)[:, None], self._quat[index]
        squared = np.minimum(squared_half_tangent(p, q), squared_half_tangent(-p, q))
        return 2.0 * angle_of_half_tangent_deg(squared)

    def half_cosine(self, rotmats: np.ndarray) -> np.ndarray:
        """Cosines of half the geodesic distances of queries (m, 3, 3) to all indexed rotations: (m, n).

        From a matrix product: quick, but good to 1e-15 in the cosine only, and not the same on every machine.
        """
        return np.abs(_quaternions(rotmats) @ self._quat.T)

    def _other_sign_matters(self, quat: np.ndarray, chord: np.ndarray | float) -> np.ndarray:
        """Whether -q can be as near to an indexed quaternion as `chord`: bool (m,)."""
        return chord * (1.0 + 1e-9) >= quat[:, 3] + self._least_scalar


def _quaternions(rotmats: np.ndarray) -> np.ndarray:
    """Unit quaternions (n, 4), scalar last and not negative, of rotation matrices (n, 3, 3).

    Each is a row of the symmetric matrix 4 q q^T, whose entries are sums and differences of those of R; the row with
    the largest diagonal entry is well conditioned (Shepperd, 1978). SciPy's conversion also looks for the nearest
    rotation, at several times the cost.
    """
    rotmats = np.asarray(rotmats, float).reshape(-1, 9)
    quat = np.empty((len(rotmats), 4))
    kernels = kernels_for(0)
    if kernels is not None:
        kernels.quaternions(np.require(rotmats, requirements="CW"), quat)
        return quat
    for first in range(0, len(rotmats), _BLOCK_ROWS):  # blocks stay in the processor's cache
        quat[first : first + _BLOCK_ROWS] = _some_quaternions(rotmats[first : first + _BLOCK_ROWS])
    return quat


def _some_quaternions(rows: np.ndarray) -> np.ndarray:
    """Quaternions (b, 4) of matrices (b, 9), row by row."""
    r = np.ascontiguousarray(rows.T)
    xx, yy, zz = r[0], r[4], r[8]
    diagonal = np.stack([1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz])
    wx, wy, wz = r[7] - r[5], r[2] - r[6], r[3] - r[1]
    quat = np.stack([wx, wy, wz, diagonal[3]], axis=1)
    far = np.flatnonzero(~(diagonal[3] >= 1.0))  # no component of a unit quaternion need be above a half
    if len(far):
        xy, xz, yz = (r[i, far] + r[j, far] for i, j in ((1, 3), (2, 6), (5, 7)))
        wx, wy, wz = wx[far], wy[far], wz[far]
        dx, dy, dz, dw = diagonal[:, far]
        rows = np.array([[dx, xy, xz, wx], [xy, dy, yz, wy], [xz, yz, dz, wz], [wx, wy, wz, dw]])
        quat[far] = rows[np.argmax(diagonal[:, far], axis=0), :, np.arange(len(far))]
    quat /= np.sqrt(squared_length(quat))[:, None]
    return np.where(quat[:, 3:] < 0, -quat, quat)


def _merge(
    squared: np.ndarray, index: np.ndarray, other_squared: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first k different positions of two lists (m, k), by measure and position."""
    k = index.shape[1]
    index = np.concatenate([index, other], axis=1)
    squared = np.concatenate([squared, other_squared], axis=1)
    order = np.lexsort((squared, index), axis=1)
    index, squared = np.take_along_axis(index, order, 1), np.take_along_axis(squared, order, 1)
    squared[:, 1:][index[:, 1:] == index[:, :-1]] = np.inf  # the farther sign of a rotation that is there already
    order = np.lexsort((index, squared), axis=1)[:, :k]
    return np.take_along_axis(squared, order, 1), np.take_along_axis(index, order, 1)

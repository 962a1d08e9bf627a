"""A law fitted to given rotations: a kernel density on SO(3) whose kernels are as wide as the data are sparse."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.pose_laws.distinct import distinct_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

KERNELS_LIMIT = 20_000
"""Of more rotations, so many evenly spread ones carry the kernels."""
SMALLEST_BANDWIDTH_DEG = 0.1
MEAN_SHIFT = 0.5
BLOCK = 1024


class RotationDensity:
    """Kernel density of rotations: R = R_i exp(m_i / 2 + s_i e), e standard normal in the tangent space of R_i.

    R_i is one of the data; m_i and s_i are mean and standard deviation (along one axis, all three averaged) of the
    neighbourhood, R_i and its k nearest as seen from it: k is the square root of the number of different rotations,
    rounded up. So the law follows several clusters, the back of the head and thin tracks alike, and knows nothing of
    Euler angles.

    Widths that go with the neighbours' distance are those of L. Breiman, W. Meisel, E. Purcell, "Variable kernel
    estimates of multivariate densities", Technometrics 19, 1977. Noise alone would make the law wider than the data.
    The mean m of a neighbourhood is its variance s^2 times the gradient of the log density (K. Fukunaga, L. Hostetler,
    "The estimation of the gradient of a density function", IEEE Trans. Inf. Theory 21, 1975), so m / 2 + s e is a step
    of Langevin's equation, which leaves a density as it is up to terms of the order of s^4.

    Parameters
    ----------
    rotmats : array-like, shape (n, 3, 3)
        Data; a rotation that is there several times weighs as much more.

    Attributes
    ----------
    rotmats : array, shape (m, 3, 3)
        The different rotations, or `KERNELS_LIMIT` of them.
    weights : array, shape (m,)
        Probability of each kernel.
    neighbours : int
        k.
    shift_rad : array, shape (m, 3)
        m_i / 2.
    bandwidth_deg : array, shape (m,)
        s_i, at least `SMALLEST_BANDWIDTH_DEG`.

    Raises
    ------
    ConventionError
        Fewer than two different rotations: nothing says how wide the law is.
    """

    def __init__(self, rotmats: np.ndarray) -> None:
        rotmats = np.asarray(rotmats, float).reshape(-1, 3, 3)
        first, count = distinct_rotations(rotmats)
        if len(first) < 2:
            raise ConventionError(
                f"{len(first)} different rotation is too little to fit a law to; give two or more, far apart enough"
            )
        if len(first) > KERNELS_LIMIT:
            evenly = np.linspace(0, len(first) - 1, KERNELS_LIMIT).round().astype(int)
            first, count = first[evenly], count[evenly]
        self.rotmats, self.weights = rotmats[first], count / count.sum()
        self.neighbours = min(math.ceil(math.sqrt(len(first))), len(first) - 1)
        mean_rad, std_rad = _neighbourhoods(self.rotmats, self.neighbours)
        self.shift_rad = MEAN_SHIFT * mean_rad
        self.bandwidth_deg = np.maximum(np.degrees(std_rad), SMALLEST_BANDWIDTH_DEG)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` rotations (n, 3, 3) of the law."""
        centre = rng.choice(len(self.weights), size=n, p=self.weights)
        noise_rad = np.radians(self.bandwidth_deg[centre, None]) * rng.standard_normal((n, 3))
        turn = Rotation.from_rotvec(self.shift_rad[centre] + noise_rad).as_matrix()
        return self.rotmats[centre] @ turn.reshape(n, 3, 3)


def _neighbourhoods(rotmats: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (m, 3) and standard deviation (m,), radians, of each rotation's neighbourhood in its tangent space."""
    quat = quat_xyzw_from_rotmat(rotmats)
    # Both signs are one rotation. The nearer ones of all come before any farther one, so none is found twice.
    tree = cKDTree(np.concatenate([quat, -quat]))
    mean_rad, std_rad = np.empty((len(quat), 3)), np.empty(len(quat))
    for start in range(0, len(quat), BLOCK):
        block = quat[start : start + BLOCK]
        _, found = tree.query(block, k=neighbours + 1)  # the first one found is the rotation itself
        here = Rotation.from_quat(np.repeat(block, neighbours + 1, axis=0))
        turns_rad = (here.inv() * Rotation.from_quat(quat[found.ravel() % len(quat)])).as_rotvec()
        turns_rad = turns_rad.reshape(len(block), neighbours + 1, 3)
        mean_rad[start : start + BLOCK] = turns_rad.mean(axis=1)
        # about their mean, of which one degree of freedom is used up
        squares = ((turns_rad - turns_rad.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))
        std_rad[start : start + BLOCK] = np.sqrt(squares / (3 * neighbours))
    return mean_rad, std_rad

"""A law with the moments of a real dataset's rotations."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.euler import rotmat_from_euler

# Statistics of the 15,678 Biwi+ labels (pitch, yaw, roll in degrees under `biwi+`).
BIWI_MEAN_DEG = np.array([-12.2, -8.4, 1.7])
BIWI_STD_DEG = np.array([24.6, 30.4, 12.0])
BIWI_YAW_ROLL_CORRELATION = -0.45
BIWI_LIMIT_DEG = np.array([[-85.8, -77.4, -64.9], [52.7, 66.4, 69.9]])


def biwi_like_rotations(n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` rotations (n, 3, 3) from a normal law with the moments of the Biwi+ labels, cut at their extremes."""
    covariance = np.diag(BIWI_STD_DEG**2)
    covariance[1, 2] = covariance[2, 1] = BIWI_YAW_ROLL_CORRELATION * BIWI_STD_DEG[1] * BIWI_STD_DEG[2]
    kept = np.zeros((0, 3))
    while len(kept) < n:
        drawn = rng.multivariate_normal(BIWI_MEAN_DEG, covariance, size=n + 16)
        inside = ((drawn >= BIWI_LIMIT_DEG[0]) & (drawn <= BIWI_LIMIT_DEG[1])).all(axis=1)
        kept = np.concatenate([kept, drawn[inside]])
    return rotmat_from_euler(kept[:n], "biwi+")

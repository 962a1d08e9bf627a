"""The mean of several rotations."""

from __future__ import annotations

import numpy as np


def mean_rotmat(rotmats: np.ndarray) -> np.ndarray:
    """The chordal mean: the rotation nearest to the sum of several, in the Frobenius norm.

    Halfway along the geodesic for two. Where the sum is no nearer to one rotation than to another, as of two that are
    180 degrees apart, it is one of those (Hartley et al., Rotation Averaging, IJCV 2013, sec. 5.1).

    Parameters
    ----------
    rotmats : array-like, shape (M, ..., 3, 3)
        M rotations, or M arrays of them.

    Returns
    -------
    array, shape (..., 3, 3)
    """
    u, _, vt = np.linalg.svd(np.asarray(rotmats, float).sum(axis=0))
    u[..., :, 2] *= np.linalg.det(u @ vt)[..., None]
    return u @ vt

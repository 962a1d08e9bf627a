"""Predictors that look at no picture; a score means something only beside theirs."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler


def predict_zero(n: int) -> np.ndarray:
    """All angles zero: (n, 3, 3) identities."""
    return np.broadcast_to(np.eye(3), (n, 3, 3))


def predict_mean(n: int, reference: np.ndarray, convention: str | EulerConvention = "biwi+") -> np.ndarray:
    """The mean angles of a reference label set, for every picture.

    Parameters
    ----------
    n : int
        Predictions wanted.
    reference : array-like, shape (M, 3, 3)
        Labels whose mean is taken, angle by angle.
    convention : str or EulerConvention
        Of the angles.

    Returns
    -------
    array, shape (n, 3, 3)
    """
    convention = get_convention(convention)
    mean = euler_from_rotmat(reference, convention).mean(axis=0)
    return np.broadcast_to(rotmat_from_euler(mean, convention), (n, 3, 3))

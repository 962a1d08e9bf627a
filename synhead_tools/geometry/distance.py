"""Distances between rotations."""

from __future__ import annotations

import numpy as np


def geodesic_distance_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle of the rotation that takes `a` to `b`.

    Parameters
    ----------
    a, b : array-like, shape (..., 3, 3)
        Rotation matrices; leading axes broadcast.

    Returns
    -------
    array, shape (...)
        Degrees, 0 to 180. Half the angle is the arc tangent of its sine, from ``|A - B| = 2 sqrt(2) sin(angle / 2)``,
        and its cosine, from the trace: exact to about 1e-9 degrees, and to 2e-6 within a hair of 180, where matrices
        of rounded numbers hold no more.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    half_sine = np.sqrt(((a - b) ** 2).sum(axis=(-2, -1)) / 8.0)
    half_cosine = np.sqrt(np.clip((np.einsum("...ij,...ij->...", a, b) + 1.0) / 4.0, 0.0, 1.0))
    return np.degrees(2.0 * np.arctan2(half_sine, half_cosine))


def direction_angle_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between unit vectors (..., 3), degrees, 0 to 180, exact for small and for straight angles."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    difference = np.linalg.norm(a - b, axis=-1)
    total = np.linalg.norm(a + b, axis=-1)
    return np.degrees(2.0 * np.arctan2(difference, total))

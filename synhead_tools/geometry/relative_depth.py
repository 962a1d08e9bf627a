"""Points of a face in the picture, with a depth that a picture can show: relative to one of them, in pixels."""

from __future__ import annotations

import numpy as np


def with_relative_depth(points: np.ndarray, intrinsics: np.ndarray, origin: int) -> np.ndarray:
    """Points with depth in metres, as x, y and z in pixels.

    z is how much farther from the camera a point is than point `origin`, along the rays through them, in pixels of the
    origin's depth; positive away from the camera. With x to the right and y down that is a right-handed frame. So the
    points are, but for perspective within the face, a scaled and moved copy of the head turned by R_ray of
    `synhead_tools.geometry.rays`: what a picture of it shows wherever it is. Depth along the optical axis instead would
    shear heads that are away from it. Scaling the picture scales all three alike.

    Parameters
    ----------
    points : array-like, shape (..., K, 3)
        x and y in pixels, depth along the optical axis in metres, as samples store them.
    intrinsics : array-like, shape (..., 3, 3)
        Camera matrix.
    origin : int
        Number of the point whose z is 0; in front of the camera. For faces the tip of the nose.

    Returns
    -------
    array, shape (..., K, 3)
        Pixels, float64.
    """
    points, intrinsics = np.asarray(points, float), np.asarray(intrinsics, float)
    xy = points[..., :2]
    focal = np.stack([intrinsics[..., 0, 0], intrinsics[..., 1, 1]], axis=-1)[..., None, :]
    principal = intrinsics[..., None, :2, 2]
    slope = (xy - principal) / focal
    distance_m = points[..., 2] * np.sqrt(1.0 + (slope**2).sum(axis=-1))
    pixels_per_m = intrinsics[..., 0, 0] / points[..., origin, 2]
    z = (distance_m - distance_m[..., origin, None]) * pixels_per_m[..., None]
    return np.concatenate([xy, z[..., None]], axis=-1)

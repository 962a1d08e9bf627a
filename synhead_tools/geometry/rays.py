"""A crop sees its own ray.

A head away from the optical axis is seen along the ray through its box centre: the crop then shows R_ray = R_u^T R,
with R_u the smallest rotation that takes the optical axis to that ray. Estimators look at crops, so they are trained on
R_ray, and R_u turns their answer back.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def ray_rotation(point_px: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """R_u: the smallest rotation that takes the optical axis to the ray through `point_px`.

    Parameters
    ----------
    point_px : array-like, shape (..., 2)
        Image coordinates, pixels.
    intrinsics : array-like, shape (..., 3, 3)
        Camera matrix.

    Returns
    -------
    array, shape (..., 3, 3)
    """
    point_px, intrinsics = np.asarray(point_px, float), np.asarray(intrinsics, float)
    homogeneous = np.concatenate([point_px, np.ones((*point_px.shape[:-1], 1))], axis=-1)
    ray = (np.linalg.inv(intrinsics) @ homogeneous[..., None])[..., 0]
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    axis = np.stack([-ray[..., 1], ray[..., 0], np.zeros_like(ray[..., 0])], axis=-1)  # (0, 0, 1) x ray
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, ray[..., 2])
    rotvec = axis * np.divide(angle, sine, out=np.zeros_like(sine), where=sine > 1e-15)[..., None]
    return Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix().reshape(*ray.shape[:-1], 3, 3)


def to_ray_frame(rotmat: np.ndarray, ray_rotmat: np.ndarray) -> np.ndarray:
    """R_ray = R_u^T R: what a crop shows of a head whose rotation in the camera frame is R; (..., 3, 3)."""
    return np.swapaxes(np.asarray(ray_rotmat, float), -1, -2) @ np.asarray(rotmat, float)


def from_ray_frame(rotmat: np.ndarray, ray_rotmat: np.ndarray) -> np.ndarray:
    """R = R_u R_ray: the rotation in the camera frame of what a crop shows; (..., 3, 3)."""
    return np.asarray(ray_rotmat, float) @ np.asarray(rotmat, float)

"""The pinhole camera.

Image coordinates are continuous: x right, y down, the origin at the top-left CORNER of the top-left pixel, so that the
centre of pixel (row i, column j) is (j + 0.5, i + 0.5), and scaling a picture by s scales its intrinsics by s.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import ConventionError


def intrinsics_from_fov(width_px: float, height_px: float, fov_y_deg: float) -> np.ndarray:
    """Intrinsics (3, 3) of a centred camera with square pixels and vertical field of view `fov_y_deg` (0 to 180)."""
    if not 0.0 < fov_y_deg < 180.0:
        raise ConventionError(f"field of view {fov_y_deg} degrees must lie between 0 and 180")
    focal_px = 0.5 * height_px / np.tan(np.radians(fov_y_deg) / 2.0)
    return np.array([[focal_px, 0.0, width_px / 2.0], [0.0, focal_px, height_px / 2.0], [0.0, 0.0, 1.0]])


def scale_intrinsics(intrinsics: np.ndarray, factor: float) -> np.ndarray:
    """Intrinsics (..., 3, 3) of the same picture scaled by `factor`."""
    return np.asarray(intrinsics, float) * np.array([[factor], [factor], [1.0]])


def camera_points(points_m: np.ndarray, rotmat: np.ndarray, translation_m: np.ndarray) -> np.ndarray:
    """Points of the head frame in the camera frame: R x + t.

    Parameters
    ----------
    points_m : array-like, shape (..., N, 3)
        Head frame, metres.
    rotmat : array-like, shape (..., 3, 3)
        R_head_to_camera.
    translation_m : array-like, shape (..., 3)
        Head origin in the camera frame, metres.
    """
    turned = np.asarray(points_m, float) @ np.swapaxes(np.asarray(rotmat, float), -1, -2)
    return turned + np.asarray(translation_m, float)[..., None, :]


def project_points(
    points_m: np.ndarray, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Project head-frame points into the picture.

    Parameters
    ----------
    points_m, rotmat, translation_m
        As in `camera_points`.
    intrinsics : array-like, shape (..., 3, 3)
        Camera matrix for the coordinates described at the top of this module.

    Returns
    -------
    points_px : array, shape (..., N, 2)
        x, y in pixels. Points behind the camera give meaningless places: look at their depth.
    depth_m : array, shape (..., N)
        z in the camera frame.
    """
    camera_m = camera_points(points_m, rotmat, translation_m)
    intrinsics = np.asarray(intrinsics, float)
    depth_m = camera_m[..., 2]
    safe_depth = np.where(np.abs(depth_m) < 1e-12, 1e-12, depth_m)
    homogeneous = camera_m @ np.swapaxes(intrinsics, -1, -2)
    return homogeneous[..., :2] / safe_depth[..., None], depth_m

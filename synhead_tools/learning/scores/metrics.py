"""Errors of predicted rotations; pure functions of rotation matrices R_head_to_camera."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.distance import direction_angle_deg, geodesic_distance_deg
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat

YAW_BIN_EDGES_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 90.0, 180.0)
PITCH_BIN_EDGES_DEG = (-180.0, -90.0, -60.0, -30.0, -10.0, 10.0, 30.0, 60.0, 90.0, 180.0)


def pitch_yaw_roll_deg(rotmat: np.ndarray, convention: str | EulerConvention = "biwi+") -> np.ndarray:
    """Pitch, yaw, roll in degrees, in that order whatever order the convention writes; (..., 3)."""
    return angles_of_triples(euler_from_rotmat(rotmat, convention), convention)


def angle_errors_deg(
    predicted: np.ndarray, true: np.ndarray, convention: str | EulerConvention = "biwi+"
) -> np.ndarray:
    """Predicted minus true pitch, yaw and roll, as plain numbers: 179 against -179 is an error of 358.

    Parameters
    ----------
    predicted, true : array-like, shape (N, 3, 3)
        Rotations.
    convention : str or EulerConvention
        In which the angles are compared; scores of different conventions cannot be compared.

    Returns
    -------
    array, shape (N, 3)
        Degrees.
    """
    return pitch_yaw_roll_deg(predicted, convention) - pitch_yaw_roll_deg(true, convention)


def mean_absolute_errors_deg(
    predicted: np.ndarray, true: np.ndarray, convention: str | EulerConvention = "biwi+"
) -> np.ndarray:
    """MAE of pitch, yaw, roll (3,), degrees; the benchmark's MAE is the mean of the three."""
    return np.abs(angle_errors_deg(predicted, true, convention)).mean(axis=0)


def mean_geodesic_error_deg(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean angle of the rotation between prediction and truth, degrees; the same in every convention."""
    return float(geodesic_distance_deg(predicted, true).mean())


def mean_vector_error_deg(predicted: np.ndarray, true: np.ndarray) -> float:
    """MAEV: mean angle between predicted and true head axes, over the three axes, degrees (Cao et al., 2021)."""
    columns = (np.swapaxes(np.asarray(matrix, float), -1, -2) for matrix in (predicted, true))
    return float(direction_angle_deg(*columns).mean())


def remove_mean_rotation(predicted: np.ndarray, true: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Predictions with the constant head-frame offset removed that the true labels show.

    What remains is blind to how a dataset defines its head frame. **It uses the labels it is then scored on**: a
    diagnostic, never a result.

    Parameters
    ----------
    predicted, true : array-like, shape (N, 3, 3)
        Rotations.
    groups : array-like, shape (N,), optional
        One offset for each value, such as a sequence; one for all by default.

    Returns
    -------
    array, shape (N, 3, 3)
        predicted @ offset, the offset being the mean rotation of predicted^T true.
    """
    predicted, true = np.asarray(predicted, float), np.asarray(true, float)
    groups = np.zeros(len(predicted), int) if groups is None else np.asarray(groups)
    aligned = np.empty_like(predicted)
    for group in np.unique(groups):
        rows = groups == group
        offset = Rotation.from_matrix(np.swapaxes(predicted[rows], -1, -2) @ true[rows]).mean()
        aligned[rows] = predicted[rows] @ offset.as_matrix()
    return aligned


def yaw_bins(
    true: np.ndarray, edges_deg: tuple[float, ...] = YAW_BIN_EDGES_DEG, convention: str | EulerConvention = "biwi+"
) -> list[tuple[str, np.ndarray]]:
    """Rows by size of the true yaw.

    Returns
    -------
    list of (str, boolean array (N,))
        One entry per interval [low, high) that holds samples; the last one includes its upper edge.
    """
    return _bins("|yaw|", np.abs(pitch_yaw_roll_deg(true, convention)[..., 1]), edges_deg)


def pitch_bins(
    true: np.ndarray, edges_deg: tuple[float, ...] = PITCH_BIN_EDGES_DEG, convention: str | EulerConvention = "biwi+"
) -> list[tuple[str, np.ndarray]]:
    """Rows by true pitch with its sign, for faces that look up and down are hard in different ways; as `yaw_bins`."""
    return _bins("pitch", pitch_yaw_roll_deg(true, convention)[..., 0], edges_deg)


def _bins(what: str, angle_deg: np.ndarray, edges_deg: tuple[float, ...]) -> list[tuple[str, np.ndarray]]:
    bins = []
    for low, high in zip(edges_deg[:-1], edges_deg[1:], strict=True):
        rows = (angle_deg >= low) & ((angle_deg < high) | ((high == edges_deg[-1]) & (angle_deg <= high)))
        if rows.any():
            bins.append((f"{what} {low:g} to {high:g} deg", rows))
    return bins

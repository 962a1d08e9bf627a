"""Euler angles under a named convention, to and from rotation matrices."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.convention import ANGLES


def rotmat_from_euler(angles: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Rotation matrices of Euler triples.

    Parameters
    ----------
    angles : array-like, shape (..., 3)
        Triples as the convention writes them: its order, its unit, its signs. Any finite value.
    convention : str or EulerConvention
        Name, spec string or value.

    Returns
    -------
    array, shape (..., 3, 3)
        R_head_to_camera: active, column vectors, camera frame.

    Raises
    ------
    ConventionError
        The last axis does not have length 3, or an angle is not finite.
    """
    convention = get_convention(convention)
    angles = np.asarray(angles, float)
    if angles.ndim == 0 or angles.shape[-1] != 3:
        raise ConventionError(f"Euler angles have shape (..., 3), got {angles.shape}")
    if not np.isfinite(angles).all():
        row = int(np.argmax(~np.isfinite(angles.reshape(-1, 3)).all(axis=1)))
        raise ConventionError(f"Euler triple {row} is not finite")
    pitch_yaw_roll = angles[..., list(convention.columns)] * convention.signs
    turns = pitch_yaw_roll[..., list(convention.angle_of_turn)].reshape(-1, 3)
    matrices = Rotation.from_euler(convention.sequence, turns, degrees=convention.unit == "deg").as_matrix()
    return matrices.reshape(*angles.shape[:-1], 3, 3)


def euler_from_rotmat(rotmat: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Euler triples of rotation matrices.

    Parameters
    ----------
    rotmat : array-like, shape (..., 3, 3)
        R_head_to_camera.
    convention : str or EulerConvention
        Name, spec string or value.

    Returns
    -------
    array, shape (..., 3)
        Triples as the convention writes them. First and last turn of its sequence in [-180, 180] degrees, the middle
        one in [-90, 90]. At gimbal lock (middle turn +-90) the last turn is set to 0; the rotation is kept.
    """
    convention = get_convention(convention)
    rotmat = np.asarray(rotmat, float)
    if rotmat.shape[-2:] != (3, 3):
        raise ConventionError(f"rotation matrices have shape (..., 3, 3), got {rotmat.shape}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Gimbal lock")  # documented above; the rotation survives
        turns = Rotation.from_matrix(rotmat.reshape(-1, 3, 3)).as_euler(
            convention.sequence, degrees=convention.unit == "deg"
        )
    angles = np.zeros_like(turns)
    for turn, angle in enumerate(convention.angle_of_turn):
        angles[:, convention.columns[angle]] = turns[:, turn] * convention.signs[angle]
    return angles.reshape(*rotmat.shape[:-2], 3)


def euler_deg_from_rotmat(rotmat: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Euler triples (..., 3) of rotation matrices (..., 3, 3), in the convention's written order but always degrees."""
    euler = euler_from_rotmat(rotmat, convention)
    return np.degrees(euler) if get_convention(convention).unit == "rad" else euler


def triples_of_angles(angles_deg: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Triples (..., 3) in a convention's written order and unit, of pitch, yaw, roll in degrees (..., 3)."""
    convention = get_convention(convention)
    triples = np.asarray(angles_deg, float)[..., [ANGLES.index(name) for name in convention.order]]
    return np.radians(triples) if convention.unit == "rad" else triples


def angles_of_triples(triples: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Pitch, yaw, roll in degrees (..., 3) of triples (..., 3) in a convention's written order and unit."""
    convention = get_convention(convention)
    angles = np.asarray(triples, float)[..., list(convention.columns)]
    return np.degrees(angles) if convention.unit == "rad" else angles


def convert_euler(angles: np.ndarray, source: str | EulerConvention, target: str | EulerConvention) -> np.ndarray:
    """Restate Euler triples of one convention in another: the same rotations, other numbers.

    Parameters
    ----------
    angles : array-like, shape (..., 3)
        Triples as `source` writes them.
    source, target : str or EulerConvention
        Names, spec strings or values.

    Returns
    -------
    array, shape (..., 3)
        Triples as `target` writes them.

    Examples
    --------
    >>> convert_euler([10.0, 20.0, 0.0], "biwi", "biwi+").round(6) + 0.0
    array([ 10., -20.,   0.])
    """
    return euler_from_rotmat(rotmat_from_euler(angles, source), target)

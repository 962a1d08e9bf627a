"""Euler angles under a named convention, to and from rotation matrices and quaternions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.axis_turns import other_turns, quat_xyzw_from_turns, turns_from_quat_xyzw
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.convention import ANGLES
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat, rotmat_from_quat_xyzw

BLOCK = 1 << 14
"""Rows worked on at a time: a dozen columns of them stay in the processor's cache."""


def quat_xyzw_from_euler(angles: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Unit quaternions (..., 4), scalar last and of either sign, of Euler triples; as `rotmat_from_euler`."""
    convention = get_convention(convention)
    angles = _checked_triples(angles)
    quat = _in_blocks(lambda rows: quat_xyzw_from_turns(_turns(rows, convention), convention.sequence), angles, 4)
    return quat.reshape(*angles.shape[:-1], 4)


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
        The last axis does not have length 3, an angle is not finite, or the convention knows no angles.
    """
    return rotmat_from_quat_xyzw(quat_xyzw_from_euler(angles, convention))


def euler_from_quat_xyzw(quat_xyzw: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Euler triples (..., 3) of quaternions (..., 4), scalar last, of any length but zero; as `euler_from_rotmat`."""
    convention = get_convention(convention)
    convention.require_angles()
    quat_xyzw = np.asarray(quat_xyzw, float)
    if quat_xyzw.shape[-1:] != (4,):
        raise ConventionError(f"quaternions have shape (..., 4), got {quat_xyzw.shape}")
    return _in_blocks(lambda rows: _written(rows, convention), quat_xyzw, 3).reshape(*quat_xyzw.shape[:-1], 3)


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
        Triples as the convention writes them, in the ranges it states. At gimbal lock the last turn is written as 0:
        infinitely many triples make that rotation, and `rotmat_from_euler` gives it back to 1e-9 from this one. No
        warning is given, for nothing is lost.

    Raises
    ------
    ConventionError
        Not an array of matrices, or the convention knows no angles.
    """
    rotmat = np.asarray(rotmat, float)
    if rotmat.shape[-2:] != (3, 3):
        raise ConventionError(f"rotation matrices have shape (..., 3, 3), got {rotmat.shape}")
    return euler_from_quat_xyzw(quat_xyzw_from_rotmat(rotmat), convention)


def other_euler(angles: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """The other Euler triples (..., 3) of the same rotations.

    Away from gimbal lock a rotation is written by two triples whose angles lie within a full turn; of (a, b, c) in the
    order of the turns the other one is (a + 180, 180 - b, c + 180) degrees, or (a + 180, -b, c + 180) for proper Euler
    sequences. `euler_from_rotmat` writes the one the convention's ranges ask for; a tracker that follows a head past
    profile needs the other one.

    Parameters
    ----------
    angles : array-like, shape (..., 3)
        Triples as the convention writes them.
    convention : str or EulerConvention
        Name, spec string or value.
    """
    convention = get_convention(convention)
    angles = _checked_triples(angles)

    def others(rows: np.ndarray) -> np.ndarray:
        turns = np.remainder(_turns(rows, convention) + np.pi, 2 * np.pi) - np.pi
        return _triples(other_turns(turns, convention.sequence), convention)

    return _in_blocks(others, angles, 3).reshape(angles.shape)


def euler_deg_from_rotmat(rotmat: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Euler triples (..., 3) of rotation matrices (..., 3, 3), in the convention's written order but always degrees."""
    euler = euler_from_rotmat(rotmat, convention)
    return np.degrees(euler) if get_convention(convention).unit == "rad" else euler


def triples_of_angles(angles_deg: np.ndarray, convention: str | EulerConvention) -> np.ndarray:
    """Triples (..., 3) in a convention's written order and unit, of pitch, yaw, roll in degrees (..., 3).

    For proper Euler sequences the three are alpha, beta, gamma: the first, second and third turn.
    """
    convention = get_convention(convention)
    triples = np.asarray(angles_deg, float)[..., [convention.angles.index(name) for name in convention.order]]
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
    source, target = get_convention(source), get_convention(target)
    target.require_angles()
    angles = _checked_triples(angles)

    def restated(rows: np.ndarray) -> np.ndarray:
        return _written(quat_xyzw_from_turns(_turns(rows, source), source.sequence), target)

    return _in_blocks(restated, angles, 3).reshape(angles.shape)


def _checked_triples(angles: np.ndarray) -> np.ndarray:
    angles = np.asarray(angles, float)
    if angles.ndim == 0 or angles.shape[-1] != 3:
        raise ConventionError(f"Euler angles have shape (..., 3), got {angles.shape}")
    if not np.isfinite(angles).all():
        row = int(np.argmax(~np.isfinite(angles.reshape(-1, 3)).all(axis=1)))
        raise ConventionError(f"Euler triple {row} is not finite")
    return angles


def _in_blocks(function: Callable[[np.ndarray], np.ndarray], array: np.ndarray, width: int) -> np.ndarray:
    """`function` of the rows of (..., k), a block at a time, as (N, width)."""
    rows = array.reshape(-1, array.shape[-1])
    out = np.empty((len(rows), width))
    for start in range(0, len(rows), BLOCK):
        out[start : start + BLOCK] = function(rows[start : start + BLOCK])
    return out


def _turns(triples: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """Right-handed turns in radians (N, 3), in the order of the sequence, of written triples (N, 3)."""
    columns, signs = convention.turn_columns
    turns = triples[:, list(columns)] * np.array(signs, float)
    return np.radians(turns) if convention.unit == "deg" else turns


def _triples(turns: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """Written triples (N, 3) of right-handed turns in radians (N, 3)."""
    columns, signs = convention.turn_columns
    triples = np.empty_like(turns)
    triples[:, list(columns)] = turns * np.array(signs, float)
    return np.degrees(triples) if convention.unit == "deg" else triples


def _written(quat_xyzw: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """The triples (N, 3) a convention writes for quaternions (N, 4)."""
    turns = turns_from_quat_xyzw(quat_xyzw, convention.sequence)
    if convention.branch == "upright":
        others = other_turns(turns, convention.sequence)
        yaw = convention.angle_of_turn.index(ANGLES.index("yaw"))
        pitch_and_roll = [turn for turn in range(3) if turn != yaw]
        lean, other_lean = (np.abs(both[:, pitch_and_roll]).sum(axis=1) for both in (turns, others))
        turns = np.where((other_lean < lean)[:, None], others, turns)
    return _triples(turns, convention)

"""Rotation labels as files write them: Euler triples, quaternions or matrices, in a named convention."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import (
    convert_euler,
    euler_from_rotmat,
    rotmat_from_euler,
)
from synhead_tools.geometry.frames import CAMERA_FRAMES
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat, rotmat_from_quat_xyzw

KINDS = ("euler", "quat_xyzw", "rotmat")
WIDTHS = {"euler": 3, "quat_xyzw": 4, "rotmat": 9}
"""How many numbers a label of each kind has; matrices are written row by row."""

TOLERANCE = 1e-3
"""Largest deviation from a unit quaternion, or of R R^T from the identity, that is taken for rounding of text."""


def rotmat_from_labels(values: np.ndarray, kind: str, convention: str | EulerConvention) -> np.ndarray:
    """R_head_to_camera of labels.

    Parameters
    ----------
    values : array-like, shape (N, k)
        k is 3, 4 or 9 as `WIDTHS` says. Triples as the convention writes them; quaternions scalar last; matrices row by
        row. Quaternions and matrices are in the convention's frame and need not be normalised to the last digit: the
        nearest rotation is taken.
    kind : str
        One of `KINDS`.
    convention : str or EulerConvention
        Name, spec string or value.

    Returns
    -------
    array, shape (N, 3, 3)

    Raises
    ------
    ConventionError
        Names the first row that is no rotation.
    """
    convention, values = get_convention(convention), _checked(values, kind)
    bad, reasons = find_bad_labels(values, kind, convention)
    if bad.any():
        raise ConventionError(f"label {int(np.argmax(bad))}: {reasons[0]}")
    if kind == "euler":
        return rotmat_from_euler(values, convention)
    quat = values if kind == "quat_xyzw" else quat_xyzw_from_rotmat(_matrices(values, convention))
    return _from_frame(rotmat_from_quat_xyzw(quat), convention)


def labels_from_rotmat(rotmat: np.ndarray, kind: str, convention: str | EulerConvention) -> np.ndarray:
    """Labels (N, k) of rotations R_head_to_camera (N, 3, 3); the inverse of `rotmat_from_labels`."""
    convention = get_convention(convention)
    _checked(np.empty((0, WIDTHS.get(kind, 0))), kind)
    rotmat = np.asarray(rotmat, float)
    if kind == "euler":
        return euler_from_rotmat(rotmat, convention)
    rotmat = _to_frame(rotmat, convention)
    return quat_xyzw_from_rotmat(rotmat) if kind == "quat_xyzw" else rotmat.reshape(-1, 9)


def convert_labels(
    values: np.ndarray,
    source_kind: str,
    source: str | EulerConvention,
    target_kind: str,
    target: str | EulerConvention,
    camera_rotmat: np.ndarray | None = None,
) -> np.ndarray:
    """Restate labels of one kind and convention in another.

    Parameters
    ----------
    values : array-like, shape (N, k)
        As for `rotmat_from_labels`.
    source_kind, target_kind : str
        Of `KINDS`.
    source, target : str or EulerConvention
        Names, spec strings or values.
    camera_rotmat : array-like, shape (3, 3) or (N, 3, 3), optional
        C of a change of cameras: rotations R become C R. That of BIWI's ``rgb.cal`` takes labels of the depth camera
        to the colour camera.

    Returns
    -------
    array, shape (N, k')

    Raises
    ------
    ConventionError
        As `rotmat_from_labels`.
    """
    if source_kind == target_kind == "euler" and camera_rotmat is None:
        return convert_euler(_checked(values, source_kind), source, target)
    rotmat = rotmat_from_labels(values, source_kind, source)
    if camera_rotmat is not None:
        rotmat = np.asarray(camera_rotmat, float) @ rotmat
    return labels_from_rotmat(rotmat, target_kind, target)


def find_bad_labels(values: np.ndarray, kind: str, convention: str | EulerConvention) -> tuple[np.ndarray, list[str]]:
    """Which labels are no rotations, and why.

    Parameters
    ----------
    values : array-like, shape (N, k)
    kind : str
        One of `KINDS`.
    convention : str or EulerConvention
        Tells the unit of triples.

    Returns
    -------
    bad : array of bool, shape (N,)
    reasons : list of str
        One for each bad label, in order: what is wrong and what to do, without the row.
    """
    convention, values = get_convention(convention), _checked(values, kind)
    finite = np.isfinite(values).all(axis=1)
    complaints = [("is not finite; drop the row", ~finite)]
    safe = np.where(finite[:, None], values, 0.0)
    if kind == "euler":
        full = 360.0 if convention.unit == "deg" else 2 * np.pi
        text = f"an angle is beyond a full turn of {full:.5g} {convention.unit}; is the unit right?"
        complaints.append((text, (np.abs(safe) > full).any(axis=1)))
    elif kind == "quat_xyzw":
        length = np.linalg.norm(safe, axis=1)
        complaints.append(("the quaternion is zero; drop the row", length < TOLERANCE))
        complaints.append(("the quaternion is not of length 1; normalise it", np.abs(length - 1) > TOLERANCE))
    else:
        complaints += _bad_matrices(_matrices(safe, convention))
    bad = np.logical_or.reduce([mask for _, mask in complaints])
    first = np.argmax([mask[bad] for _, mask in complaints], axis=0)
    return bad, [complaints[index][0] for index in first.tolist()]


def _matrices(values: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """Matrices (N, 3, 3) of rows of nine numbers, without the scale that some conventions keep in them."""
    matrices = values.reshape(-1, 3, 3)
    if not convention.scaled:
        return matrices
    with np.errstate(over="ignore", invalid="ignore"):
        scale = np.cbrt(np.abs(np.linalg.det(matrices)))[:, None, None]
    usable = np.isfinite(scale) & (scale > 0)
    return np.where(usable, matrices / np.where(usable, scale, 1.0), 0.0)


def _bad_matrices(matrices: np.ndarray) -> list[tuple[str, np.ndarray]]:
    with np.errstate(over="ignore", invalid="ignore"):
        residual = np.abs(matrices @ np.swapaxes(matrices, 1, 2) - np.eye(3)).max(axis=(1, 2), initial=0.0)
        skewed = ~(residual <= TOLERANCE)
    mirrored = np.linalg.det(np.where(skewed[:, None, None], np.eye(3), matrices)) < 0
    return [
        ("the matrix is not orthonormal; give a rotation", skewed),
        ("the matrix mirrors (determinant -1); give a rotation", mirrored),
    ]


def _checked(values: np.ndarray, kind: str) -> np.ndarray:
    if kind not in KINDS:
        raise ConventionError(f"{kind!r} is no kind of rotation label; known: {', '.join(KINDS)}")
    values = np.asarray(values, float)
    if values.ndim != 2 or values.shape[1] != WIDTHS[kind]:
        raise ConventionError(f"labels of kind {kind} have shape (N, {WIDTHS[kind]}), got {values.shape}")
    return values


def _from_frame(rotmat: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """R_head_to_camera of a convention's own matrices (N, 3, 3)."""
    frame = CAMERA_FRAMES[convention.frame]
    return frame @ (np.swapaxes(rotmat, 1, 2) if convention.transposed else rotmat) @ frame


def _to_frame(rotmat: np.ndarray, convention: EulerConvention) -> np.ndarray:
    """A convention's own matrices of R_head_to_camera (N, 3, 3); both steps are their own inverses."""
    return _from_frame(rotmat, convention)

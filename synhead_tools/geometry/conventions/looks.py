"""What a positive angle of a convention looks like in the picture, computed from the convention.

A head that looks straight into the camera is turned a little by one angle alone. Where its nose and the top of its
head then go in the picture (x right, y down) is what the angle looks like; nothing here is written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles
from synhead_tools.geometry.rotation_labels import rotmat_from_labels

OUT_OF_THE_FACE = np.array([0.0, 0.0, -1.0])
"""Where the nose points, head frame."""

TOP_OF_THE_HEAD = np.array([0.0, -1.0, 0.0])
"""From the eyes to the top of the head, head frame."""

SMALL_DEG = 1.0


@dataclass(frozen=True)
class Look:
    """What turning by one angle alone does to a head that looked into the camera.

    Attributes
    ----------
    angle : str
        Pitch, yaw or roll; alpha, beta or gamma; or x, y or z where the convention has no angles and what is turned
        about is an axis of its own frame.
    axis : str
        Axis of the camera frame, with the sign of the right-handed turn: ``"+y"`` is right-handed about y, which
        points down.
    face, top : tuple of 2 float
        Directions (x right, y down) in which the nose and the top of the head move in the picture per radian; 0, 0
        for what moves towards or away from the camera.
    words : str
        The same in words: ``"face turns to image right"``.
    """

    angle: str
    axis: str
    face: tuple[float, float]
    top: tuple[float, float]
    words: str


def looks(convention: str | EulerConvention) -> tuple[Look, ...]:
    """What each angle of a convention looks like when it grows, in the order of `turn_names`."""
    return tuple(_look(convention, name) for name in turn_names(convention))


def turn_names(convention: str | EulerConvention) -> tuple[str, str, str]:
    """Names of a convention's angles, or x, y, z for the axes of its own frame if it has no angles."""
    convention = get_convention(convention)
    return convention.angles if convention.has_angles else ("x", "y", "z")


def single_turn(convention: str | EulerConvention, name: str, angle_deg: float) -> np.ndarray:
    """Rotation that one angle makes while the others are 0.

    Parameters
    ----------
    convention : str or EulerConvention
        Name, spec string or value.
    name : str
        One of `turn_names`.
    angle_deg : float
        The angle in degrees, as the convention signs it.

    Returns
    -------
    array, shape (3, 3)
        R_head_to_camera.

    Raises
    ------
    ConventionError
        The convention has no such angle.
    """
    convention = get_convention(convention)
    names = turn_names(convention)
    if name not in names:
        raise ConventionError(f"{convention.name} has no angle {name!r}; it has {', '.join(names)}")
    angles_deg = np.where(np.array(names) == name, float(angle_deg), 0.0)
    if convention.has_angles:
        return rotmat_from_euler(triples_of_angles(angles_deg, convention), convention)
    own_matrix = rotmat_from_euler(angles_deg, "xyz:+++:deg")
    return rotmat_from_labels(own_matrix.reshape(1, 9), "rotmat", convention)[0]


def _look(convention: str | EulerConvention, name: str) -> Look:
    rotmat = single_turn(convention, name, SMALL_DEG)
    moved = (rotmat - np.eye(3)) / np.radians(SMALL_DEG)
    face, top = (_picture_direction(moved @ direction) for direction in (OUT_OF_THE_FACE, TOP_OF_THE_HEAD))
    spin = np.array([rotmat[2, 1] - rotmat[1, 2], rotmat[0, 2] - rotmat[2, 0], rotmat[1, 0] - rotmat[0, 1]])
    axis = int(np.argmax(np.abs(spin)))
    return Look(name, f"{'+' if spin[axis] > 0 else '-'}{'xyz'[axis]}", face, top, _words(face, top))


def _picture_direction(moved: np.ndarray) -> tuple[float, float]:
    """Right and down part of a movement per radian, without what is of second order in a small turn."""
    x, y = (round(float(part), 1) + 0.0 for part in moved[:2])
    return x, y


def _words(face: tuple[float, float], top: tuple[float, float]) -> str:
    if any(face):
        sideways = abs(face[0]) > abs(face[1])
        where = ("image right" if face[0] > 0 else "image left") if sideways else ("down" if face[1] > 0 else "up")
        return f"face turns {'to ' if sideways else ''}{where}"
    if top[0] > 0:
        return "head tilts clockwise: top of the head to image right"
    return "head tilts counter-clockwise: top of the head to image left"

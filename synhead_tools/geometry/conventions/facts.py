"""All there is to say about a convention, computed from its value: for lists, pages and programs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention
from synhead_tools.geometry.conventions.looks import looks
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.frames import CAMERA_FRAMES
from synhead_tools.geometry.rotation_labels import labels_from_rotmat

EXAMPLE_NAME = "BIWI 01/frame_00501 (depth camera)"
EXAMPLE_ROTMAT = np.array(
    [[0.45684, -0.404949, -0.792031], [-0.103806, 0.860022, -0.499587], [0.883471, 0.310449, 0.350856]]
)
"""R_head_to_camera of that frame, as quoted from its pose.txt in natanielruiz/deep-head-pose issue 39."""

_UNITS = {"deg": "degrees", "rad": "radians"}


def facts(convention: str | EulerConvention) -> dict[str, Any]:
    """What a convention is, in JSON values.

    Parameters
    ----------
    convention : str or EulerConvention
        Name, spec string or value.

    Returns
    -------
    dict
        ``name``, ``spec`` (a spec string that reads the same triples, None if there is none), ``composition`` (a
        formula for R_head_to_camera), ``intrinsic`` and ``extrinsic`` (the same sequence in both wordings), ``order``,
        ``unit``, ``ranges_deg``, ``positive`` (what a growing angle looks like, by angle; by axis of its frame if
        there are no angles), ``turns_about``, ``frame``, ``matrices``, ``branch``, ``gimbal_lock``, ``example``,
        ``source``, ``notes``. What needs angles is None or empty where there are none.
    """
    convention = get_convention(convention)
    has_angles = convention.has_angles
    seen = looks(convention)
    return {
        "name": convention.name,
        "spec": convention.spec if has_angles and convention.branch == "principal" else None,
        "composition": composition(convention),
        "intrinsic": "-".join(axis + "'" * k for k, axis in enumerate(_left_to_right(convention))),
        "extrinsic": ", ".join(_left_to_right(convention)[::-1]),
        "order": list(convention.order) if has_angles else [],
        "unit": _UNITS[convention.unit] if has_angles else None,
        "ranges_deg": {name: list(bounds) for name, bounds in convention.ranges_deg.items()},
        "positive": {look.angle: look.words for look in seen},
        "turns_about": _turn_words(convention),
        "frame": f"{convention.frame}: {_frame_words(convention)}",
        "matrices": _matrix_words(convention),
        "branch": _branch_words(convention),
        "gimbal_lock": _lock_words(convention),
        "example": _example(convention),
        "source": convention.source,
        "notes": _notes(convention),
    }


def composition(convention: str | EulerConvention) -> str:
    """R_head_to_camera as a product of right-handed turns about x, y, z: ``R = Rz(-roll) Ry(-yaw) Rx(pitch)``.

    The rightmost factor turns the head first and about its own axis, the leftmost one last and about the camera's.
    Empty for a convention without angles.
    """
    convention = get_convention(convention)
    if not convention.has_angles:
        return ""
    factors = []
    for axis, angle in zip(convention.sequence.lower(), convention.angle_of_turn, strict=True):
        sign = "" if convention.signs[angle] > 0 else "-"
        factors.append(f"R{axis}({sign}{convention.angles[angle]})")
    return "R = " + " ".join(factors if convention.sequence.isupper() else factors[::-1])


def _left_to_right(convention: EulerConvention) -> str:
    """Axes of the factors of R from left to right, which is the order of intrinsic turns."""
    return convention.sequence.lower() if convention.sequence.isupper() else convention.sequence[::-1]


def _frame_words(convention: EulerConvention) -> str:
    """Where the axes of the convention's camera frame point."""
    ends = {(0, 1): "right", (0, -1): "left", (1, 1): "down", (1, -1): "up"}
    ends |= {(2, 1): "forward", (2, -1): "towards the viewer"}
    words = []
    for name, direction in zip("xyz", CAMERA_FRAMES[convention.frame].T, strict=True):
        axis = int(np.argmax(np.abs(direction)))
        words.append(f"{name} {ends[axis, int(np.sign(direction[axis]))]}")
    return ", ".join(words)


def _turn_words(convention: EulerConvention) -> dict[str, str]:
    """By angle, in the order of the factors of R: which axis it turns about."""
    if not convention.has_angles:
        return {}
    seen = {look.angle: look.axis for look in looks(convention)}
    angles = [convention.angles[angle] for angle in convention.angle_of_turn]
    left, middle, right = angles if convention.sequence.isupper() else angles[::-1]
    hand = {name: f"{axis[1]}, {'right' if axis[0] == '+' else 'left'}-handed" for name, axis in seen.items()}
    alone = f": turning the picture changes {left} alone" if seen[left][1] == "z" else ""
    return {
        left: f"the camera's axis {hand[left]}{alone}",
        middle: f"the axis {hand[middle]}, after {left} has turned it",
        right: f"the head's own axis {hand[right]}",
    }


def _matrix_words(convention: EulerConvention) -> str:
    """How the convention's own matrices come from R_head_to_camera."""
    rotation = "R^T" if convention.transposed else "R"
    scale = " and a uniform scale, which is divided out" if convention.scaled else ""
    axes = np.diag(CAMERA_FRAMES[convention.frame]).astype(int).tolist()
    if axes != [1, 1, 1]:
        return f"M = C {rotation} C with C = diag({', '.join(map(str, axes))}){scale}"
    return ("M = R^T, for row vectors" if convention.transposed else "M = R, x_camera = R x_head + t") + scale


def _branch_words(convention: EulerConvention) -> str | None:
    if not convention.has_angles:
        return None
    if convention.branch == "upright":
        return "upright: of the two triples of a rotation, the one with pitch and roll nearer to 0; yaw runs all round"
    middle = convention.angles[convention.angle_of_turn[1]]
    low, high = convention.ranges_deg[middle]
    return f"principal: of the two triples of a rotation, the one with {middle} in {low:g}..{high:g} degrees"


def _lock_words(convention: EulerConvention) -> str | None:
    """Where gimbal lock is, and what is written there: found by writing rotations that are locked."""
    if not convention.has_angles:
        return None
    first, middle, last = (convention.angles[angle] for angle in convention.angle_of_turn)
    low, high = convention.ranges_deg[middle] if convention.branch == "principal" else (-90.0, 90.0)
    signs = np.arange(-170.0, 171.0, 20.0)
    locked = np.zeros((2 * len(signs), 3))
    columns, _ = convention.turn_columns
    locked[:, columns[0]] = np.tile(signs, 2)
    locked[:, columns[1]] = np.repeat([low, high], len(signs))
    triples = np.radians(locked) if convention.unit == "rad" else locked
    written = euler_from_rotmat(rotmat_from_euler(triples, convention), convention)[:, columns[2]]
    written = np.degrees(written) if convention.unit == "rad" else written
    values = sorted({round(abs(float(value)), 3) + 0.0 for value in written})
    where = f"{low:g} and {high:g}" if low + high else f"+-{high:g}"
    frontal = "; the frontal face is there" if 0.0 in (low, high) else ""
    return (
        f"at {middle} {where} degrees, where {first} and {last} turn about one axis{frontal}; {last} is then written "
        f"as {' or '.join(f'{value:g}' for value in values)}, and the rotation survives"
    )


def _example(convention: EulerConvention) -> dict[str, Any]:
    example: dict[str, Any] = {"rotation": EXAMPLE_NAME, "rotmat": EXAMPLE_ROTMAT.tolist()}
    if convention.has_angles:
        row = euler_from_rotmat(EXAMPLE_ROTMAT, convention)
        example["row"] = {name: round(float(value), 5) for name, value in zip(convention.order, row, strict=True)}
    if not convention.has_angles or convention.transposed or convention.frame != "opencv":
        own = labels_from_rotmat(EXAMPLE_ROTMAT[None], "rotmat", convention).reshape(3, 3)
        example["own_matrix"] = (own.round(6) + 0.0).tolist()
    return example


def _notes(convention: EulerConvention) -> str:
    """What the module of a named convention says about it."""
    if convention.name not in CONVENTIONS:
        return ""
    return (import_module(CONVENTIONS[convention.name].partition(":")[0]).__doc__ or "").strip()

"""Which way a foreign mesh faces, and how large it is meant to be."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import HeadError

UNITS = {"mm": 0.001, "cm": 0.01, "dm": 0.1, "m": 1.0}
"""Names of units with their length in metres."""

SMALLEST_M, LARGEST_M = 0.10, 0.90
"""Longest side of the box around a head: from a face alone to a bust with wide shoulders."""

_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
_NAMES = tuple(f"{sign}{axis}" for axis in _AXES for sign in "+-")

Axis = str | tuple[float, float, float]
"""``+x``, ``-y`` and so on, or a direction of the file's axes."""


def axis_vector(axis: Axis, what: str) -> np.ndarray:
    """Return the unit vector (3,) of an axis.

    Raises
    ------
    HeadError
        It is none; the message names `what`.
    """
    if isinstance(axis, str) and axis.removeprefix("+").removeprefix("-") in _AXES and len(axis) <= 2:
        return np.array(_AXES[axis[-1]]) * (-1.0 if axis[0] == "-" else 1.0)
    good = isinstance(axis, (list, tuple)) and len(axis) == 3
    if good and all(isinstance(n, (int, float)) and not isinstance(n, bool) and abs(n) < 1e9 for n in axis):
        length = float(np.linalg.norm(axis))
        if length > 1e-9:
            return np.array(axis, np.float64) / length
    raise HeadError(f"{what} = {axis!r:.60} is no axis; give one of {', '.join(_NAMES)}, or three numbers")


def axis_name(vector: np.ndarray) -> Axis:
    """Return the name of a unit vector along an axis, or else its three numbers."""
    for name in _NAMES:
        if np.array_equal(vector, axis_vector(name, "axis")):
            return name
    return tuple(float(value) for value in vector)


def file_to_head(left: Axis | None, up: Axis | None, front: Axis | None, where: str = "axes") -> np.ndarray:
    """Return the matrix (3, 3) that turns the file's axes into those of the head frame.

    Parameters
    ----------
    left, up, front : axis or None
        Which way in the file the subject's left is, which way up, and which way the face looks. Two suffice. `front`
        is kept exactly, `up` made perpendicular to it. All three together may be left-handed: then the file is a
        mirror image, and so is the matrix.
    where : str
        Names the file in messages.

    Raises
    ------
    HeadError
        Fewer than two are given, or they are not perpendicular.
    """
    given = {"left": left, "up": up, "front": front}
    vectors = {name: axis_vector(axis, f"{where}: {name}") for name, axis in given.items() if axis is not None}
    if len(vectors) < 2:
        raise HeadError(f"{where}: {len(vectors)} of left, up and front given; give two")
    if "front" not in vectors:
        vectors["front"] = np.cross(vectors["left"], vectors["up"])
    if "up" not in vectors:
        vectors["up"] = np.cross(vectors["front"], vectors["left"])
    z = vectors["front"]
    y = vectors["up"] - z * (vectors["up"] @ z)
    if np.linalg.norm(y) < 0.7:
        raise HeadError(f"{where}: up and front are not perpendicular; give two different axes")
    y = y / np.linalg.norm(y)
    x = np.cross(y, z)
    if "left" in vectors:
        along = float(vectors["left"] @ x)
        if abs(along) < 0.7:
            raise HeadError(f"{where}: left, up and front are not perpendicular; give three different axes")
        x = x * np.sign(along)
    return np.stack([x, -y, -z])


def guess_unit(longest: float, where: str) -> str:
    """Return the unit in which `longest`, the longest side of the box around a head, is of a head's size.

    Raises
    ------
    HeadError
        There is none.
    """
    for unit, length_m in UNITS.items():
        if SMALLEST_M <= longest * length_m <= LARGEST_M:
            return unit
    raise HeadError(f"{where} is {longest:.6g} long, a head's size in no unit; give --unit, or cut it to the head")


def check_size(longest_m: float, unit: str, where: str) -> None:
    """Check that a head is as large as heads are.

    Raises
    ------
    HeadError
        It is not; the message names a unit in which it would be.
    """
    if SMALLEST_M <= longest_m <= LARGEST_M:
        return
    longest = longest_m / UNITS[unit]
    fitting = [name for name, length_m in UNITS.items() if SMALLEST_M <= longest * length_m <= LARGEST_M]
    advice = f"unit {fitting[0]} would fit" if fitting else "cut it to head and shoulders, or scale it"
    raise HeadError(
        f"{where} is {longest_m:.4g} m long with unit {unit}, a head is {SMALLEST_M} to {LARGEST_M}; {advice}"
    )

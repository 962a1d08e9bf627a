"""Landmarks of foreign heads: from points, vertices or a file; and what they tell about axes and origin."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.raw_mesh import RawMesh
from synhead_tools.heads.foreign.recipe import LandmarkRule

JSON_BYTES_LIMIT = 1 << 24

PUPIL_DEPTH_M, LIDS_DEPTH_M = 0.0125, 0.010
"""How far behind the pupils, and behind the middle of the 12 points on the lids, bundled heads have their origin."""

_EYE_DISTANCE_M = (0.03, 0.12)
_OUTSIDE_M = 0.03  # what landmarks may stand out of the box around the mesh
_RIGHT_EYE, _LEFT_EYE, _NOSE, _RIGHT_MOUTH, _LEFT_MOUTH = slice(36, 42), slice(42, 48), 30, 48, 54


def find_landmarks(
    rule: LandmarkRule, mesh: RawMesh, files: FolderFiles, where: str
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the 5 and the 68 points, (5, 3) and (68, 3) in the file's axes and unit, or None where they are not told.

    Raises
    ------
    HeadError
        A vertex is not there, or the file of landmarks cannot be understood.
    """
    points: dict[int, np.ndarray | None] = {5: None, 68: None}
    if rule.file is not None:
        points |= _from_json(files.read(rule.file, where, JSON_BYTES_LIMIT), rule.file)
    for count in points:
        told, vertices = getattr(rule, f"points{count}"), getattr(rule, f"vertices{count}")
        if told is not None:
            points[count] = np.array(told, np.float64)
        elif vertices is not None:
            points[count] = _vertices(vertices, rule.part, mesh, f"{where}: landmarks.vertices{count}")
    return points[5], points[68]


def five_of(points68: np.ndarray) -> np.ndarray:
    """Return five points (5, 3) of 68: the middles of the lids stand for the pupils."""
    eyes = [points68[_RIGHT_EYE].mean(axis=0), points68[_LEFT_EYE].mean(axis=0)]
    return np.array([*eyes, points68[_NOSE], points68[_RIGHT_MOUTH], points68[_LEFT_MOUTH]])


def axes_of(points5: np.ndarray) -> np.ndarray:
    """Return the matrix (3, 3) that turns the file's axes into the head frame's, after five points; it may mirror."""
    right_eye, left_eye, nose, right_mouth, left_mouth = points5
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    x = _unit(left_eye - right_eye)
    down = mouth - eyes
    y = _unit(down - x * (down @ x))
    into = np.cross(x, y)
    # the nose stands out: where it does so on the other side, the file is a mirror image
    z = into if (nose - (eyes + mouth) / 2) @ into < 0 else -into
    return np.stack([x, y, z])


def mid_eye(points5: np.ndarray, lids: bool, matrix: np.ndarray, unit_m: float) -> np.ndarray:
    """Return the point (3,) midway between the eyeballs' centres, in the file's axes and unit.

    Parameters
    ----------
    points5 : (5, 3) array
    lids : bool
        Whether the first two are the middles of the lids, not the pupils.
    matrix : (3, 3) array
        The file's axes to the head frame.
    unit_m : float
    """
    behind = np.array([0.0, 0.0, LIDS_DEPTH_M if lids else PUPIL_DEPTH_M])
    return (points5[0] + points5[1]) / 2 + behind @ matrix / unit_m


def check_landmarks(points5_m: np.ndarray, box_m: tuple[np.ndarray, np.ndarray], where: str) -> None:
    """Check five points in the head frame: a face has its eyes above its mouth, its left eye on its left.

    Parameters
    ----------
    points5_m : (5, 3) array
    box_m : tuple of two (3,) arrays
        Lowest and highest coordinates of the mesh.
    where : str
        Names the recipe in messages.

    Raises
    ------
    HeadError
        They are no face's; the message says what is wrong.
    """
    right_eye, left_eye, nose, right_mouth, left_mouth = points5_m
    distance_m = float(np.linalg.norm(left_eye - right_eye))
    low, high = _EYE_DISTANCE_M
    advice = "check landmarks, axes and unit"
    if not low <= distance_m <= high:
        raise HeadError(f"{where}: the eyes are {distance_m:.4g} m apart, in people {low} to {high}; {advice}")
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    near = (points5_m > box_m[0] - _OUTSIDE_M).all() and (points5_m < box_m[1] + _OUTSIDE_M).all()
    for good, complaint in (
        (near, "the points do not lie on the mesh"),
        (left_eye[0] > right_eye[0], "the subject's left eye is on its right"),
        (left_mouth[0] > right_mouth[0], "the left corner of the mouth is on the right"),
        (mouth[1] > eyes[1], "the mouth is above the eyes"),
        (nose[2] < (eyes[2] + mouth[2]) / 2, "the nose points into the head"),
    ):
        if not good:
            raise HeadError(f"{where}: by landmarks and axes, {complaint}; {advice}")


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-300)


def _vertices(numbers: tuple[int, ...], name: str | None, mesh: RawMesh, what: str) -> np.ndarray:
    points = mesh.points
    if name is not None:
        part = next((part for part in mesh.parts if part.name == name), None)
        if part is None:
            known = ", ".join(part.name for part in mesh.parts)
            raise HeadError(f"{what}: no part is called {name!r:.60}; there are {known:.200}")
        # in a file of one part the numbers are the file's own; in glTF each part counts for itself
        points = mesh.points if len(mesh.parts) == 1 else part.vertices
    if points is None:
        raise HeadError(f"{what}: this file has no numbers of vertices; give landmarks.part, or points instead")
    if max(numbers) >= len(points):
        raise HeadError(f"{what} names {max(numbers)}, there are 0 to {len(points) - 1}; they count from 0")
    return points[list(numbers)]


def _from_json(data: bytes, name: str) -> dict[int, np.ndarray]:
    try:
        values: Any = json.loads(data.decode("utf-8-sig"))
        told = {5: values.get("points5"), 68: values.get("landmarks68")}
        found = {count: np.array(rows, np.float64) for count, rows in told.items() if rows is not None}
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise HeadError(f"{name}: no landmarks can be read ({str(error):.80}); give points5 or landmarks68") from None
    for count, points in found.items():
        if points.shape != (count, 3) or not (np.abs(points) < 1e9).all():
            raise HeadError(f"{name}: {count} points of three numbers were meant, there are {points.shape}; mend it")
    if not found:
        raise HeadError(f"{name} has neither points5 nor landmarks68; give one of them")
    return found

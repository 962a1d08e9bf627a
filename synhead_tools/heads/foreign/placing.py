"""Where a foreign mesh stands and how large it is: told by its recipe, by its landmarks, or guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.axes import UNITS, axis_name, axis_vector, check_size, file_to_head, guess_unit
from synhead_tools.heads.foreign.guess import SURE, Fit, doubt, fit_axes, right_handed_axes
from synhead_tools.heads.foreign.landmarks import axes_of, mid_eye
from synhead_tools.heads.foreign.raw_mesh import RawMesh
from synhead_tools.heads.foreign.recipe import AUTO, ForeignRecipe

_NO_HEAD_M = 0.008  # a base face that lies farther than this from a mesh, on average, has not found a face


@dataclass(frozen=True, eq=False)
class Placing:
    """What takes a file's coordinates to the head frame.

    Attributes
    ----------
    unit : str
    matrix : (3, 3) float64
        The file's axes to the head frame's; mirrors if its determinant is -1.
    origin : (3,) float64
        The file's point midway between the eyeballs.
    notes : tuple of str
        What was guessed.
    """

    unit: str
    matrix: np.ndarray
    origin: np.ndarray
    notes: tuple[str, ...]

    @property
    def unit_m(self) -> float:
        """Length of the file's unit in metres."""
        return UNITS[self.unit]

    def to_head(self, points: np.ndarray | None) -> np.ndarray | None:
        """Return points (n, 3) of the file in the head frame, metres; None stays None."""
        return None if points is None else (points - self.origin) @ self.matrix.T * self.unit_m

    def definite(self) -> dict[str, Any]:
        """Return the keys of a recipe that leave nothing to guess."""
        left, down, into = self.matrix
        axes = {"left": axis_name(left), "up": axis_name(-down), "front": axis_name(-into)}
        return {"unit": self.unit, **axes, "origin": tuple(self.origin.tolist())}


def place(recipe: ForeignRecipe, mesh: RawMesh, points5: np.ndarray | None, lids: bool, where: str) -> Placing:
    """Find unit, axes and origin.

    Parameters
    ----------
    recipe : ForeignRecipe
        What it tells is kept.
    mesh : RawMesh
    points5 : (5, 3) array or None
        In the file's axes and unit.
    lids : bool
        Whether the first two of them are the middles of the lids.
    where : str
        Names the file in messages.

    Raises
    ------
    HeadError
        The mesh is not of a head's size in the unit told, or in any; the axes told contradict each other; or the
        origin is to come from landmarks and there are none.
    """
    notes: list[str] = []
    used = np.concatenate([part.vertices[np.unique(part.triangles)] for part in mesh.parts])
    longest = float(np.ptp(used, axis=0).max())
    unit = guess_unit(longest, where) if recipe.unit == AUTO else recipe.unit
    unit_m = UNITS[unit]
    if recipe.unit == AUTO:
        notes.append(f"unit guessed: {unit} ({longest * unit_m:.3f} m long)")
    check_size(longest * unit_m, unit, where)
    if not _areas(*_whole(mesh)).sum() > 0:
        raise HeadError(f"{where}: all triangles are without area; repair the mesh")
    told = [axis for axis in (recipe.left, recipe.up, recipe.front) if axis is not None]
    fit = None
    if len(told) >= 2:
        matrix = file_to_head(recipe.left, recipe.up, recipe.front, where)
    elif points5 is not None:
        matrix = _nearest(axes_of(points5), notes)
    else:
        fit = _guess(recipe, mesh, unit_m, notes)
        matrix = fit.matrix
    origin = _origin(recipe, mesh, points5, lids, matrix, unit_m, fit, notes, where)
    return Placing(unit, matrix, origin, tuple(notes))


def _nearest(matrix: np.ndarray, notes: list[str]) -> np.ndarray:
    """The axes along the file's that are nearest to those of the landmarks."""
    mirror = np.linalg.det(matrix) < 0
    candidates = [m * [[-1], [1], [1]] if mirror else m for m in right_handed_axes()]
    best = max(candidates, key=lambda candidate: float((candidate * matrix).sum()))
    cosine = (float((best * matrix).sum()) - 1) / 2
    notes.append(f"axes taken from the landmarks: {_described(best)}")
    if cosine < np.cos(np.radians(20)):
        angle_deg = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        notes.append(
            f"the landmarks are turned by {angle_deg:.0f} degrees from these axes: give up and front as vectors"
        )
    return best


def _guess(recipe: ForeignRecipe, mesh: RawMesh, unit_m: float, notes: list[str]) -> Fit:
    rows = {"left": (0, 1), "up": (1, -1), "front": (2, -1)}
    candidates = right_handed_axes()
    for name, (row, sign) in rows.items():
        told = getattr(recipe, name)
        if told is not None:
            vector = sign * axis_vector(told, name)
            candidates = [matrix for matrix in candidates if np.allclose(matrix[row], vector)]
    if not candidates:
        raise HeadError("one axis that runs askew is not enough; give up and front")
    fits = fit_axes(*_whole(mesh), unit_m, candidates)
    best = fits[0]
    notes.append(f"axes guessed: {_described(best.matrix)}")
    if len(fits) > 1:
        ratio = fits[1].error_m * doubt(fits[1].matrix) / max(best.error_m * doubt(best.matrix), 1e-9)
        if ratio < SURE or best.error_m > _NO_HEAD_M:
            notes.append("the guess of the axes is not sure: look at the picture, and give up and front")
    return best


def _origin(
    recipe: ForeignRecipe, mesh: RawMesh, points5: np.ndarray | None, lids: bool, matrix: np.ndarray, unit_m: float,
    fit: Fit | None, notes: list[str], where: str,
) -> np.ndarray:  # fmt: skip
    if not isinstance(recipe.origin, str):
        return np.array(recipe.origin)
    if recipe.origin == "eyes" and points5 is None:
        raise HeadError(f"{where}: origin = 'eyes' needs landmarks; give some, or origin = 'fit'")
    if recipe.origin == "centroid":
        return _centroid(*_whole(mesh))
    if points5 is not None and recipe.origin in ("eyes", AUTO):
        return mid_eye(points5, lids, matrix, unit_m)
    fit = fit or fit_axes(*_whole(mesh), unit_m, [matrix])[0]
    notes.append(
        f"origin guessed from the shape: {np.round(fit.origin, 4).tolist()} is midway between the eyes, to 1 cm"
    )
    if fit.error_m > _NO_HEAD_M:
        notes.append("no face was found in the shape: look at the picture, and give the origin")
    return fit.origin


def _whole(mesh: RawMesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of all parts together."""
    first = np.cumsum([0] + [len(part.vertices) for part in mesh.parts])
    triangles = [part.triangles + start for part, start in zip(mesh.parts, first, strict=False)]
    return np.concatenate([part.vertices for part in mesh.parts]), np.concatenate(triangles)


def _areas(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _centroid(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    area = _areas(vertices, triangles)[:, None]
    return (vertices[triangles].mean(axis=1) * area).sum(axis=0) / area.sum()


def _described(matrix: np.ndarray) -> str:
    left, down, into = matrix
    return f"left {axis_name(left)}, up {axis_name(-down)}, front {axis_name(-into)}"

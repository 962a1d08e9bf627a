"""Which way a head of unknown axes looks, and where its eyes are: by laying the base head over it in all 24 ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.foreign.axes import file_to_head
from synhead_tools.heads.regions import Region

SURE = 1.2
"""How many times worse the second-best axes have to fit for the best to be called sure."""

_SCAN_SAMPLES, _FACE_SAMPLES, _ROUNDS = 6000, 300, 8
_KEPT = 0.9  # share of the face's points that have to fit; the others may be under hair
_NORMAL_M = 0.012  # a surface that looks another way by one radian counts as this much farther away
_FACE_BACK_M, _FOREHEAD_M = 0.035, -0.035  # of the face: not farther back, not higher than this, head frame
_NO_SURFACE = (Region.MOUTH_INSIDE, Region.EYE_SOCKET, Region.NECK)
_USUAL = {("+y", "+z"): 0.85, ("+z", "-y"): 0.92, ("-y", "-z"): 0.92, ("+z", "+y"): 0.95, ("+y", "-z"): 0.95}
_DEEPEST_EYES_M = 0.26  # below the top of the mesh, the tallest hair included
_NOSE_M = 0.035  # from the eyes forward to the foremost of the face


@dataclass(frozen=True)
class Fit:
    """How the base head lies in a mesh.

    Attributes
    ----------
    matrix : (3, 3) float64
        The mesh's axes to the head frame's.
    origin : (3,) float64
        Where its mid-eye is, in the mesh's axes and unit.
    error_m : float
        Mean distance of the base head's surface from the mesh, metres.
    """

    matrix: np.ndarray
    origin: np.ndarray
    error_m: float


def fit_axes(vertices: np.ndarray, triangles: np.ndarray, unit_m: float, matrices: list[np.ndarray]) -> list[Fit]:
    """Lay the base head into a mesh with each of the given axes; return the fits, the best first.

    Only a translation is sought, by the iterated closest points of P. J. Besl and N. D. McKay, "A Method for
    Registration of 3-D Shapes", PAMI 14 (1992), with the worst tenth of the points left out.

    Parameters
    ----------
    vertices, triangles : (V, 3) and (T, 3) arrays
    unit_m : float
        Length of the mesh's unit in metres.
    matrices : list of (3, 3) arrays
        Axes to try, as of `synhead_tools.heads.foreign.axes.file_to_head`.
    """
    points, normals = _sample_surface(vertices, triangles, _SCAN_SAMPLES)
    fits = []
    for matrix in matrices:
        shift_m, error_m = _lay_face(points * unit_m @ matrix.T, normals @ matrix.T)
        fits.append(Fit(matrix, shift_m @ matrix / unit_m, error_m))
    return sorted(fits, key=lambda fit: fit.error_m * doubt(fit.matrix))


def right_handed_axes() -> list[np.ndarray]:
    """Return the 24 rotations (3, 3) that take axes to axes."""
    matrices = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if np.linalg.det(matrix) > 0:
                matrices.append(matrix)
    return matrices


def doubt(matrix: np.ndarray) -> float:
    """Factor on a fit's error: what is usual among files needs less evidence."""
    return next(
        (doubt for (up, front), doubt in _USUAL.items() if np.array_equal(file_to_head(None, up, front), matrix)), 1.0
    )


def _lay_face(points_m: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, float]:
    """Translation of the base face onto a surface (head frame), and the distance that is left; the best of several."""
    surface = _Surface(points_m, normals)
    low, high = np.percentile(points_m, (1, 99), axis=0)
    middle = np.median(points_m[:, 0])
    best = (np.zeros(3), np.inf)
    # the eyes may be anywhere between a little below the top, of hair or of a mask, and a little above the chin
    for y in np.arange(low[1] + 0.04, max(min(high[1] - 0.06, low[1] + _DEEPEST_EYES_M), low[1] + 0.05), 0.02):
        column = (np.abs(points_m[:, 0] - middle) < 0.03) & (np.abs(points_m[:, 1] - y) < 0.03)
        if column.any():
            shift = np.array([middle, y, points_m[column, 2].min() + _NOSE_M])
            best = min(best, surface.lay(shift, every=3, rounds=4), key=lambda laid: laid[1])
    return surface.lay(best[0], every=1, rounds=_ROUNDS) if np.isfinite(best[1]) else best


class _Surface:
    """Points on a surface, looked up by place and normal."""

    def __init__(self, points_m: np.ndarray, normals: np.ndarray) -> None:
        self._points_m, self._normals = points_m, normals
        self._tree = cKDTree(np.concatenate([points_m, normals * _NORMAL_M], axis=1))

    def lay(self, shift: np.ndarray, every: int, rounds: int) -> tuple[np.ndarray, float]:
        """Move every n-th point of the base face, from `shift` on, to the surface; return where to and how far off."""
        face_m, normals = (rows[::every] for rows in _face())
        keep = int(_KEPT * len(face_m))
        for _ in range(rounds):
            distance, index = self._nearest(face_m + shift, normals)
            near = np.argsort(distance, kind="stable")[:keep]
            shift = shift + (self._points_m[index[near]] - face_m[near] - shift).mean(axis=0)
        _, index = self._nearest(face_m + shift, normals)
        apart_m = np.abs(((self._points_m[index] - face_m - shift) * self._normals[index]).sum(axis=1))
        apart_m += _NORMAL_M * np.linalg.norm(self._normals[index] - normals, axis=1)
        return shift, float(np.sort(apart_m)[:keep].mean())

    def _nearest(self, points_m: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._tree.query(np.concatenate([points_m, normals * _NORMAL_M], axis=1))


@lru_cache(maxsize=1)
def _face() -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) on the base head's face, head frame, metres, origin between the eyes; and their normals."""
    geometry = load_geometry()
    eyes = [geometry.vertices_dm[ids].mean(axis=0) for ids in (geometry.left_eye_vertices, geometry.right_eye_vertices)]
    vertices_m = (geometry.vertices_dm - np.mean(eyes, axis=0)) @ MESH_TO_HEAD.T * 0.1
    faces = geometry.faces[~np.isin(geometry.face_region, [int(region) for region in _NO_SURFACE])]
    middle_m = vertices_m[faces].mean(axis=1)
    faces = faces[(middle_m[:, 2] < _FACE_BACK_M) & (middle_m[:, 1] > _FOREHEAD_M)]
    return _sample_surface(vertices_m, np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]]), _FACE_SAMPLES)


def _sample_surface(vertices: np.ndarray, triangles: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) spread evenly over a surface, the same ones each time, and the unit normals there."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    area = np.linalg.norm(across, axis=1)
    edges = np.cumsum(area)
    chosen = np.searchsorted(edges, (np.arange(count) + 0.5) / count * edges[-1]).clip(0, len(area) - 1)
    u, v = np.random.default_rng(0).random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    points = a[chosen] + u * (b[chosen] - a[chosen]) + v * (c[chosen] - a[chosen])
    return points, across[chosen] / np.maximum(area[chosen, None], 1e-300)

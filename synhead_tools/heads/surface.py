"""Triangle surfaces whose vertices are linear in a few control vertices: splitting, clipping, capping, normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix


@dataclass(frozen=True)
class Surface:
    """Topology of a rendered mesh over control vertices.

    Attributes
    ----------
    mix : (V, C) csr_matrix
        Rendered positions (and normals, up to length) are ``mix @ control``.
    uv : (V, 2) float64
        Texture coordinates.
    triangles : (T, 3) int64
        Counter-clockwise seen from outside.
    face : (T,) int64
        The quad each triangle comes from.
    """

    mix: csr_matrix
    uv: np.ndarray
    triangles: np.ndarray
    face: np.ndarray


def split_quads(faces: np.ndarray, uv: np.ndarray, face_uv: np.ndarray, control_count: int) -> Surface:
    """Return the surface of quads (or triangles with a repeated corner), one vertex per (position, uv) pair."""
    pairs = np.stack([faces, face_uv], axis=-1).reshape(-1, 2)
    unique, index = np.unique(pairs, axis=0, return_inverse=True)
    corners, positions = index.reshape(faces.shape), faces
    triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    ends = np.concatenate([positions[:, [0, 1, 2]], positions[:, [0, 2, 3]]])
    real = (ends[:, 0] != ends[:, 1]) & (ends[:, 1] != ends[:, 2]) & (ends[:, 2] != ends[:, 0])
    face = np.tile(np.arange(len(faces)), 2)
    mix = coo_matrix((np.ones(len(unique)), (np.arange(len(unique)), unique[:, 0])), shape=(len(unique), control_count))
    return Surface(mix.tocsr(), uv[unique[:, 1]], triangles[real], face[real])


def clip(surface: Surface, level: np.ndarray) -> tuple[Surface, np.ndarray]:
    """Cut away where `level` (per vertex of the surface) is negative, with new vertices exactly on the cut.

    Returns
    -------
    clipped : Surface
        What is left, unused vertices dropped.
    rim : (E, 2) int array
        Directed edges of `clipped` along the cut, as the triangles beside them run.
    """
    inside = level[surface.triangles] >= 0
    crossing = inside.any(axis=1) & ~inside.all(axis=1)
    cuts: dict[tuple[int, int], int] = {}
    count = len(level)
    triangles, faces, rim = [], [], []
    for triangle, face in zip(surface.triangles[crossing].tolist(), surface.face[crossing].tolist(), strict=True):
        polygon, edge = _cut_triangle(triangle, level, cuts, count)
        triangles += [[polygon[0], polygon[k], polygon[k + 1]] for k in range(1, len(polygon) - 1)]
        faces += [face] * (len(polygon) - 2)
        rim.append(edge)
    whole = inside.all(axis=1)
    grown = _with_cut_vertices(surface, level, cuts)
    triangles = np.concatenate([surface.triangles[whole], np.array(triangles, dtype=int).reshape(-1, 3)])
    face = np.concatenate([surface.face[whole], np.array(faces, dtype=int)])
    used, renumbered = np.unique(triangles, return_inverse=True)
    number = np.full(grown.mix.shape[0], -1)
    number[used] = np.arange(len(used))
    clipped = Surface(grown.mix[used], grown.uv[used], renumbered.reshape(-1, 3), face)
    return clipped, number[np.array(rim, dtype=int).reshape(-1, 2)]


def split(surface: Surface, level: np.ndarray) -> tuple[Surface, np.ndarray]:
    """Cut triangles in two along the line where `level` (per vertex of the surface) is zero; nothing is taken away.

    Vertices keep their numbers, new ones come after them. Triangles that are not cut come first, in their order.

    Returns
    -------
    surface : Surface
        The same surface in finer triangles.
    inside : (T,) bool array
        Whether the level is positive on each of its triangles.
    """
    signs = np.sign(level)[surface.triangles]
    crossing = (signs > 0).any(axis=1) & (signs < 0).any(axis=1)
    cuts: dict[tuple[int, int], int] = {}
    triangles, faces, inside = [], [], []
    for triangle, face in zip(surface.triangles[crossing].tolist(), surface.face[crossing].tolist(), strict=True):
        for positive, polygon in zip((True, False), _two_sides(triangle, level, cuts), strict=True):
            triangles += [[polygon[0], polygon[k], polygon[k + 1]] for k in range(1, len(polygon) - 1)]
            faces += [face] * (len(polygon) - 2)
            inside += [positive] * (len(polygon) - 2)
    grown = _with_cut_vertices(surface, level, cuts)
    finer = np.concatenate([surface.triangles[~crossing], np.array(triangles, dtype=int).reshape(-1, 3)])
    face = np.concatenate([surface.face[~crossing], np.array(faces, dtype=int)])
    whole_inside = (signs[~crossing] > 0).any(axis=1)
    return Surface(grown.mix, grown.uv, finer, face), np.concatenate([whole_inside, np.array(inside, dtype=bool)])


def vertex_normals(positions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return unit normals (V, 3), area weighted; a vertex without area gets (0, 0, 1)."""
    corners = np.ascontiguousarray(triangles.T)
    # axis by axis: three times as fast as rows of x, y, z
    places = [np.ascontiguousarray(axis)[corners] for axis in np.asarray(positions).T]
    (ux, uy, uz), (vx, vy, vz) = ([place[end] - place[0] for place in places] for end in (1, 2))
    sums = np.empty((len(positions), 3))
    for axis, area in enumerate((uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)):
        sums[:, axis] = np.bincount(corners.ravel(), np.concatenate([area, area, area]), len(positions))
    return unit(sums)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return `vectors` (..., 3) at length one; zero becomes (0, 0, 1)."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    zero = length <= 1e-12
    return np.where(zero, [0.0, 0.0, 1.0], vectors / np.where(zero, 1.0, length))


def _cut_triangle(triangle, level, cuts, count) -> tuple[list[int], tuple[int, int]]:
    polygon, entering, leaving = [], -1, -1
    for start, end in zip(triangle, triangle[1:] + triangle[:1], strict=True):
        if level[start] >= 0:
            polygon.append(start)
        if (level[start] >= 0) != (level[end] >= 0):
            vertex = cuts.setdefault((min(start, end), max(start, end)), count + len(cuts))
            polygon.append(vertex)
            if level[start] >= 0:
                leaving = vertex
            else:
                entering = vertex
    return polygon, (leaving, entering)


def _two_sides(triangle: list[int], level: np.ndarray, cuts: dict[tuple[int, int], int]) -> tuple[list[int], list[int]]:
    """Polygons of a triangle's part where the level is positive, and of that where it is negative."""
    above, below = [], []
    for start, end in zip(triangle, triangle[1:] + triangle[:1], strict=True):
        if level[start] >= 0:
            above.append(start)
        if level[start] <= 0:
            below.append(start)
        if level[start] * level[end] < 0:
            vertex = cuts.setdefault((min(start, end), max(start, end)), len(level) + len(cuts))
            above.append(vertex)
            below.append(vertex)
    return above, below


def _with_cut_vertices(surface: Surface, level: np.ndarray, cuts: dict[tuple[int, int], int]) -> Surface:
    from scipy.sparse import vstack

    ends = np.array(list(cuts), dtype=int).reshape(-1, 2)
    first, second = level[ends].T
    share = (first / (first - second))[:, None]
    rows = np.repeat(np.arange(len(ends)), 2)
    values = np.concatenate([1 - share, share], axis=1).ravel()
    blend = coo_matrix((values, (rows, ends.ravel())), shape=(len(ends), len(level))).tocsr()
    mix = csr_matrix(vstack([surface.mix, blend @ surface.mix]))
    return Surface(mix, np.concatenate([surface.uv, blend @ surface.uv]), surface.triangles, surface.face)

"""Triangles that reach behind the near plane, or so far beside the picture that the grid of samples ends, cut off.

Rare, and so done in plain arrays: heads seldom touch the camera.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.pack import CLOSED, RIGID, PackedHead, texel_areas
from synhead_tools.rendering.cpu.transform import GUARD, Places

# A little inside of what can be placed, so that rounding leaves the cut corners inside.
_LIMIT = 0.99 * GUARD
# Columns of a corner: x z, y z and z on the grid; position, normal, texture coordinates.
_GRID, _POSITION, _NORMAL, _UV = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 11)


def clipped(mesh: PackedHead, into: Places, matrix: np.ndarray, near_m: float) -> tuple[PackedHead, Places]:
    """Replace triangles with unplaced vertices by what can be seen of them.

    Parameters
    ----------
    mesh : PackedHead
    into : Places
        From `synhead_tools.rendering.cpu.transform.project_vertices`.
    matrix : (3, 4) float64
        From `synhead_tools.rendering.cpu.transform.grid_matrix`.
    near_m : float
        Distance of the near plane, metres.

    Returns
    -------
    PackedHead, Places
        Copies with other triangles, some new vertices, and triangles of no area where whole ones stood; the planes
        of the mesh stay right.
    """
    crossing = np.flatnonzero((into.inverse_z[mesh.triangles] == 0).any(axis=1))
    corners = _corners(mesh, matrix, crossing)
    planes = np.array(
        [(0, 0, 1, -near_m), (1, 0, _LIMIT, 0), (-1, 0, _LIMIT, 0), (0, 1, _LIMIT, 0), (0, -1, _LIMIT, 0)]
    )
    inside = corners[..., _GRID] @ planes[:, :3].T + planes[:, 3] >= 0
    partly = inside.any(axis=1).all(axis=1)  # none of the planes has all corners behind it
    polygons, sources = [], []
    for triangle, number in zip(corners[partly], crossing[partly], strict=True):
        polygon = list(triangle)
        for plane in planes:
            polygon = _cut(polygon, plane)
        if len(polygon) >= 3:
            polygons.append(np.array(polygon))
            sources.append(number)
    triangles = mesh.triangles.copy()
    triangles[crossing] = triangles[crossing, :1]
    return _with_polygons(mesh._replace(triangles=triangles), into, polygons, np.array(sources, np.int64))


def _corners(mesh: PackedHead, matrix: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Corners (n, 3, 11) of triangles, float64."""
    vertices = mesh.triangles[numbers]
    positions = mesh.positions.T[vertices].astype(np.float64)
    x, y, z = np.moveaxis(positions, -1, 0)
    grid = np.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix], axis=-1)
    return np.concatenate([grid, positions, mesh.normals[vertices], mesh.uv[vertices]], axis=-1)


def _cut(polygon: list[np.ndarray], plane: np.ndarray) -> list[np.ndarray]:
    """The part of a polygon in front of a plane (Sutherland and Hodgman, "Reentrant Polygon Clipping", 1974).

    New corners are reckoned from the inner end of an edge, whichever way round it runs: so triangles that shared the
    edge share the corner.
    """
    distances = [float(plane[0] * p[0] + plane[1] * p[1] + plane[2] * p[2] + plane[3]) for p in polygon]
    out = []
    for k, (here, distance) in enumerate(zip(polygon, distances, strict=True)):
        before, other = polygon[k - 1], distances[k - 1]
        if (distance >= 0) != (other >= 0):
            (inner, near), (outer, far) = ((here, distance), (before, other))[:: 1 if distance >= 0 else -1]
            out.append(inner + (outer - inner) * (near / (near - far)))
        if distance >= 0:
            out.append(here)
    return out


def _with_polygons(
    mesh: PackedHead, into: Places, polygons: list[np.ndarray], sources: np.ndarray
) -> tuple[PackedHead, Places]:
    """Append polygons as fans of triangles, each with what is known of the triangle it comes from."""
    fans = [[(0, k, k + 1) for k in range(1, len(polygon) - 1)] for polygon in polygons]
    firsts = np.cumsum([mesh.positions.shape[1]] + [len(polygon) for polygon in polygons])
    corners = np.concatenate([*polygons, np.zeros((0, 11))])
    parts = [np.array(fan) + first for fan, first in zip(fans, firsts, strict=False)]
    triangles = np.concatenate([*parts, np.zeros((0, 3), np.int64)]).astype(np.uint32)
    source = np.repeat(sources, [len(fan) for fan in fans])
    groups = np.repeat(np.arange(5), np.diff(mesh.group_first))
    # new triangles of closed parts have no planes of their own
    group = np.where(groups[source] == RIGID, CLOSED, groups[source])
    order = np.argsort(np.concatenate([groups, group]), kind="stable")
    uv = np.concatenate([mesh.uv, corners[:, _UV].astype(np.float32)])
    sizes = mesh.levels[mesh.part_level[mesh.triangle_part[source], 0]]
    texels = np.concatenate([mesh.triangle_texels, texel_areas(uv, triangles, sizes)])
    columns = ("triangle_number", "triangle_part", "triangle_kind", "triangle_facing", "triangle_layer")
    grid, inverse_z = corners[:, _GRID], 1 / corners[:, 2]
    return mesh._replace(
        positions=np.concatenate([mesh.positions, corners[:, _POSITION].T.astype(np.float32)], axis=1),
        normals=np.concatenate([mesh.normals, corners[:, _NORMAL].astype(np.float32)]),
        uv=uv,
        triangles=np.concatenate([mesh.triangles, triangles])[order],
        triangle_texels=texels[order],
        group_first=np.searchsorted(np.concatenate([groups, group])[order], np.arange(6)),
        **{name: np.concatenate([getattr(mesh, name), getattr(mesh, name)[source]])[order] for name in columns},
    ), Places(
        np.concatenate([into.grid_x, np.floor(grid[:, 0] * inverse_z + 0.5).astype(np.int32)]),
        np.concatenate([into.grid_y, np.floor(grid[:, 1] * inverse_z + 0.5).astype(np.int32)]),
        np.concatenate([into.inverse_z, inverse_z.astype(np.float32)]),
    )

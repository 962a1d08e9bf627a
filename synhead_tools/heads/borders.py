"""Smooth borders between regions: the skin's triangles are cut where one region ends and the next begins.

Lips, nose, ears, eyelids and neck each have a function on the base vertices, zero on the border. Subdivided with the
mesh it is smooth, and its zero line crosses triangles where it likes; there they are cut in two, on every head the
same ones. So no border follows the edges of the mesh in steps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.regions import Region
from synhead_tools.heads.surface import Surface, split

_SNAP = 0.12  # share of an edge; a cut this close to a vertex goes through it, which spares slivers


def split_regions(skin: Surface, subdivide: csr_matrix, quads_per_face: int) -> tuple[Surface, np.ndarray]:
    """Return the skin with triangles cut along the borders of regions, and the region (T,) uint8 of each.

    Parameters
    ----------
    skin : Surface
        Over subdivided vertices.
    subdivide : csr_matrix
        Base vertices to subdivided vertices.
    quads_per_face : int
        How many quads of the subdivided mesh come from one of the base mesh.
    """
    geometry = load_geometry()
    rest = subdivide @ geometry.vertices_dm
    region = geometry.face_region[skin.face // quads_per_face]
    for claimed, base_level in zip(geometry.level_regions, geometry.region_levels, strict=True):
        level = _snapped(skin.mix @ (subdivide @ base_level), skin.triangles, skin.mix @ rest)
        numbered = replace(skin, face=np.arange(len(skin.triangles)))
        cut, inside = split(numbered, level)
        region, face = region[cut.face], skin.face[cut.face]
        skin = replace(cut, face=face)
        outer = np.isin(region, (Region.SKIN, Region.NECK))  # mouth and sockets end where the data say
        if claimed == Region.NECK:  # as does the neck there, but at a seam of the texture that has a step
            region = np.where(outer, Region.SKIN, region)
        region = np.where(outer & inside, claimed, region).astype(np.uint8)
    return skin, region


def _snapped(level: np.ndarray, triangles: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Set the level of vertices that the line all but touches to zero, the same at both sides of a texture's seam."""
    start, end = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    start, end = np.concatenate([start, end]), np.concatenate([end, start])
    crossing = level[start] * level[end] < 0
    start, end = start[crossing], end[crossing]
    touched = start[np.abs(level[start]) < _SNAP * np.abs(level[start] - level[end])]
    _, place_of = np.unique(np.round(places, 6), axis=0, return_inverse=True)
    place_of = place_of.ravel()
    at_zero = np.isin(place_of, place_of[touched])
    return np.where(at_zero, 0.0, level)

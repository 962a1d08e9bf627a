"""From a part of a foreign mesh to a part of a head: in the head frame, with normals and one picture."""

from __future__ import annotations

import numpy as np

from synhead_tools.heads.foreign.colour import srgb_to_linear
from synhead_tools.heads.foreign.coloured import bake_corner_colours, unrepeat
from synhead_tools.heads.foreign.part_regions import region_of_name
from synhead_tools.heads.foreign.raw_mesh import CUTOUT, OPAQUE, RawMesh, RawPart
from synhead_tools.heads.foreign.recipe import AUTO, PartRule
from synhead_tools.heads.head import Part
from synhead_tools.heads.regions import Region
from synhead_tools.heads.surface import unit, vertex_normals

_INSIDE_M = np.array([0.0, 0.0, 0.07])  # a point in the skull, head frame: surfaces face away from it
_ROUNDING = 1e-6
_SEEN_THROUGH = 0.001  # share of clear texels from which a picture is taken to be cut out


def foreign_part(
    part: RawPart,
    mesh: RawMesh,
    rule: PartRule,
    matrix: np.ndarray,
    origin: np.ndarray,
    unit_m: float,
    notes: list[str],
) -> Part:
    """Return a part as renderers draw it.

    Parameters
    ----------
    part : RawPart
    mesh : RawMesh
        With its picture.
    rule : PartRule
    matrix : (3, 3) array
        The file's axes to the head frame; mirrors if its determinant is negative.
    origin : (3,) array
        In the file's axes and unit.
    unit_m : float
        Metres to a unit of the file.
    notes : list of str
        Takes what people should know.
    """
    vertices_m = (part.vertices - origin) @ matrix.T * unit_m
    picture = np.full((1, 1, 4), 255, np.uint8) if part.picture is None else mesh.pictures[part.picture]
    mode = _alpha_mode(part, rule, picture)
    turned = bool(np.linalg.det(matrix) < 0)
    if part.normals is None and mode == OPAQUE and _faces_inwards(vertices_m, part.triangles) != turned:
        turned = not turned
        notes.append(f"part {part.name} faced inwards and was turned over")
    step = -1 if turned else 1
    triangles = part.triangles[:, ::step]
    corners = None if part.corner_rgba is None else part.corner_rgba[:, ::step]
    normals = _smooth_normals(vertices_m, triangles) if part.normals is None else _unit(part.normals @ matrix.T)
    tint = part.rgb
    if corners is not None and (corners == corners[0, 0]).all():
        tint, corners = tuple(np.multiply(tint, srgb_to_linear(corners[0, 0, :3] / 255)).tolist()), None
    vertices_m, normals, uv, triangles, picture = _coloured(
        part, vertices_m, normals, triangles, corners, picture, notes
    )
    region = region_of_name(part.name) if rule.region is None else Region[rule.region.upper()]
    two_sided = part.two_sided or mode == CUTOUT if rule.two_sided is None else rule.two_sided
    shine = {name: value for name in ("specular", "gloss") if (value := getattr(part, name)) is not None}
    if mode == OPAQUE and picture[..., 3].min() < 255:
        picture = np.dstack([picture[..., :3], np.full(picture.shape[:2], 255, np.uint8)])
    return Part(
        name=part.name,
        vertices_m=vertices_m.astype(np.float32),
        normals=normals.astype(np.float32),
        uv=uv.astype(np.float32),
        triangles=np.ascontiguousarray(triangles, np.int32),
        triangle_region=np.full(len(triangles), region, np.uint8),
        texture=picture,
        alpha_mode=mode,
        alpha_cutoff=part.alpha_cutoff if rule.alpha_cutoff is None else float(rule.alpha_cutoff),
        two_sided=two_sided,
        tint=tint,
        **shine,
    )


def _alpha_mode(part: RawPart, rule: PartRule, picture: np.ndarray) -> str:
    if rule.alpha != AUTO:
        return rule.alpha
    if part.alpha_mode is not None:
        return part.alpha_mode
    return CUTOUT if (picture[..., 3] < 128).mean() > _SEEN_THROUGH else OPAQUE


def _faces_inwards(vertices_m: np.ndarray, triangles: np.ndarray) -> bool:
    """Whether a surface as a whole faces the inside of the head."""
    a, b, c = (vertices_m[triangles[:, corner]] for corner in range(3))
    return bool((np.cross(b - a, c - a) * ((a + b + c) / 3 - _INSIDE_M)).sum() < 0)


def _unit(normals: np.ndarray) -> np.ndarray:
    """Normals of length one; those that have it up to rounding stay as they are."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(np.abs(length - 1) < _ROUNDING, normals, unit(np.nan_to_num(normals)))


def _smooth_normals(vertices_m: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Normals of vertices, those at one place as one: seams of texture coordinates do not show."""
    places, place_of = np.unique(vertices_m, axis=0, return_inverse=True)
    place_of = place_of.reshape(-1)
    return vertex_normals(places, place_of[triangles])[place_of]


def _coloured(
    part: RawPart, vertices_m: np.ndarray, normals: np.ndarray, triangles: np.ndarray, corners: np.ndarray | None,
    picture: np.ndarray, notes: list[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Vertices, normals, uv, triangles and picture, with vertices of their own for corners of different uv."""
    if corners is not None:
        picture, corner_uv = bake_corner_colours(corners)
    elif part.uv is None or part.picture is None:
        return vertices_m, normals, np.full((len(vertices_m), 2), 0.5), triangles, picture
    elif 0 <= part.uv.min() <= part.uv.max() <= 1:
        return vertices_m, normals, part.uv, triangles, picture
    else:
        corner_uv, picture, crossing = unrepeat(part.uv, triangles, picture)
        if crossing:
            notes.append(f"part {part.name} repeats its picture within {crossing} triangles: cut off there")
    keys = np.column_stack([triangles.reshape(-1, 1), corner_uv.reshape(-1, 2)])
    unique, index = np.unique(keys, axis=0, return_inverse=True)
    old = unique[:, 0].astype(np.int64)
    return vertices_m[old], normals[old], unique[:, 1:], index.reshape(-1, 3), picture

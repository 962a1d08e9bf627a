"""A head as flat arrays: what the compiled rasteriser and shader read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from synhead_tools.errors import HeadError
from synhead_tools.heads.pose_neck import bending_of
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.cpu.draw_order import along_curve, in_order_of_use
from synhead_tools.rendering.cpu.mipmap import MipChain, build_mip_chain
from synhead_tools.rendering.cpu.texels import packed_alphas, packed_colours

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

#: Share of light that wraps around the terminator of skin, per colour: a cheap stand-in for light scattered below the
#: surface, strongest in red (after Green, "Real-Time Approximations to Subsurface Scattering", GPU Gems, 2004).
SKIN_WRAP = (0.30, 0.16, 0.10)

# Triangles seen this nearly edge-on are left to the test on the grid of samples.
_PLANE_SLACK_M = 1e-5

# Columns of `PackedHead.material`.
TINT, WRAP_SCALE, WRAP_SHIFT, SPECULAR, GRAZING, ROUGHNESS4, SMITH, CUTOFF = 0, 3, 6, 9, 10, 11, 12, 13
MATERIAL_COLUMNS = 14
# Of `PackedHead.part_mode`.
OPAQUE, CUTOUT, BLEND = 0, 1, 2
_MODES = {"opaque": OPAQUE, "cutout": CUTOUT, "blend": BLEND}
# Of `PackedHead.group_first`.
RIGID, CLOSED, OPEN, CUT, BLENDED = range(5)


class PackedHead(NamedTuple):
    """Everything of a head that does not depend on the pose.

    Triangles stand group after group (`RIGID` to `BLENDED`), part after part, and within a part along a curve through
    space, so that neighbours use the same vertices. Vertices stand in the order in which the triangles use them.
    When the head changes its shape, `triangle_facing` and `part_closed` stay those of the head that
    was packed: a picture must not depend on what was drawn before.

    Attributes
    ----------
    positions : (3, V) float32
        Metres; head frame. Like `normals` it changes with the head's shape.
    normals : (V, 3) float32
    uv : (V, 2) float32
    vertex_place : (V,) uint32
        Where each vertex of the head's parts, one part after another, stands here.
    triangles : (T, 3) uint32
        Unsigned like all that is used to look things up: the compiler then leaves out the test for negative ones.
    triangle_number : (T,) int32
        Number of each triangle in the order of the head's own parts.
    triangle_part : (T,) uint32
    triangle_kind : (T,) uint32
        Region in bits 0 to 7; in bit 8 whether the part is opaque; above it the part.
    triangle_facing : (T,) int8
        +1 where the winding agrees with the normals (counter-clockwise seen from outside), -1 where it does not.
    triangle_texels : (T,) float32
        Area of the triangle in texels of the largest level.
    triangle_layer : (T,) int32
        Number of the connected piece (a card of hair, say) the triangle belongs to.
    material : (P, 14) float32
        Per part: tint (3); 1 / (1 + w) and w / (1 + w) of the wrap w (3 each); specular at normal incidence and at
        90 degrees; GGX alpha squared; k of Schlick's Smith term; alpha cutoff.
    colours, alphas : (N,) uint32 and (N,) uint8
        Mip chains of all parts, one after another; see `synhead_tools.rendering.cpu.texels`.
    levels : (L, 3) int32
        Width, height and first texel of each level.
    part_level : (P, 2) int32
        First level and number of levels of each part's texture.
    group_first : (6,) int64
        First triangle of each group, and the number of triangles: rigid ones of closed parts, others of closed parts,
        of open parts, of cutout parts, of blended parts.
    planes : (4, R) float32
        Of the rigid triangles: normal, and its product with a point of the triangle less a little; where the camera's
        product is not larger it sees their inside.
    rigid : (V,) bool
        Whether a vertex belongs to a rigid triangle. When such a vertex is moved, the planes do not hold.
    part_mode : (P,) uint8
        OPAQUE, CUTOUT or BLEND.
    part_closed : (P,) bool
        Whether the part is a closed surface wound outwards, whose inside no camera outside of it sees.
    behind_region : int
        Region id of the inside of an opaque surface.
    """

    positions: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    vertex_place: np.ndarray
    triangles: np.ndarray
    triangle_number: np.ndarray
    triangle_part: np.ndarray
    triangle_kind: np.ndarray
    triangle_facing: np.ndarray
    triangle_texels: np.ndarray
    triangle_layer: np.ndarray
    material: np.ndarray
    colours: np.ndarray
    alphas: np.ndarray
    levels: np.ndarray
    part_level: np.ndarray
    group_first: np.ndarray
    planes: np.ndarray
    rigid: np.ndarray
    part_mode: np.ndarray
    part_closed: np.ndarray
    behind_region: int


def pack_head(head: Head) -> PackedHead:
    """Flatten a head.

    Parameters
    ----------
    head : Head

    Returns
    -------
    PackedHead

    Raises
    ------
    HeadError
        A part's arrays disagree in length, or a triangle names a vertex that is not there.
    """
    if not head.parts:
        raise HeadError(f"head {head.name!r} has no parts; nothing can be rendered")
    for part in head.parts:
        _check_part(part, head.name)
    parts = head.parts
    chains = [build_mip_chain(part.texture, part.alpha_mode == "opaque") for part in parts]
    modes = np.array([_MODES[part.alpha_mode] for part in parts], np.uint8)
    counts = np.cumsum([0] + [len(part.vertices_m) for part in parts])
    triangles = np.concatenate([p.triangles + first for p, first in zip(parts, counts, strict=False)])
    part_of = np.concatenate([np.full(len(p.triangles), k) for k, p in enumerate(parts)])
    positions = np.concatenate([p.vertices_m for p in parts]).astype(np.float32)
    normals = np.concatenate([p.normals for p in parts]).astype(np.float32)
    uv = np.concatenate([p.uv for p in parts]).astype(np.float32)
    closed = np.array([not part.two_sided and part.alpha_mode == "opaque" and _is_closed(part) for part in parts])
    moving = np.concatenate([np.zeros(len(p.vertices_m), bool) if p.bend is None else p.bend > 0 for p in parts])
    group = _groups(modes[part_of], closed[part_of], moving[triangles].any(axis=1))
    order = np.lexsort((along_curve(positions[triangles].mean(axis=1)), part_of, group))
    triangles, part_of = np.ascontiguousarray(triangles[order], np.uint32), part_of[order]
    region = np.concatenate([p.triangle_region for p in parts]).astype(np.uint32)[order]
    first = np.searchsorted(group[order], np.arange(6))
    layer = _layers(len(positions), triangles)
    used, place = in_order_of_use(len(positions), triangles)
    positions, normals, uv, triangles = positions[used], normals[used], uv[used], place[triangles]
    rigid = np.zeros(len(positions), bool)
    rigid[triangles[: first[1]]] = True
    colours, alphas, levels, part_level = _join_chains(chains)
    return PackedHead(
        positions=np.ascontiguousarray(positions.T),
        normals=normals,
        uv=uv,
        vertex_place=place,
        triangles=triangles,
        triangle_number=order.astype(np.int32),
        triangle_part=part_of.astype(np.uint32),
        triangle_kind=(part_of << 9 | (modes[part_of] == OPAQUE) << 8).astype(np.uint32) | region,
        triangle_facing=np.where(closed[part_of], 1, _facing(positions, normals, triangles)).astype(np.int8),
        triangle_texels=texel_areas(uv, triangles, levels[part_level[part_of, 0]]),
        triangle_layer=layer,
        material=np.stack([_material_row(part) for part in parts]),
        colours=colours,
        alphas=alphas,
        levels=levels,
        part_level=part_level,
        group_first=first,
        planes=_planes(positions, triangles[: first[1]]),
        rigid=rigid,
        part_mode=modes,
        part_closed=closed,
        behind_region=int(Region.NECK),
    )


def packed_as(head: Head) -> Head:
    """Return the head whose packed form serves `head` once its vertices are put in: its `rest`, or itself."""
    rest = head.rest
    if rest is None or len(rest.parts) != len(head.parts):
        return head
    for part, other in zip(head.parts, rest.parts, strict=True):
        if part is other:
            continue
        same = part.triangles is other.triangles and part.triangle_region is other.triangle_region
        if not (same and part.uv is other.uv and part.texture is other.texture):
            return head  # it was taken apart since
        bending = bending_of(part)
        shape = part if bending is None else bending.straight
        if shape is other:
            continue
        if shape.vertices_m.shape != other.vertices_m.shape or shape.normals.shape != other.normals.shape:
            return head
    return rest


def _material_row(part: Part) -> np.ndarray:
    wrap = np.array(SKIN_WRAP if part.name == "skin" else (0.0, 0.0, 0.0))
    # A Blinn-Phong exponent n corresponds to GGX of alpha^2 = 2 / (n + 2) (Karis, "Specular BRDF Reference", 2013).
    alpha_squared = 2.0 / (max(float(part.gloss), 0.0) + 2.0)
    smith = (np.sqrt(np.sqrt(alpha_squared)) + 1) ** 2 / 8
    grazing = min(25.0 * part.specular, 1.0)
    shine = (part.specular, grazing, alpha_squared, smith)
    return np.array([*part.tint, *(1 / (1 + wrap)), *(wrap / (1 + wrap)), *shine, part.alpha_cutoff], np.float32)


def _check_part(part: Part, head_name: str) -> None:
    vertices = len(part.vertices_m)
    where = f"part {part.name!r} of head {head_name!r}"
    if part.alpha_mode not in _MODES:
        raise HeadError(f"{where} has alpha_mode {part.alpha_mode!r}; give one of {', '.join(_MODES)}")
    if part.normals.shape != (vertices, 3) or part.uv.shape != (vertices, 2):
        raise HeadError(f"{where} has {vertices} vertices, normals {part.normals.shape} and uv {part.uv.shape}")
    if part.triangle_region.shape != (len(part.triangles),):
        raise HeadError(f"{where} has {len(part.triangles)} triangles, regions {part.triangle_region.shape}")
    if len(part.triangles) and not 0 <= part.triangles.min() <= part.triangles.max() < vertices:
        raise HeadError(f"{where} has a triangle with a vertex number outside 0..{vertices - 1}")


def _edges(values: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two edges of each triangle, in float64, of what stands at its vertices."""
    corners = values.astype(np.float64)[triangles]
    return corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]


def _facing(positions: np.ndarray, normals: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    first, second = _edges(positions, triangles)
    normal = normals.astype(np.float64)[triangles].sum(axis=1)
    return np.where((np.cross(first, second) * normal).sum(axis=1) < 0, -1, 1).astype(np.int8)


def _groups(mode: np.ndarray, closed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    opaque = np.where(closed, np.where(moving, CLOSED, RIGID), OPEN)
    return np.where(mode == OPAQUE, opaque, np.where(mode == CUTOUT, CUT, BLENDED))


def _planes(positions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    normal = np.cross(*_edges(positions, triangles))
    normal /= np.maximum(np.sqrt((normal**2).sum(axis=1, keepdims=True)), 1e-30)
    least = (normal * positions.astype(np.float64)[triangles[:, 0]]).sum(axis=1) - _PLANE_SLACK_M
    return np.ascontiguousarray(np.column_stack([normal, least]).T, np.float32)


def _is_closed(part: Part) -> bool:
    """Whether every edge belongs to two triangles that run along it in opposite directions, and these face outwards.

    Vertices at one place (seams of the texture) count as one.
    """
    places = np.round(part.vertices_m.astype(np.float64) * 1e6).astype(np.int64)
    _, place_of = np.unique(places, axis=0, return_inverse=True)
    triangles = place_of.reshape(-1)[part.triangles].astype(np.int64)
    triangles = triangles[(triangles != np.roll(triangles, -1, axis=1)).all(axis=1)]  # of some area
    starts, ends, count = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel(), len(part.vertices_m)
    there, back = np.sort(starts * count + ends), np.sort(ends * count + starts)
    if not np.array_equal(there, back) or (np.diff(there) == 0).any():
        return False
    a, b, c = np.moveaxis(part.vertices_m.astype(np.float64)[part.triangles], 1, 0)
    return bool((np.cross(a, b) * c).sum() > 0)  # six times the volume


def texel_areas(uv: np.ndarray, triangles: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Areas of triangles in texels of textures of the given sizes (n, 2 or more): width, height."""
    first, second = _edges(uv, triangles)
    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return (area * sizes[:, 0] * sizes[:, 1]).astype(np.float32)


def _layers(vertices: int, triangles: np.ndarray) -> np.ndarray:
    starts, ends = triangles[:, [0, 1]].ravel().astype(np.int64), triangles[:, [1, 2]].ravel().astype(np.int64)
    graph = coo_array((np.ones(len(starts), np.uint8), (starts, ends)), shape=(vertices, vertices))
    return connected_components(graph, directed=False)[1][triangles[:, 0]].astype(np.int32)


def _join_chains(chains: list[MipChain]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first_texel = np.cumsum([0] + [len(chain.texels) for chain in chains])
    first_level = np.cumsum([0] + [len(chain.sizes) for chain in chains])
    if first_texel[-1] > np.iinfo(np.int32).max:
        raise HeadError(f"the textures have {first_texel[-1]} texels; give smaller ones, of 2^31 together")
    starts = np.concatenate([chain.starts + first for chain, first in zip(chains, first_texel, strict=False)])
    return (
        np.concatenate([packed_colours(chain) for chain in chains]),
        np.concatenate([packed_alphas(chain) for chain in chains]),
        np.column_stack([np.concatenate([chain.sizes for chain in chains]), starts]).astype(np.int32),
        np.stack([first_level[:-1], np.diff(first_level)], axis=1).astype(np.int32),
    )

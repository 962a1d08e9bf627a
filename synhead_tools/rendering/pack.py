"""A head as flat arrays: what the compiled rasteriser and shader read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from synhead_tools.errors import HeadError
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.mipmap import MipChain, build_mip_chain

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

#: Share of light that wraps around the terminator of skin, per colour: a cheap stand-in for light scattered below the
#: surface, strongest in red (after Green, "Real-Time Approximations to Subsurface Scattering", GPU Gems, 2004).
SKIN_WRAP = (0.30, 0.16, 0.10)

# Columns of `PackedHead.material`.
TINT, WRAP, SPECULAR, ROUGHNESS4, CUTOFF, CUTOUT = 0, 3, 6, 7, 8, 9
MATERIAL_COLUMNS = 10


class PackedHead(NamedTuple):
    """Everything of a head that does not depend on the pose. Opaque triangles stand before cutout ones.

    When the head changes its shape, `triangle_facing` and `part_closed` stay those of the head that
    was packed: a picture must not depend on what was drawn before.

    Attributes
    ----------
    attributes : (V, 8) float32
        Position in metres (3), u, v, normal (3) of each vertex; head frame.
    triangles : (T, 3) int32
    triangle_number : (T,) int32
        Number of each triangle in the order of the head's own parts.
    triangle_part : (T,) uint8
    triangle_region : (T,) uint8
    triangle_facing : (T,) int8
        +1 where the winding agrees with the normals (counter-clockwise seen from outside), -1 where it does not.
    triangle_texels : (T,) float32
        Area of the triangle in texels of the largest level.
    triangle_layer : (T,) int32
        Number of the connected piece (a card of hair, say) the triangle belongs to.
    material : (P, 10) float32
        Per part: tint (3), wrap (3), specular at normal incidence, GGX alpha squared, alpha cutoff, 1 if cutout.
    texels : (N, 4) uint16
        Mip chains of all parts, one after another; see `MipChain`.
    level_size : (L, 2) int32
    level_start : (L,) int64
    part_level : (P, 2) int32
        First level and number of levels of each part's texture.
    part_closed : (P,) bool
        Whether the part is a closed surface wound outwards, whose inside no camera outside of it sees.
    behind_region : int
        Region id of the inside of an opaque surface.
    """

    attributes: np.ndarray
    triangles: np.ndarray
    triangle_number: np.ndarray
    triangle_part: np.ndarray
    triangle_region: np.ndarray
    triangle_facing: np.ndarray
    triangle_texels: np.ndarray
    triangle_layer: np.ndarray
    material: np.ndarray
    texels: np.ndarray
    level_size: np.ndarray
    level_start: np.ndarray
    part_level: np.ndarray
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
    chains = [build_mip_chain(part.texture, part.alpha_mode != "cutout") for part in head.parts]
    counts = np.cumsum([0] + [len(part.vertices_m) for part in head.parts])
    triangles = np.concatenate([p.triangles + first for p, first in zip(head.parts, counts, strict=False)])
    part_of = np.concatenate([np.full(len(p.triangles), k, np.uint8) for k, p in enumerate(head.parts)])
    material = np.stack([_material_row(part) for part in head.parts]).astype(np.float32)
    # Opaque first: what they hide of the cutout parts then needs no look into a texture.
    order = np.argsort(material[part_of, CUTOUT], kind="stable")
    attributes = np.concatenate([np.hstack([p.vertices_m, p.uv, p.normals]) for p in head.parts])
    attributes = np.ascontiguousarray(attributes, np.float32)
    triangles = np.ascontiguousarray(triangles[order], np.int32)
    closed = np.array([not part.two_sided and _is_closed(part) for part in head.parts])
    texels, level_size, level_start, part_level = _join_chains(chains)
    return PackedHead(
        attributes=attributes,
        triangles=triangles,
        triangle_number=order.astype(np.int32),
        triangle_part=part_of[order],
        triangle_region=np.concatenate([p.triangle_region for p in head.parts]).astype(np.uint8)[order],
        triangle_facing=np.where(closed[part_of[order]], 1, _facing(attributes, triangles)).astype(np.int8),
        triangle_texels=_texel_areas(attributes, triangles, level_size[part_level[part_of[order], 0]]),
        triangle_layer=_layers(len(attributes), triangles),
        material=material,
        texels=texels,
        level_size=level_size,
        level_start=level_start,
        part_level=part_level,
        part_closed=closed,
        behind_region=int(Region.NECK),
    )


def packed_as(head: Head) -> Head:
    """Return the head whose packed form serves `head` once its vertices are put in: its `rest`, or itself."""
    rest = head.rest
    if rest is None or len(rest.parts) != len(head.parts):
        return head
    names = ("triangles", "triangle_region", "uv", "texture")
    for part, other in zip(head.parts, rest.parts, strict=True):
        if any(getattr(part, name) is not getattr(other, name) for name in names):
            return head  # it was taken apart since
        if part.vertices_m.shape != other.vertices_m.shape or part.normals.shape != other.normals.shape:
            return head
    return rest


def _material_row(part: Part) -> np.ndarray:
    wrap = SKIN_WRAP if part.name == "skin" else (0.0, 0.0, 0.0)
    # A Blinn-Phong exponent n corresponds to GGX of alpha^2 = 2 / (n + 2) (Karis, "Specular BRDF Reference", 2013).
    alpha_squared = 2.0 / (max(float(part.gloss), 0.0) + 2.0)
    cutout = part.alpha_mode == "cutout"
    return np.array([*part.tint, *wrap, part.specular, alpha_squared, part.alpha_cutoff, cutout], np.float32)


def _check_part(part: Part, head_name: str) -> None:
    vertices = len(part.vertices_m)
    where = f"part {part.name!r} of head {head_name!r}"
    if part.normals.shape != (vertices, 3) or part.uv.shape != (vertices, 2):
        raise HeadError(f"{where} has {vertices} vertices, normals {part.normals.shape} and uv {part.uv.shape}")
    if part.triangle_region.shape != (len(part.triangles),):
        raise HeadError(f"{where} has {len(part.triangles)} triangles, regions {part.triangle_region.shape}")
    if len(part.triangles) and not 0 <= part.triangles.min() <= part.triangles.max() < vertices:
        raise HeadError(f"{where} has a triangle with a vertex number outside 0..{vertices - 1}")


def _corners(attributes: np.ndarray, triangles: np.ndarray, columns: slice) -> tuple[np.ndarray, np.ndarray]:
    """Two edges of each triangle, in float64, of the given columns."""
    corners = attributes[:, columns].astype(np.float64)[triangles]
    return corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]


def _facing(attributes: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    first, second = _corners(attributes, triangles, slice(0, 3))
    normal = attributes[:, 5:8].astype(np.float64)[triangles].sum(axis=1)
    return np.where((np.cross(first, second) * normal).sum(axis=1) < 0, -1, 1).astype(np.int8)


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


def _texel_areas(attributes: np.ndarray, triangles: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    first, second = _corners(attributes, triangles, slice(3, 5))
    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return (area * sizes[:, 0] * sizes[:, 1]).astype(np.float32)


def _layers(vertices: int, triangles: np.ndarray) -> np.ndarray:
    starts, ends = triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel()
    graph = coo_array((np.ones(len(starts), np.uint8), (starts, ends)), shape=(vertices, vertices))
    return connected_components(graph, directed=False)[1][triangles[:, 0]].astype(np.int32)


def _join_chains(chains: list[MipChain]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first_texel = np.cumsum([0] + [len(chain.texels) for chain in chains])
    first_level = np.cumsum([0] + [len(chain.sizes) for chain in chains])
    return (
        np.concatenate([chain.texels for chain in chains]),
        np.concatenate([chain.sizes for chain in chains]),
        np.concatenate([chain.starts + first for chain, first in zip(chains, first_texel, strict=False)]),
        np.stack([first_level[:-1], np.diff(first_level)], axis=1).astype(np.int32),
    )

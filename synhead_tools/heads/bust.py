"""The skin surface: subdivided, cut to a bust, and closed below so that no pose looks into it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.borders import split_regions
from synhead_tools.heads.regions import Region
from synhead_tools.heads.subdivision import catmull_clark, linear
from synhead_tools.heads.surface import Surface, clip, split_quads, vertex_normals

# The bust ends where the rest mesh leaves this ellipsoid (dm, y up), below the height where it is cut at all.
_CENTRE_DM = np.array([0.0, 6.6, 0.35])
_RADII_DM = np.array([1.5, 1.72, 1.3])
_UNCUT_ABOVE_DM = 6.15
_CAP_DEPTH_DM = 0.30
_CAP_RINGS = 8

#: Levels of detail of the skin: how often the base mesh's quads are halved. All lie on (nearly) one surface.
DETAILS = (0, 1, 2)
DEFAULT_DETAIL = 1


@dataclass(frozen=True)
class BustTopology:
    """Everything about the skin that is the same for all heads.

    Attributes
    ----------
    subdivide : csr_matrix
        Base vertices to subdivided vertices; the first ones are the base vertices themselves.
    control_triangles : (T, 3) int array
        Triangles of the whole subdivided skin, for normals.
    skin : Surface
        The cut skin over subdivided vertices.
    rim : (R,) int array
        Vertices of `skin` along the cut, in order around the vertical axis.
    region : (T,) uint8
        Region of each triangle of `skin`.
    """

    subdivide: csr_matrix
    control_triangles: np.ndarray
    skin: Surface
    rim: np.ndarray
    region: np.ndarray


def bust_level(rest_dm: np.ndarray, slack: float = 1.0) -> np.ndarray:
    """Return a function of rest positions (..., 3) (dm, mesh frame) that is negative outside of the bust.

    `slack` scales the ellipsoid: hair lies outside of the skin.
    """
    radius = np.linalg.norm((rest_dm - _CENTRE_DM) / (_RADII_DM * slack), axis=-1)
    return np.maximum(1.0 - radius, rest_dm[..., 1] - _UNCUT_ABOVE_DM)


@lru_cache(maxsize=len(DETAILS))
def bust_topology(detail: int = DEFAULT_DETAIL) -> BustTopology:
    """Return the topology of the skin at a level of detail (0.3 s, then cached).

    Raises
    ------
    HeadError
        No such level.
    """
    geometry = load_geometry()
    subdivide, faces, uv, face_uv = subdivided(detail)
    rest = subdivide @ geometry.vertices_dm
    whole = split_quads(faces, uv, face_uv, len(rest))
    skin, rim = clip(whole, whole.mix @ bust_level(rest))
    control_triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    skin, region = split_regions(skin, subdivide, 4**detail)
    return BustTopology(subdivide, control_triangles, skin, _around(skin.mix @ rest, rim), region)


def subdivided(detail: int) -> tuple[csr_matrix, np.ndarray, np.ndarray, np.ndarray]:
    """Return the whole skin at a level of detail: operator from base vertices, quads, uv (v down), quads of uv.

    The first rows are the base vertices, where one step of subdivision puts them: so level 0 lies on level 1, not on
    the (larger) cage. Quad k comes from base quad ``k // 4**detail``.
    """
    if detail not in DETAILS:
        raise HeadError(f"level of detail {detail!r} is unknown; give {', '.join(map(str, DETAILS))}")
    geometry = load_geometry()
    count = len(geometry.vertices_dm)
    subdivide, faces = catmull_clark(geometry.faces, count)
    if detail == 0:
        return subdivide[:count], geometry.faces, geometry.uv, geometry.face_uv
    refine, face_uv = linear(geometry.face_uv, len(geometry.uv))
    uv = refine @ geometry.uv
    for _ in range(1, detail):
        step, faces = catmull_clark(faces, subdivide.shape[0])
        refine, face_uv = linear(face_uv, len(uv))
        subdivide, uv = csr_matrix(step @ subdivide), refine @ uv
    return subdivide, faces, uv, face_uv


def skin_mesh(
    vertices_dm: np.ndarray, detail: int = DEFAULT_DETAIL
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (dm), unit normals, uv, triangles and regions of the closed bust of one morphed head.

    Parameters
    ----------
    vertices_dm : (V, 3) array
        Morphed base vertices, mesh frame.
    detail : int
        One of `DETAILS`.
    """
    topology = bust_topology(detail)
    control = topology.subdivide @ vertices_dm
    skin = topology.skin
    positions = skin.mix @ control
    normals = skin.mix @ vertex_normals(control, topology.control_triangles)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    cap, cap_triangles = _cap(positions[topology.rim])
    cap_uv = np.broadcast_to(skin.uv[topology.rim[0]], (len(cap), 2))
    return (
        np.concatenate([positions, cap]),
        np.concatenate([normals, vertex_normals(cap, cap_triangles)]),
        np.concatenate([skin.uv, cap_uv]),
        np.concatenate([skin.triangles, cap_triangles + len(positions)]),
        np.concatenate([topology.region, np.full(len(cap_triangles), Region.NECK, dtype=np.uint8)]),
    )


def _around(rest: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Order the rim's vertices by azimuth, starting in front, one per position (uv seams double some)."""
    vertices = np.unique(rim)
    offset = rest[vertices] - _CENTRE_DM
    azimuth = np.arctan2(offset[:, 0], offset[:, 2]) % (2 * np.pi)
    order = np.argsort(azimuth)
    distinct = np.diff(azimuth[order], prepend=-1.0) > 1e-6
    return vertices[order][distinct]


def _cap(rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Close the bust with a shallow bowl from `rim` (R, 3) down to a point; triangles face outward."""
    count = len(rim)
    centre = rim.mean(axis=0)
    angles = np.linspace(0, np.pi / 2, _CAP_RINGS + 1)[:-1]
    rings = [centre + np.cos(angle) * (rim - centre) - [0, _CAP_DEPTH_DM * np.sin(angle), 0] for angle in angles]
    vertices = np.concatenate([*rings, [centre - [0, _CAP_DEPTH_DM, 0]]])
    here = np.arange(count)
    following = (here + 1) % count
    triangles = []
    for ring in range(_CAP_RINGS - 1):
        a, b = ring * count + here, ring * count + following
        triangles += [np.column_stack([a, a + count, b]), np.column_stack([b, a + count, b + count])]
    last = (_CAP_RINGS - 1) * count
    triangles.append(np.column_stack([last + here, np.full(count, len(vertices) - 1), last + following]))
    return vertices, np.concatenate(triangles)

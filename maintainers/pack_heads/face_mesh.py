"""The dense face mesh: a thousand vertices of the base mesh's face, with triangles that are the same for ever.

Half of the face is simplified and mirrored. Eyes are covered by a fan around the pupil, the mouth by a strip between
the lips, so that the surface is a disc without holes. All 68 landmarks are vertices.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import atlas
import numpy as np
from basemesh import LANDMARKS_68, LEFT_EYE, RIGHT_EYE, BaseMesh
from scipy.spatial import cKDTree
from simplify import Simplifier
from unroll import border_edges, loops, unrolled

from synhead_tools.heads.regions import Region

MOST_VERTICES = 1024
RIGHT_PUPIL, LEFT_PUPIL = -1, -2  # in the place of a vertex number

_AVERAGE = """
sex = 0.5
age_years = 40
variation = 0.0
skin = "young_caucasian_female"
hair = "none"
brows = "eyebrow001"
eyes = "brown"
hair_rgb = [0.2, 0.2, 0.2]
brow_rgb = [0.2, 0.2, 0.2]
[ancestry]
african = 1
asian = 1
caucasian = 1
"""

# Outline of the face, seen from the side: how far back it reaches (z, dm) at which height (y).
_BACK_LINE = ((6.0, 0.62), (6.5, 0.62), (6.8, 0.50), (6.9, 0.48), (7.25, 0.58), (7.55, 0.66), (7.8, 0.88), (8.05, 1.25))
_HAIRLINE_DM = 8.06
_TEMPLES_FALL = 0.4
_ABOVE_NECK, _BEFORE_EAR = -4.0, 0.0  # values of the regions' functions
_INNER = slice(17, 68)  # landmarks of brows, nose, eyes and mouth, where vertices lie closer together
_CLOSER, _CLOSER_WITHIN_DM = 2.0, 0.12
_SLACK_TEXELS = 2.0  # a vertex this far outside of a region's border counts as on it
_PUPIL_DM = 0.12  # before the eyeball's centre


def face_mesh_arrays(
    base: BaseMesh, kept: np.ndarray, used: np.ndarray, levels: dict[Region, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return vertices (MakeHuman's numbers and positions in `used`), triangles, mirror map, landmarks and regions.

    Pupils, the last two vertices, have the numbers `RIGHT_PUPIL` and `LEFT_PUPIL` and no place in `used` (0 is given).
    """
    mirror = _mirror_of(base, kept)
    left = _simplified(base.vertices, _left_half(base, kept, levels))
    sided = np.concatenate([left, mirror[left][:, ::-1]])
    triangles = _closed(base, sided, mirror)
    numbers = np.unique(triangles[triangles >= 0])
    order = np.concatenate([numbers, [RIGHT_PUPIL, LEFT_PUPIL]])
    place = {int(number): k for k, number in enumerate(order)}
    mirrored = [*mirror[numbers].tolist(), LEFT_PUPIL, RIGHT_PUPIL]
    finer = np.vectorize(place.get)(triangles)
    landmarks = [place[number] for number in LANDMARKS_68]
    region = _vertex_regions(numbers, levels)
    pupils = [base.vertices[list(eye)].mean(axis=0) + [0, 0, _PUPIL_DM] for eye in (RIGHT_EYE, LEFT_EYE)]
    places = np.concatenate([base.vertices[numbers], pupils])
    rim = loops(finer)[0]
    middle = sorted((v for v in rim if abs(places[v, 0]) < 1e-6), key=lambda v: places[v, 1])
    return {
        "hm08_vertices": order.astype(np.int32),
        "base_vertices": np.append(np.searchsorted(used, numbers), [0, 0]).astype(np.uint16),
        "triangles": finer.astype(np.uint16),
        "mirror": np.array([place[number] for number in mirrored], np.uint16),
        "landmarks68": np.array(landmarks, np.uint16),
        "points5": np.array([place[RIGHT_PUPIL], place[LEFT_PUPIL], *(landmarks[k] for k in (30, 48, 54))], np.uint16),
        "vertex_region": region,
        "triangle_region": _triangle_regions(finer, region),
        "uv": np.round(unrolled(places, finer, top=middle[-1], bottom=middle[0]) * 65535).astype(np.uint16),
    }


def average_face_m(assets: Path, base_vertices: np.ndarray) -> np.ndarray:
    """Return the mesh (M, 3) float32 on the average face, head frame, of the geometry already written to `assets`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "assets").symlink_to(assets.resolve())
        os.environ["SYNHEAD_MESHES"] = folder
        from synhead_tools.heads.build import morphed_vertices, to_head_frame
        from synhead_tools.heads.eyeballs import eye_centres
        from synhead_tools.heads.face_mesh import face_mesh_points
        from synhead_tools.heads.recipe import parse_recipe

        vertices = morphed_vertices(parse_recipe(_AVERAGE))
        points = face_mesh_points(base_vertices.astype(int), vertices, vertices)
        return np.round(to_head_frame(points, np.mean(eye_centres(vertices), axis=0)), 6).astype(np.float32)


def _left_half(base: BaseMesh, kept: np.ndarray, levels: dict[Region, np.ndarray]) -> np.ndarray:
    """Triangles of the subject's left half of the face, its outline without spikes."""
    places = base.vertices
    x, y, z = places.T
    height, back = np.array(_BACK_LINE).T
    inside = (z > np.interp(y, height, back)) & (y < _HAIRLINE_DM - _TEMPLES_FALL * x**2)
    inside &= (levels[Region.NECK] < _ABOVE_NECK) & (levels[Region.EAR] < _BEFORE_EAR)
    on_head = base.faces[kept[base.island[kept] == atlas.HEAD]]
    left = on_head[places[on_head][..., 0].min(axis=1) > -1e-6]
    corners = inside[left].sum(axis=1)
    halves = np.array([[v for v in quad if inside[v]] for quad in left[corners == 3].tolist()])
    triangles = np.concatenate([_triangulated(places, left[corners == 4]), halves])
    while (spikes := _spikes(triangles, np.abs(x) < 1e-6)).any():
        triangles = triangles[~spikes]
    return triangles


def _spikes(triangles: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Which triangles are joined to the whole face by one edge only, but for landmarks at their tips."""
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, which, counts = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    on_border = ((counts[which.ravel()] == 1) & ~middle[edges].all(axis=1)).reshape(-1, 3)
    joined = np.argmin(on_border, axis=1)  # edge k runs from corner k to the next: the tip is the one after
    tips = triangles[np.arange(len(triangles)), (joined + 2) % 3]
    return (on_border.sum(axis=1) == 2) & ~np.isin(tips, LANDMARKS_68)


def _mirror_of(base: BaseMesh, kept: np.ndarray) -> np.ndarray:
    vertices = np.unique(base.faces[kept])
    places = base.vertices[vertices]
    mirror = np.full(len(base.vertices), -1)
    mirror[vertices] = vertices[cKDTree(places).query(places * [-1, 1, 1])[1]]
    return mirror


def _simplified(places: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Fewer triangles of the left half: with its mirror image and two pupils, `MOST_VERTICES` vertices."""
    middle = np.abs(places[:, 0]) < 1e-6
    kept = np.isin(np.arange(len(places)), [*LANDMARKS_68, *_border_vertices(triangles, middle)])
    distance = cKDTree(places[list(LANDMARKS_68[_INNER])]).query(places)[0]
    weight = 1 + _CLOSER * np.clip(1 - distance / _CLOSER_WITHIN_DM, 0, 1)
    mesh = Simplifier(places, triangles, weight, kept, middle.astype(int))
    mesh.collapse_until(lambda: 2 * mesh.vertex_count() - int(middle[list(mesh.around)].sum()) + 2 <= MOST_VERTICES)
    mesh.flip_edges()
    return mesh.result()


def _triangulated(places: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Split each quad along its shorter diagonal."""
    a, b, c, d = places[quads].swapaxes(0, 1)
    first = np.linalg.norm(a - c, axis=1) <= np.linalg.norm(b - d, axis=1)
    one = np.where(first[:, None], quads[:, [0, 1, 2]], quads[:, [0, 1, 3]])
    other = np.where(first[:, None], quads[:, [0, 2, 3]], quads[:, [1, 2, 3]])
    return np.stack([one, other], axis=1).reshape(-1, 3)


def _border_vertices(triangles: np.ndarray, both_on: np.ndarray) -> np.ndarray:
    """Vertices where the border leaves the middle line: neighbours along it are one on the line, one off it."""
    edges = border_edges(triangles)
    leaving = edges[both_on[edges[:, 0]] != both_on[edges[:, 1]]].ravel()
    return leaving[both_on[leaving]]


def _closed(base: BaseMesh, triangles: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Cover eyes and mouth: every border but the outline's."""
    corner = LANDMARKS_68[54]
    new = []
    rims = loops(triangles)  # the outline is the longest
    for loop in rims:
        if LANDMARKS_68[42] in loop or LANDMARKS_68[36] in loop:
            pupil = LEFT_PUPIL if LANDMARKS_68[42] in loop else RIGHT_PUPIL
            new += [[after, start, pupil] for start, after in zip(loop, loop[1:] + loop[:1], strict=True)]
        elif loop is not rims[0]:
            half = _zipped(base.vertices, loop, corner)
            new += half + mirror[np.array(half)][:, ::-1].tolist()
    return np.concatenate([triangles, new])


def _zipped(places: np.ndarray, loop: list[int], corner: int) -> list[list[int]]:
    """Triangles between the lips of the left half: from the corner on, next comes the shorter of two edges."""
    nearest = min(loop, key=lambda v: (np.linalg.norm(places[v] - places[corner]), v))
    start = loop.index(nearest)
    ring = loop[start:] + loop[:start]
    middle = [k for k, v in enumerate(ring) if abs(places[v, 0]) < 1e-6]
    one, other = ring[: middle[0] + 1], [ring[0], *ring[: middle[-1] - 1 : -1]]
    i, k, triangles = 0, 0, []
    while i + 1 < len(one) or k + 1 < len(other):
        ahead = [
            np.linalg.norm(places[one[i + 1]] - places[other[k]]) if i + 1 < len(one) else np.inf,
            np.linalg.norm(places[one[i]] - places[other[k + 1]]) if k + 1 < len(other) else np.inf,
        ]
        if ahead[0] <= ahead[1]:
            triangle, i = [one[i + 1], one[i], other[k]], i + 1
        else:
            triangle, k = [one[i], other[k], other[k + 1]], k + 1
        triangles.append(triangle)
    return [t for t in triangles if len(set(t)) == 3]


def _vertex_regions(numbers: np.ndarray, levels: dict[Region, np.ndarray]) -> np.ndarray:
    region = np.full(len(numbers) + 2, Region.SKIN, np.uint8)
    for claimed, level in levels.items():
        region[:-2][level[numbers] >= -_SLACK_TEXELS] = claimed
    region[-2:] = Region.EYE
    return region


def _triangle_regions(triangles: np.ndarray, vertex_region: np.ndarray) -> np.ndarray:
    """What all corners share, skin where they differ; what has a pupil is an eye."""
    corners = vertex_region[triangles]
    region = np.where((corners == corners[:, :1]).all(axis=1), corners[:, 0], Region.SKIN)
    return np.where((corners == Region.EYE).any(axis=1), Region.EYE, region).astype(np.uint8)

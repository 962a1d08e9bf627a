"""Simple things that people hold before their faces, as parts; each about its own origin, in the head frame's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.heads.head import Part
from synhead_tools.heads.regions import Region
from synhead_tools.heads.surface import vertex_normals
from synhead_tools.heads.wires import joined, tube

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head

_UP = np.array([0.0, 0.0, 1.0])
_PHONE_M = (0.037, 0.075, 0.0045)  # half width, height, depth
_RING = 24
# The mask, seen from a point inside the head at the height of the mouth: to the sides, up and down.
_SIDE_DEG, _DOWN_DEG, _ROWS, _COLUMNS = 68.0, 62.0, 19, 29
_EYE_BELOW_M, _MASK_GAP_M, _BEHIND_M, _NOSE_REACH_M = 0.021, 0.006, 0.03, 0.075
_USUAL_MOUTH_M = (0.0, 0.072, 0.03)


def phone() -> Part:
    """A telephone: a flat slab with rounded corners, its screen at -z; x to the side, y down."""
    angle = 2 * np.pi * np.arange(_RING) / _RING
    cosine, sine = np.cos(angle), np.sin(angle)
    outline = np.stack([_superellipse(cosine) * _PHONE_M[0], _superellipse(sine) * _PHONE_M[1]], axis=1)
    rings = [(outline * share, z) for share, z in ((0.97, -1), (1.0, -0.6), (1.0, 0.6), (0.97, 1))]
    vertices = np.concatenate([np.column_stack([ring, np.full(_RING, z * _PHONE_M[2])]) for ring, z in rings])
    return _part("phone", *_capped(vertices, len(rings)), specular=0.05, gloss=120.0)


def microphone() -> Part:
    """A microphone: a ball at the origin on a handle that goes down (+y)."""
    ball = tube(np.column_stack([np.zeros(11), np.cos(np.pi * np.arange(11) / 10) * -0.026, np.zeros(11)]),
                *[np.maximum(np.sin(np.pi * np.arange(11) / 10) * 0.026, 0.001)] * 2, up=_UP, closed=False)  # fmt: skip
    length = np.array([0.018, 0.05, 0.14, 0.21])
    handle = tube(np.column_stack([0 * length, length, 0 * length]), *[np.array([0.013, 0.014, 0.011, 0.010])] * 2,
                  up=_UP, closed=False)  # fmt: skip
    vertices, _, triangles = joined([ball, handle])
    return _part("microphone", vertices, triangles, specular=0.06, gloss=40.0)


def hand() -> Part:
    """A flat hand, its palm towards +z, fingers upwards (-y), with a piece of the arm."""
    pieces = [
        _limb([(0.0, 0.16, -0.01), (0.0, 0.08, -0.005), (0.0, 0.045, 0.0)], [0.030, 0.026, 0.028], [0.6, 0.6, 0.5])
    ]
    pieces.append(_limb([(0.0, 0.05, 0.0), (0.0, 0.02, -0.004), (0.0, -0.02, -0.003), (0.0, -0.042, 0.0)],
                        [0.030, 0.040, 0.042, 0.036], [0.45, 0.38, 0.30, 0.25]))  # fmt: skip
    for x, length in ((-0.031, 0.062), (-0.010, 0.074), (0.011, 0.070), (0.031, 0.054)):
        tip = (x * 1.12, -0.035 - length, 0.006)
        pieces.append(
            _limb([(x, -0.030, 0.0), (x * 1.06, -0.035 - 0.55 * length, -0.003), tip], [0.0095, 0.0088, 0.0066])
        )
    pieces.append(_limb([(0.030, 0.030, 0.0), (0.056, -0.002, 0.004), (0.066, -0.032, 0.010)], [0.013, 0.0115, 0.008]))
    vertices, _, triangles = joined(pieces)
    return _part("hand", vertices, triangles, specular=0.028, gloss=14.0)


def mask(head: Head) -> Part:
    """A face mask from the ridge of the nose to under the chin, a little before a head's surface."""
    landmarks = head.landmarks68_m
    top_m = _EYE_BELOW_M if landmarks is None else 0.35 * landmarks[27, 1] + 0.65 * landmarks[29, 1]
    middle = np.array(_USUAL_MOUTH_M)
    if landmarks is not None:
        middle[1] = landmarks[51, 1]
    towards = _mask_directions(middle, top_m)
    points = _solid_points(head)
    points = points[(points[:, 1] > top_m) & (points[:, 2] < middle[2] + _BEHIND_M)]
    reach_m = _reach(points - middle, towards.reshape(-1, 3)).reshape(towards.shape[:2])
    for axis in (0, 1):  # no sharp creases
        padded = np.pad(reach_m, [(1, 1) if k == axis else (0, 0) for k in (0, 1)], "edge")
        parts = [np.take(padded, np.arange(k, k + reach_m.shape[axis]), axis=axis) for k in (0, 1, 2)]
        reach_m = np.maximum(0.25 * parts[0] + 0.5 * parts[1] + 0.25 * parts[2], reach_m)
    vertices = middle + towards * (reach_m + _MASK_GAP_M)[..., None]
    first = (np.arange(_ROWS - 1)[:, None] * _COLUMNS + np.arange(_COLUMNS - 1)).ravel()
    below = first + _COLUMNS
    triangles = np.concatenate([np.stack([first, below, first + 1], 1), np.stack([first + 1, below, below + 1], 1)])
    return _part("mask", vertices.reshape(-1, 3), triangles, two_sided=True, specular=0.0)


def _superellipse(value: np.ndarray) -> np.ndarray:
    return np.sign(value) * np.abs(value) ** 0.4


def _capped(vertices: np.ndarray, rings: int) -> tuple[np.ndarray, np.ndarray]:
    """Rings joined into a closed surface, the first and the last filled."""
    here, following = np.arange(_RING), np.roll(np.arange(_RING), -1)
    triangles = []
    for ring in range(rings - 1):
        a, b = ring * _RING + here, ring * _RING + following
        triangles += [np.column_stack([a, b, a + _RING]), np.column_stack([b, b + _RING, a + _RING])]
    ends = [vertices[:_RING].mean(axis=0), vertices[-_RING:].mean(axis=0)]
    last = (rings - 1) * _RING
    triangles.append(np.column_stack([np.full(_RING, len(vertices)), following, here]))
    triangles.append(np.column_stack([np.full(_RING, len(vertices) + 1), last + here, last + following]))
    return np.concatenate([vertices, ends]), np.concatenate(triangles)


def _limb(path, half_widths, flatness=None) -> tuple[np.ndarray, np.ndarray]:
    """A rounded tube through a few points, with round ends."""
    path, widths = np.asarray(path, float), np.asarray(half_widths, float)
    flatness = np.ones(len(path)) if flatness is None else np.asarray(flatness, float)
    share, fine = np.linspace(0, 1, len(path)), np.linspace(0, 1, 9)
    smooth = np.column_stack([np.interp(fine, share, path[:, k]) for k in range(3)])
    width, flat = np.interp(fine, share, widths), np.interp(fine, share, flatness)
    end = smooth[-1] + (smooth[-1] - smooth[-2]) / np.linalg.norm(smooth[-1] - smooth[-2]) * width[-1] * 0.8
    start = smooth[0] + (smooth[0] - smooth[1]) / np.linalg.norm(smooth[0] - smooth[1]) * width[0] * 0.4
    smooth = np.concatenate([start[None], smooth, end[None]])
    width = np.concatenate([[0.6 * width[0]], width, [0.45 * width[-1]]])
    flat = np.concatenate([flat[:1], flat, flat[-1:]])
    return tube(smooth, width, width * flat, up=_UP, closed=False)


def _mask_directions(middle: np.ndarray, top_m: float) -> np.ndarray:
    """Unit vectors (rows, columns, 3) from the middle to the mask, from its upper edge down, to the left of x first."""
    azimuth = np.radians(np.linspace(-_SIDE_DEG, _SIDE_DEG, _COLUMNS))
    side = np.abs(azimuth) / np.radians(_SIDE_DEG)
    # towards the ears both edges come together
    upper = np.arctan2(middle[1] - top_m, _NOSE_REACH_M) * (1 - 0.45 * side**3)
    lower = -np.radians(_DOWN_DEG) * (1 - 0.62 * side**2)
    elevation = upper + np.linspace(0, 1, _ROWS)[:, None] * (lower - upper)
    flat = np.cos(elevation)
    return np.stack([np.sin(azimuth) * flat, -np.sin(elevation), -np.cos(azimuth) * flat], axis=-1)


def _reach(points: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """How far the convex hull of points around the origin reaches along each direction (D, 3): cloth spans hollows."""
    from scipy.spatial import ConvexHull

    planes = ConvexHull(points).equations  # a x + b y + c z + d <= 0 inside
    reach = np.full(len(towards), np.inf)
    for a, b, c, d in planes:
        rise = a * towards[:, 0] + b * towards[:, 1] + c * towards[:, 2]
        reach = np.minimum(reach, np.where(rise > 1e-9, -d / np.maximum(rise, 1e-9), np.inf))
    return reach


def _solid_points(head: Head) -> np.ndarray:
    """Vertices of a head's own surface: no hair, no cloth, nothing worn."""
    skin = head.part("skin")
    parts = [skin] if skin is not None else [part for part in head.parts if part.alpha_mode == "opaque"]
    points = np.concatenate([part.vertices_m for part in parts]).astype(np.float64)
    return points[points[:, 1] < 0.13]


def _part(name: str, vertices: np.ndarray, triangles: np.ndarray, **surface) -> Part:
    normals = vertex_normals(np.asarray(vertices, np.float64), triangles)
    return Part(
        name=name,
        vertices_m=np.asarray(vertices, np.float32),
        normals=normals.astype(np.float32),
        uv=np.full((len(vertices), 2), 0.5, np.float32),
        triangles=np.asarray(triangles, np.int32),
        triangle_region=np.full(len(triangles), Region.OCCLUDER, np.uint8),
        texture=np.full((4, 4, 4), 255, np.uint8),
        **surface,
    )

"""Headgear as shells around the head: a knitted beanie, a cap with a visor, a headscarf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from synhead_tools.heads.head import Part
from synhead_tools.heads.recipe import HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.shells import Hull, PolarFrame, hull_of, shell_triangles
from synhead_tools.heads.surface import vertex_normals
from synhead_tools.heads.worn_shape import WornShape

HIDING_HAIR = ("headscarf",)
"""Headgear that leaves no hair to be seen."""

_ROWS, _COLUMNS = 30, 97
_UNDER_M = 0.002  # hair and ears stay this far inside of the cloth
_NECK_COVERED_M = 0.032  # by a headscarf, below the chin
_TIGHT_M, _LOOSENING = 0.012, 0.5  # past the rim hair stays pressed so far; then it wins so much room per metre
_VISOR_HALF_RAD, _VISOR_M, _VISOR_THICKNESS_M = np.radians(62.0), 0.062, 0.0025


@dataclass(frozen=True, eq=False)
class Shell:
    """A piece of headgear on one head: what it covers and how far out it lies.

    Attributes
    ----------
    hull : Hull
        Of the head underneath.
    rim_rad : (A,) float64
        Polar angle at which it ends, for the azimuths of the hull's columns.
    offset_m : callable
        Takes the share of the way from rim (0) to pole (1); returns how far outside of the hull the cloth lies.
    """

    hull: Hull
    rim_rad: np.ndarray
    offset_m: Callable[[np.ndarray], np.ndarray]

    def rim_at(self, azimuth_rad: np.ndarray) -> np.ndarray:
        """Return the rim's polar angle at azimuths (...)."""
        around = np.append(self.hull.azimuths_rad(), 2 * np.pi)
        return np.interp(azimuth_rad, around, np.append(self.rim_rad, self.rim_rad[0]))


def headgear_shell(recipe: HeadRecipe, shape: WornShape) -> Shell:
    """Return the shell of the headgear a recipe names, on a head."""
    return {"beanie": _beanie, "cap": _cap, "headscarf": _headscarf}[recipe.headgear](shape)


def headgear_part(recipe: HeadRecipe, shape: WornShape, shell: Shell) -> Part:
    """Return the part ``headgear`` of a recipe; `shell` is `headgear_shell` of the other two."""
    azimuth = np.linspace(0, 2 * np.pi, _COLUMNS)
    rim = shell.rim_at(azimuth)
    share = np.concatenate([[0.04, 0.0], np.linspace(0, 1, _ROWS)])[:, None]
    offset = shell.offset_m(share)
    offset[0] = -_UNDER_M  # the hem is turned inwards, into the skin
    offset = np.broadcast_to(offset, (len(share), _COLUMNS))
    vertices = shell.hull.points((1 - share) * rim, np.broadcast_to(azimuth, offset.shape), offset)
    if recipe.headgear == "headscarf":
        vertices = _ended_at_neck(vertices, shell, shape.landmarks[8, 1])
    uv = np.stack(np.broadcast_arrays(azimuth / (2 * np.pi), share), axis=-1).reshape(-1, 2)
    grid, triangles = vertices.reshape(-1, 3), shell_triangles(*offset.shape)
    normals = _seamless(vertex_normals(grid, triangles), *offset.shape)
    pieces = [(grid, normals, uv, triangles)]
    if recipe.headgear == "cap":
        pieces.append(_visor(shell))
    return _joined_part(pieces, _CLOTHS[recipe.headgear](recipe))


def pressed(part: Part, shell: Shell, covered: np.ndarray | None = None) -> Part:
    """Return a part with its vertices moved to the inside of a shell where that covers them.

    Past the rim what was pressed comes free again little by little.

    Parameters
    ----------
    part : Part
    shell : Shell
    covered : (V,) bool array, optional
        Which vertices may be moved; all if not given.
    """
    vertices = part.vertices_m.astype(np.float64)
    polar, azimuth, radius = shell.hull.frame.polar(vertices)
    rim = shell.rim_at(azimuth)
    past_m = np.maximum((polar - rim) * radius - _TIGHT_M, 0)
    inside = shell.hull.at(np.minimum(polar, rim), azimuth) + shell.offset_m(np.clip(1 - polar / rim, 0, 1)) - _UNDER_M
    limit = inside + _LOOSENING * past_m
    moved = np.minimum(radius, limit)
    if covered is not None:
        moved = np.where(covered, moved, radius)
    pulled = shell.hull.frame.centre + (vertices - shell.hull.frame.centre) * (moved / radius)[:, None]
    return replace(part, vertices_m=pulled.astype(np.float32))


def _beanie(shape: WornShape) -> Shell:
    hull = _hat_hull(shape)
    rim = _level_rim(hull, _rim_heights(shape, front_m=0.022, side_m=-0.004, back_m=0.030))

    def offset(share: np.ndarray) -> np.ndarray:
        cuff = 0.0035 * np.clip((0.28 - share) / 0.02, 0, 1)
        return 0.0065 + cuff + 0.006 * np.sin(0.5 * np.pi * np.clip((share - 0.45) / 0.5, 0, 1)) ** 2

    return Shell(hull, rim, offset)


def _cap(shape: WornShape) -> Shell:
    hull = _hat_hull(shape)
    rim = _level_rim(hull, _rim_heights(shape, front_m=0.030, side_m=-0.010, back_m=0.012))
    return Shell(hull, rim, lambda share: 0.0055 + 0.006 * np.sin(np.pi * np.clip(share, 0, 1)))


def _headscarf(shape: WornShape) -> Shell:
    chin, brows = shape.landmarks[8], shape.landmarks[17:27]
    centre = np.array([0.0, 0.02, shape.ear_roots[:, 2].mean() - 0.01])
    back = np.array([0.0, 0.10, 1.0]) / np.hypot(0.10, 1.0)
    up = np.cross([1.0, 0.0, 0.0], back)
    frame = PolarFrame(centre, np.stack([back, up, [1.0, 0.0, 0.0]]))
    hull = hull_of(frame, _head_and_neck(shape, chin[1]), smooth_rad=0.09)
    top, bottom = brows[:, 1].min() - 0.022, chin[1] + 0.004
    middle, half_height = (top + bottom) / 2, (bottom - top) / 2
    half_width = 0.93 * np.abs(shape.landmarks[[0, 16], 0]).mean()

    def inside_opening(points: np.ndarray) -> np.ndarray:
        oval = np.abs(points[..., 0] / half_width) ** 2.6 + np.abs((points[..., 1] - middle) / half_height) ** 2.6
        return np.where(points[..., 2] < centre[2] - 0.02, 1 - oval, -1.0)

    rim = gaussian_filter1d(hull.rim_at(inside_opening), 2.0, mode="wrap")
    return Shell(hull, rim, lambda share: 0.0045 + 0.006 * np.clip(share / 0.3, 0, 1))


def _head_and_neck(shape: WornShape, chin_m: float) -> np.ndarray:
    """Return the skin's points (N, 3) without ears and shoulders."""
    points = shape.skin[np.unique(shape.triangles[~shape.ear])]
    neck_m = np.hypot(points[:, 0], points[:, 2] - shape.ear_roots[:, 2].mean() - 0.02)
    kept = (points[:, 1] < chin_m + _NECK_COVERED_M + 0.01) & ((points[:, 1] < chin_m) | (neck_m < 0.08))
    return points[kept]


def _ended_at_neck(vertices: np.ndarray, shell: Shell, chin_m: float) -> np.ndarray:
    """Cut a headscarf off below the chin; what would lie lower closes around the neck."""
    centre = shell.hull.frame.centre
    offset = vertices - centre
    lowest = chin_m + _NECK_COVERED_M - centre[1]
    shrink = np.where(offset[..., 1] > lowest, lowest / np.maximum(offset[..., 1], 1e-6), 1.0)
    return centre + offset * shrink[..., None]


def _hat_hull(shape: WornShape) -> Hull:
    """Return the hull of the skull without ears, its pole up and a little back."""
    middle = shape.ear_roots.mean(axis=0)
    centre = np.array([0.0, middle[1] - 0.03, middle[2] + 0.008])
    tilt = np.radians(12.0)
    pole, front = np.array([0.0, -np.cos(tilt), np.sin(tilt)]), np.array([0.0, -np.sin(tilt), -np.cos(tilt)])
    used = np.unique(shape.triangles[~shape.ear])
    skull = shape.skin[used]
    return hull_of(PolarFrame(centre, np.stack([pole, front, [1.0, 0.0, 0.0]])), skull[skull[:, 1] < 0.06])


def _rim_heights(shape: WornShape, front_m: float, side_m: float, back_m: float) -> tuple[float, float, float]:
    """Heights (y) of a hat's rim: above the brows, at the ears' upper ends, below these at the nape."""
    ears = shape.ear_roots[:, 1].mean()
    return shape.landmarks[17:27, 1].min() - front_m, ears + side_m, ears + back_m


def _level_rim(hull: Hull, heights: tuple[float, float, float]) -> np.ndarray:
    """Return the polar angles of a rim that passes the given heights in front, at the sides and behind."""
    front, side, back = heights

    def level(points: np.ndarray) -> np.ndarray:
        offset = points - hull.frame.centre
        forward = -offset[..., 2] / np.maximum(np.hypot(offset[..., 0], offset[..., 2]), 1e-9)
        height = side + np.where(forward > 0, front - side, back - side) * forward**2
        return points[..., 1] - height

    return gaussian_filter1d(hull.rim_at(level), 2.0, mode="wrap")


def _visor(shell: Shell) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A stiff curved blade in front, with an upper and a lower face."""
    turn = np.linspace(-_VISOR_HALF_RAD, _VISOR_HALF_RAD, 33)
    azimuth = turn % (2 * np.pi)
    base = shell.hull.points(shell.rim_at(azimuth) - 0.03, azimuth, shell.offset_m(np.zeros(1)))
    across = turn / _VISOR_HALF_RAD
    length = _VISOR_M * np.sqrt(np.clip(1 - across**2, 0, 1))
    share = np.linspace(0, 1, 9)[:, None]
    drop = share * (0.010 + 0.0 * across) + 0.012 * share * across**2
    blade = base + np.stack([0.12 * share * base[:, 0], drop, -share * length], axis=-1)
    upper, lower = blade - [0, _VISOR_THICKNESS_M / 2, 0], blade + [0, _VISOR_THICKNESS_M / 2, 0]
    grid = shell_triangles(len(share), len(turn))
    sheet = len(share) * len(turn)
    end = (len(share) - 1) * len(turn) + np.arange(len(turn) - 1)
    edge = np.concatenate([np.column_stack([end, end + 1, end + 1 + sheet]),
                           np.column_stack([end, end + 1 + sheet, end + sheet])])  # fmt: skip
    vertices = np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)])
    triangles = np.concatenate([grid, grid[:, ::-1] + sheet, edge])
    uv = np.stack(np.broadcast_arrays((across + 1) / 2, 0.02 + 0.02 * share), axis=-1).reshape(-1, 2)
    return vertices, vertex_normals(vertices, triangles), np.concatenate([uv, uv]), triangles


def _seamless(normals: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Give both ends of each row, which lie at one place, one normal; and all of the last row, the pole."""
    grid = normals.reshape(rows, columns, 3).copy()
    grid[:, 0] = grid[:, -1] = grid[:, 0] + grid[:, -1]
    grid[-1] = grid[-2].mean(axis=0)
    return (grid / np.maximum(np.linalg.norm(grid, axis=-1, keepdims=True), 1e-12)).reshape(-1, 3)


def _joined_part(pieces: list[tuple[np.ndarray, ...]], picture: np.ndarray) -> Part:
    starts = np.cumsum([0] + [len(piece[0]) for piece in pieces])
    vertices, normals, uv = (np.concatenate([piece[k] for piece in pieces]).astype(np.float32) for k in range(3))
    triangles = np.concatenate([piece[3] + start for piece, start in zip(pieces, starts, strict=False)])
    outward = np.einsum("ij,ij->i", _face_normals(vertices, triangles), normals[triangles].sum(axis=1)) >= 0
    triangles = np.where(outward[:, None], triangles, triangles[:, ::-1])
    return Part(
        name="headgear",
        vertices_m=vertices,
        normals=normals,
        uv=np.clip(uv, 0, 1),
        triangles=triangles.astype(np.int32),
        triangle_region=np.full(len(triangles), Region.HEADGEAR, dtype=np.uint8),
        texture=picture,
        two_sided=True,
        specular=0.0,
    )


def _face_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, corner]].astype(np.float64) for corner in range(3))
    return np.cross(b - a, c - a)


def _knit(recipe: HeadRecipe) -> np.ndarray:
    """Ribs that run from rim to pole, with stitches along them."""
    v, u = np.mgrid[0:256, 0:512] / [[[256]], [[512]]]
    ribs = np.sin(2 * np.pi * 64 * u)
    stitches = np.sin(2 * np.pi * (90 * v + 0.25 * np.abs(ribs)))
    return _coloured(recipe, 1 + 0.16 * ribs + 0.07 * stitches)


def _panels(recipe: HeadRecipe) -> np.ndarray:
    """Six panels, with a seam between each two."""
    u = np.arange(512) / 512
    seam = np.abs((6 * u + 0.5) % 1 - 0.5)
    return _coloured(recipe, np.broadcast_to(1 - 0.35 * np.exp(-((seam / 0.012) ** 2)), (256, 512)))


def _folds(recipe: HeadRecipe) -> np.ndarray:
    """Soft folds along the face and around the neck."""
    rng = np.random.default_rng([recipe.seed, 0x5CA])
    noise = gaussian_filter(rng.standard_normal((256, 512), dtype=np.float32), (4, 40), mode=("nearest", "wrap"))
    return _coloured(recipe, 1 + 0.10 * noise / noise.std())


_CLOTHS = {"beanie": _knit, "cap": _panels, "headscarf": _folds}


def _coloured(recipe: HeadRecipe, brightness: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng([recipe.seed, 0x4A7])
    grain = 1 + 0.03 * rng.standard_normal(brightness.shape, dtype=np.float32)
    picture = np.full((*brightness.shape, 4), 255, dtype=np.uint8)
    colour = np.array(recipe.headgear_rgb) * 255 * (brightness * grain)[..., None]
    picture[..., :3] = np.clip(colour, 0, 255).round()
    return picture

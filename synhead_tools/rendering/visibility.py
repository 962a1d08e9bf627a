"""Which points of a head a picture shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.formats.sample import HIDDEN, OUTSIDE, VISIBLE
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import NEAR_M, Frame
from synhead_tools.rendering.compiled_labels import label_kernels
from synhead_tools.rendering.kept_by_identity import KeptByIdentity
from synhead_tools.rendering.scene import Camera

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

#: A point this far behind what its pixels show is still taken to be on it: rounding of landmarks and of pixels.
VISIBILITY_TOLERANCE_M = 0.004
#: Brows and lashes hide no point that is less than this behind them.
THIN_REACH_M = 0.012

_THIN_REGIONS = (Region.BROW, Region.LASH)


def point_visibility(points: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """Say of projected points whether they are seen.

    A point is hidden where all of the 2 x 2 pixels around it show something that is more than
    `VISIBILITY_TOLERANCE_M` nearer than the point. Four pixels, because one pixel's depth is that of its nearest
    sample: on a surface seen at a grazing angle it would hide the points on that very surface.

    Parameters
    ----------
    points : (K, 3) array
        x, y in px, depth in m.
    depth_m : (H, W) array
        Depth of a `Frame`; 0 where it is empty.

    Returns
    -------
    (K,) uint8
        0 outside the picture or behind the camera, 1 hidden, 2 visible.
    """
    points = np.asarray(points, np.float64)
    height, width = depth_m.shape
    x, y, z = points.T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (z >= NEAR_M)
    depths = np.asarray(depth_m, np.float64)[_pixels_around(np.where(inside, x, 0), np.where(inside, y, 0), depth_m)]
    farthest = np.where(depths > 0, depths, np.inf).max(axis=0)
    visible = np.where(z <= farthest + VISIBILITY_TOLERANCE_M, VISIBLE, HIDDEN)
    return np.where(inside, visible, OUTSIDE).astype(np.uint8)


def _pixels_around(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (4, K) of the 2 x 2 pixels around places, at the edge of the picture those inside."""
    left, top = np.floor(x - 0.5).astype(int), np.floor(y - 0.5).astype(int)
    rows, columns = np.stack([top, top, top + 1, top + 1]), np.stack([left, left + 1, left, left + 1])
    return np.clip(rows, 0, picture.shape[0] - 1), np.clip(columns, 0, picture.shape[1] - 1)


@dataclass(frozen=True, eq=False)
class SolidSurface:
    """What lies behind the brows and lashes of a head, around points that these may stand before.

    Attributes
    ----------
    head : Head
    corners : (C, 3) int64
        Vertices, counted through the head's parts, of the opaque triangles around the points, point after point.
    start : (K + 1,) int64
        Where the triangles of each point begin in it; points with no brow or lash near have none.
    corners_m : (C, 3, 3) float32
        Where these vertices are, head frame.
    """

    head: Head
    corners: np.ndarray
    start: np.ndarray
    corners_m: np.ndarray

    def corners_on(self, shape: Head) -> np.ndarray:
        """Return `corners_m` on another shape of the head, which may wear more than it."""
        if shape.parts is self.head.parts:
            return self.corners_m
        parts = [shape.part(part.name) or part for part in self.head.parts]
        if all(part.vertices_m is own.vertices_m for part, own in zip(parts, self.head.parts, strict=True)):
            return self.corners_m
        return _vertices_m(parts)[self.corners]


def _surface_around(head: Head, points_m: np.ndarray) -> SolidSurface:
    from scipy.spatial import cKDTree

    thin = _thin_triangles(head)
    opaque = np.concatenate([np.full(len(part.triangles), part.alpha_mode == "opaque") for part in head.parts])
    firsts = np.cumsum([0] + [len(part.vertices_m) for part in head.parts[:-1]])
    triangles = np.concatenate([part.triangles + first for part, first in zip(head.parts, firsts, strict=True)])
    vertices_m, solid = _vertices_m(head.parts), triangles[opaque & ~thin].astype(np.int64)
    around = [np.zeros((0, 3), np.int64)] * len(points_m)
    if thin.any() and len(solid):
        centres, strands = cKDTree(vertices_m[solid].mean(axis=1)), cKDTree(vertices_m[np.unique(triangles[thin])])
        for k, point in enumerate(np.asarray(points_m, np.float64)):
            if strands.query(point)[0] < THIN_REACH_M:
                around[k] = solid[np.sort(centres.query_ball_point(point, THIN_REACH_M)).astype(int)]
    corners = np.concatenate(around)
    start = np.cumsum([0] + [len(triangles) for triangles in around])
    return SolidSurface(head, corners, start, vertices_m[corners])


def _vertices_m(parts: Iterable[Part]) -> np.ndarray:
    return np.concatenate([part.vertices_m for part in parts]).astype(np.float32)


#: The `SolidSurface` around points (K, 3) of a head: of the last heads, since it takes 50 ms to find.
solid_surface = KeptByIdentity(_surface_around, 32)

_thin_of_regions = KeptByIdentity(lambda *regions: np.isin(np.concatenate(regions), _THIN_REGIONS), 32)


def _thin_triangles(head: Head) -> np.ndarray:
    """Which triangles, in the order of the head's parts, are brows or lashes."""
    return _thin_of_regions(*(part.triangle_region for part in head.parts))


def seen_points(
    points: np.ndarray,
    frame: Frame,
    shape: Head,
    solid: SolidSurface,
    pose: tuple[np.ndarray, np.ndarray],
    camera: Camera,
) -> np.ndarray:
    """Say of projected points of a head whether a frame shows them: `point_visibility`, but through brows and lashes.

    Where a point's own pixel shows a brow or a lash less than `THIN_REACH_M` before it, the opaque surface around the
    point decides: a lid is seen though its lashes are before it, but not behind a fold of its own.

    Parameters
    ----------
    points : (K, 3) array
        x, y in px, depth in m; those that `solid` was made for.
    frame : Frame
    shape : Head
        The head in the shape that the frame shows; its neck may be straight.
    solid : SolidSurface
        `solid_surface` of the head, in whatever shape.
    pose : tuple of two arrays
        rotmat (3, 3) and translation_m (3,).
    camera : Camera

    Returns
    -------
    (K,) uint8
        As `point_visibility`.
    """
    kernels, thin_triangles = label_kernels(), _thin_triangles(shape)
    rotmat, translation_m = (np.asarray(value, np.float64) for value in pose)
    where = (rotmat, translation_m, camera.intrinsics)
    if kernels is None:
        return _seen_points(points, frame, thin_triangles, solid.start, solid.corners_on(shape), where)
    seen = np.empty(len(points), np.uint8)
    thin = (frame.region, frame.triangle_id, thin_triangles)
    limits = (NEAR_M, VISIBILITY_TOLERANCE_M, THIN_REACH_M)
    kernels.see_points(points, frame.depth_m, thin, solid.corners_on(shape), solid.start, where, limits, seen)
    return seen


def _seen_points(
    points: np.ndarray,
    frame: Frame,
    thin_triangles: np.ndarray,
    start: np.ndarray,
    corners_m: np.ndarray,
    where: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """`seen_points` without numba; `where` is rotmat, translation_m and intrinsics."""
    points = np.asarray(points, np.float64)
    seen = point_visibility(points, frame.depth_m)
    thin = np.isin(frame.region, _THIN_REGIONS)
    known = frame.triangle_id >= 0
    thin[known] = thin_triangles[frame.triangle_id[known]]
    for k in np.flatnonzero((seen == HIDDEN) & (np.diff(start) > 0)):
        x, y, z = points[k]
        own = int(y), int(x)
        if thin[own] and z <= float(frame.depth_m[own]) + THIN_REACH_M:
            solid_m = _solid_depth_m(corners_m[start[k] : start[k + 1]], *where, x, y)
            seen[k] = VISIBLE if z <= solid_m + VISIBILITY_TOLERANCE_M else HIDDEN
    return seen


def _solid_depth_m(
    corners_m: np.ndarray,
    rotmat: np.ndarray,
    translation_m: np.ndarray,
    intrinsics: np.ndarray,
    x_px: float,
    y_px: float,
) -> float:
    """Depth at which the ray of a place in the picture first meets triangles (Moeller and Trumbore, 1997)."""
    y = (y_px - intrinsics[1, 2]) / intrinsics[1, 1]
    x = (x_px - intrinsics[0, 2] - intrinsics[0, 1] * y) / intrinsics[0, 0]
    origin = [-(r[0] * translation_m[0] + r[1] * translation_m[1] + r[2] * translation_m[2]) for r in rotmat.T]
    ray = [r[0] * x + r[1] * y + r[2] for r in rotmat.T]
    a, b, c = (corner.T for corner in np.moveaxis(corners_m.astype(np.float64), 1, 0))
    along_b, along_c, arm = b - a, c - a, np.array(origin)[:, None] - a
    across = _cross(ray, along_c)
    volume = _dot(along_b, across)
    side = np.where(volume > 0, 1.0, -1.0)
    u = _dot(arm, across) * side
    lifted = _cross(arm, along_b)
    v = _dot(ray, lifted) * side
    hit = (volume != 0) & (u >= 0) & (v >= 0) & (u <= volume * side) & (u + v <= volume * side)
    depth_m = _dot(along_c, lifted)[hit] / volume[hit]
    return float(np.min(depth_m[depth_m > 0], initial=np.inf))


def _cross(one, other) -> tuple:
    (ax, ay, az), (bx, by, bz) = one, other
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _dot(one, other) -> np.ndarray:
    """Written out, so that its order is that of the compiled twin."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]

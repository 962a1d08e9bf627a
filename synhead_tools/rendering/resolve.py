"""Compiled step from samples to pixels: shade the surfaces a pixel shows, average them, say what they are.

Samples of one pixel that lie on one smooth piece of one part are shaded together, once, at their mean place; so a
pixel inside the cheek costs one shading and a pixel across the outline of the nose two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.compiled import compiled, inlined
from synhead_tools.rendering.pack import CUTOUT
from synhead_tools.rendering.raster import SUBPIXEL_BITS, corner, twice_area
from synhead_tools.rendering.shade import shade_point

_STEP = 1 << SUBPIXEL_BITS
_CENTRE = _STEP // 2
_ONE, _ZERO, _HALF = np.float32(1), np.float32(0), np.float32(0.5)
_FULL = np.float32(255)
# Samples closer than this in normal (cosine) and in texture coordinates (each) may share a shading.
_SAME_NORMAL, _SAME_UV = np.float32(0.85), np.float32(0.04)
#: Slope (depth over picture, in pixel footprints) up to which two samples are taken for neighbours on one surface.
MAX_SLOPE = 4.0


class Samples(NamedTuple):
    """What the rasteriser left: see `project_vertices` and `rasterise`."""

    grid_x: np.ndarray
    grid_y: np.ndarray
    inverse_z: np.ndarray
    depth: np.ndarray
    shown: np.ndarray


class Pictures(NamedTuple):
    """The arrays of a `Frame`, to be written; all zero, triangle_id -1."""

    image: np.ndarray
    alpha: np.ndarray
    region: np.ndarray
    depth_m: np.ndarray
    triangle_id: np.ndarray


class PixelScratch(NamedTuple):
    """Room for the samples of one pixel; see `pixel_scratch`."""

    ids: np.ndarray
    areas: np.ndarray
    regions: np.ndarray
    points: np.ndarray
    mean: np.ndarray
    total: np.ndarray


def pixel_scratch(samples_per_pixel: int) -> PixelScratch:
    """Room for `resolve` to work in."""
    return PixelScratch(
        np.zeros(samples_per_pixel, np.int64),
        np.zeros(samples_per_pixel, np.float32),
        np.zeros(samples_per_pixel, np.int64),
        np.zeros((samples_per_pixel, 6), np.float32),
        np.zeros(5, np.float32),
        np.zeros(3, np.float32),
    )


@inlined
def _sample_point(mesh, samples, t, x, y, points, row):
    """Write u, v, normal and (6th) facing of triangle `t` at grid place (x, y); return its area on the grid."""
    a, b, c = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
    ax, ay = corner(samples.grid_x, samples.grid_y, a)
    bx, by = corner(samples.grid_x, samples.grid_y, b)
    cx, cy = corner(samples.grid_x, samples.grid_y, c)
    wa = np.float32(twice_area(x, y, bx, by, cx, cy)) * samples.inverse_z[a]
    wb = np.float32(twice_area(ax, ay, x, y, cx, cy)) * samples.inverse_z[b]
    wc = np.float32(twice_area(ax, ay, bx, by, x, y)) * samples.inverse_z[c]
    scale = _ONE / (wa + wb + wc)
    wa, wb, wc = wa * scale, wb * scale, wc * scale
    area = twice_area(ax, ay, bx, by, cx, cy)
    front = area * mesh.triangle_facing[t] > 0
    for k in range(5):
        i = k + 3  # positions, which stand first, are not needed
        points[row, k] = mesh.attributes[a, i] * wa + mesh.attributes[b, i] * wb + mesh.attributes[c, i] * wc
    if not front:  # the inside is lit as if it were an outside of its own
        for k in range(2, 5):
            points[row, k] = -points[row, k]
    points[row, 5] = _ONE if front else _ZERO
    return np.float32(abs(area))


@inlined
def _same_surface(p, k, j, z_k, z_j, slope_limit):
    """Whether samples `k` and `j`, of one part, may be shaded together."""
    if abs(z_k - z_j) > slope_limit * z_k or p[k, 5] != p[j, 5]:
        return False
    if abs(p[k, 0] - p[j, 0]) > _SAME_UV or abs(p[k, 1] - p[j, 1]) > _SAME_UV:
        return False
    return p[k, 2] * p[j, 2] + p[k, 3] * p[j, 3] + p[k, 4] * p[j, 4] > _SAME_NORMAL


@inlined
def _collect(mesh, samples, size, row, column, work):
    """Fill in the samples of one pixel; return how many are covered, and whether all show one triangle."""
    count = size * size
    covered, alone = 0, True
    for k in range(count):
        t = samples.shown[row * size + k // size, column * size + k % size]
        work.ids[k] = t
        covered += t >= 0
        alone = alone and t == work.ids[0]
    if covered and alone:
        half = size * _STEP // 2
        grid_x, grid_y = column * size * _STEP + half, row * size * _STEP + half
        work.areas[0] = _sample_point(mesh, samples, work.ids[0], grid_x, grid_y, work.points, 0)
    elif covered:
        for k in range(count):
            y, x = row * size + k // size, column * size + k % size
            if work.ids[k] >= 0:
                grid_x, grid_y = x * _STEP + _CENTRE, y * _STEP + _CENTRE
                work.areas[k] = _sample_point(mesh, samples, work.ids[k], grid_x, grid_y, work.points, k)
    return covered, alone


@inlined
def _merge_surface(mesh, samples, size, row, column, k, todo, slope_limit, work):
    """Mean of sample `k` and of all later ones on its surface; return how many, and the samples still to do."""
    count = size * size
    part = mesh.triangle_part[work.ids[k]]
    z = samples.depth[row * size + k // size, column * size + k % size]
    for i in range(5):
        work.mean[i] = work.points[k, i]
    together = 1
    for j in range(k + 1, count):
        if work.ids[j] < 0 or not (todo >> j) & 1 or mesh.triangle_part[work.ids[j]] != part:
            continue
        z_j = samples.depth[row * size + j // size, column * size + j % size]
        if _same_surface(work.points, k, j, z, z_j, slope_limit):
            for i in range(5):
                work.mean[i] += work.points[j, i]
            together += 1
            todo &= ~(1 << j)
    scale = _ONE / np.float32(together)
    for i in range(5):
        work.mean[i] *= scale
    return together, todo


@inlined
def _shade_pixel(mesh, light, samples, size, row, column, alone, slope_limit, work):
    """Write the mean of the encoded colours of a pixel's samples, uncovered ones black, into `work.total`."""
    count = size * size
    for channel in range(3):
        work.total[channel] = 0
    x, y = np.float32(column) + _HALF, np.float32(row) + _HALF
    todo = 1 if alone else (1 << count) - 1
    for k in range(count):
        if work.ids[k] < 0 or not (todo >> k) & 1:
            continue
        together, todo = _merge_surface(mesh, samples, size, row, column, k, todo, slope_limit, work)
        t = work.ids[k]
        texels = mesh.triangle_texels[t] * np.float32(2 * _STEP * _STEP * count) / work.areas[k]
        red, green, blue = shade_point(mesh, light, mesh.triangle_part[t], x, y, work.mean, texels)
        weight = _ONE if alone else np.float32(together) / np.float32(count)
        work.total[0] += red * weight
        work.total[1] += green * weight
        work.total[2] += blue * weight


@inlined
def _region_of(mesh, work, k):
    t = work.ids[k]
    if work.points[k, 5] == _ZERO and mesh.material[mesh.triangle_part[t], CUTOUT] == _ZERO:
        return np.int64(mesh.behind_region)
    return np.int64(mesh.triangle_region[t])


@inlined
def _most_common_region(mesh, work, count, covered):
    """Region of most samples, an uncovered sample counting as background; ties go to the first covered sample."""
    for k in range(count):
        work.regions[k] = _region_of(mesh, work, k) if work.ids[k] >= 0 else -1
    best, most = np.int64(0), 0
    for k in range(count):
        votes = 0
        for j in range(count):
            votes += work.regions[j] == work.regions[k]
        if work.regions[k] >= 0 and votes > most:
            best, most = work.regions[k], votes
    return best if most >= count - covered else np.int64(0)


@compiled
def resolve(mesh, light, samples, size, slope_limit, work, pictures):
    """Turn samples into the pictures of a frame.

    Parameters
    ----------
    mesh : PackedHead
    light : HeadLighting
    samples : Samples
    size : int
        Samples per pixel along each axis.
    slope_limit : float32
        Relative difference in depth up to which samples of one pixel may lie on one surface.
    work : PixelScratch
    pictures : Pictures
        Written.
    """
    count = size * size
    for row in range(pictures.alpha.shape[0]):
        for column in range(pictures.alpha.shape[1]):
            covered, alone = _collect(mesh, samples, size, row, column, work)
            if covered == 0:
                continue
            _shade_pixel(mesh, light, samples, size, row, column, alone, slope_limit, work)
            for channel in range(3):
                pictures.image[row, column, channel] = np.uint8(work.total[channel] + _HALF)
            pictures.alpha[row, column] = np.uint8(_FULL * np.float32(covered) / np.float32(count) + _HALF)
            if alone:
                pictures.region[row, column] = _region_of(mesh, work, 0)
            else:
                pictures.region[row, column] = _most_common_region(mesh, work, count, covered)
            nearest, at = _ZERO, np.int64(-1)
            for k in range(count):
                z = samples.depth[row * size + k // size, column * size + k % size]
                if z > nearest:
                    nearest, at = z, work.ids[k]
            pictures.depth_m[row, column] = _ONE / nearest
            pictures.triangle_id[row, column] = mesh.triangle_number[at]

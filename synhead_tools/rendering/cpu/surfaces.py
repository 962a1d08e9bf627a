"""Compiled step from samples to surfaces: what each pixel shows, and where it has to be shaded.

Samples of one pixel that lie on one smooth piece of one part are shaded together, once, at their mean place; so a
pixel inside the cheek costs one shading and a pixel across the outline of the nose two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.raster import NOT_NEGATIVE
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS
from synhead_tools.rendering.cpu.transform import STEP

_ONE, _ZERO, _HALF = np.float32(1), np.float32(0), np.float32(0.5)
_FULL = np.float32(255)
# Samples on triangles closer than this in normal (cosine) may share a shading.
_SAME_NORMAL = np.float32(0.85)
#: Slope (depth over picture, in pixel footprints) up to which two samples are taken for neighbours on one surface.
MAX_SLOPE = 4.0


class Pictures(NamedTuple):
    """The arrays of a `Frame`, to be written; all zero, triangle_id -1."""

    image: np.ndarray
    alpha: np.ndarray
    region: np.ndarray
    depth_m: np.ndarray
    triangle_id: np.ndarray


class PixelScratch(NamedTuple):
    """Room for the samples of one pixel: what each shows, 1/z (0: nothing), region; and for a row of tiles."""

    shown: np.ndarray
    depth: np.ndarray
    regions: np.ndarray
    busy: np.ndarray


class Surfaces(NamedTuple):
    """Places to shade. Those of a pixel stand one after another.

    Attributes
    ----------
    pixel : (N,) uint32
        Number of the pixel, row by row.
    shown : (N,) uint32
        As of `synhead_tools.rendering.cpu.samples.Samples`.
    grid_x, grid_y : (N,) int32
        Place in 1/256 sample.
    weight : (N,) float32
        Share of the pixel.
    """

    pixel: np.ndarray
    shown: np.ndarray
    grid_x: np.ndarray
    grid_y: np.ndarray
    weight: np.ndarray


def pixel_scratch(samples_per_pixel: int, width: int) -> PixelScratch:
    """Room for `collect_row` to work in, on a picture of so many samples across."""
    return PixelScratch(
        np.zeros(samples_per_pixel, np.uint32),
        np.zeros(samples_per_pixel, np.float32),
        np.zeros(samples_per_pixel, np.int64),
        np.zeros(-(-width >> TILE_BITS), np.bool_),
    )


def empty_surfaces(count: int) -> Surfaces:
    """Room for `count` surfaces."""
    kinds = (np.uint32, np.uint32, np.int32, np.int32, np.float32)
    return Surfaces(*(np.zeros(count, kind) for kind in kinds))


@inlined
def region_of(mesh, shown):
    """Region of what a sample shows: that of its triangle, or of the inside of an opaque surface."""
    kind = mesh.triangle_kind[shown >> 1]
    inside = (shown & 1) & (kind >> 8 & 1)
    return np.int64(mesh.behind_region) if inside else np.int64(kind & 0xFF)


@inlined
def same_surface(mesh, one, other, z_one, z_other, slope_limit):
    """Whether samples that show `one` and `other` may be shaded together."""
    t, s = one >> 1, other >> 1
    kind = mesh.triangle_kind[t]
    # one part, one side of it, and no step in depth
    differ = (kind >> 8 != mesh.triangle_kind[s] >> 8) | ((one ^ other) & 1 != 0)
    if differ | (abs(z_one - z_other) > slope_limit * z_one):
        return one == other
    if kind >> 8 & 1 == 0:
        return mesh.triangle_layer[t] == mesh.triangle_layer[s]
    a, b = mesh.triangles[t, 0], mesh.triangles[s, 0]
    n = mesh.normals
    alike = n[a, 0] * n[b, 0] + n[a, 1] * n[b, 1] + n[a, 2] * n[b, 2] > _SAME_NORMAL
    return alike | (one == other)


@inlined
def most_common_region(mesh, work, count, covered):
    """Region of most samples, an uncovered sample counting as background; ties go to the first covered sample."""
    for k in range(count):
        work.regions[k] = region_of(mesh, work.shown[k]) if work.depth[k] > _ZERO else -1
    best, most = np.int64(0), 0
    for k in range(count):
        votes = 0
        for j in range(count):
            votes += work.regions[j] == work.regions[k]
        if work.regions[k] >= 0 and votes > most:
            best, most = work.regions[k], votes
    return best if most >= count - covered else np.int64(0)


@inlined
def _collect_samples(samples, size, row, column, work):
    """Fill in the samples of one pixel; return how many are covered, and what the nearest shows."""
    covered, k = 0, 0
    nearest, at = _ZERO, np.uint32(0)
    for y in range(row * size, row * size + size):
        for x in range(column * size, column * size + size):
            place = samples.row_at[y] + samples.column_at[x]
            z, shown = samples.depth[place], samples.shown[place]
            work.depth[k], work.shown[k] = z, shown
            covered += z > _ZERO
            at = shown if z > nearest else at
            nearest = max(z, nearest)
            k += 1
    return covered, nearest, at


@inlined
def _find_busy_tiles(samples, row, busy, add):
    """Say of each tile of a row of tiles whether any of its samples shows something (`add`: or did before)."""
    across = busy.shape[0]
    for column in range(across):
        busy[column] = is_busy(samples, (row * across + column) & NOT_NEGATIVE) or (add and busy[column])


@inlined
def is_busy(samples, tile):
    """Whether any sample of a tile shows something."""
    any_bits = np.int32(0)
    for k in range(TILE):
        any_bits |= samples.depth_bits[tile * TILE + k]
    return any_bits != 0


@inlined
def _one_surface(mesh, per_pixel, slope_limit, work):
    """Whether all samples of a covered pixel may be shaded together, and whether they are all of one region."""
    first, same_region = work.shown[0], True
    for k in range(1, per_pixel):
        other = work.shown[k]
        if not same_surface(mesh, first, other, work.depth[0], work.depth[k], slope_limit):
            return False, False
        same_region &= (mesh.triangle_kind[first >> 1] ^ mesh.triangle_kind[other >> 1]) & 0xFF == 0
    return True, same_region


@inlined
def add_surfaces(mesh, size, row, column, pixel, slope_limit, work, surfaces, count):
    """Add the surfaces of a pixel that shows several; return the new count."""
    per_pixel = size * size
    todo = (1 << per_pixel) - 1
    share = _ONE / np.float32(per_pixel)
    for k in range(per_pixel):
        if work.depth[k] == _ZERO or not (todo >> k) & 1:
            continue
        shown = work.shown[k]
        x, y, together = k % size, k // size, 1
        for j in range(k + 1, per_pixel):
            if work.depth[j] == _ZERO or not (todo >> j) & 1:
                continue
            if same_surface(mesh, shown, work.shown[j], work.depth[k], work.depth[j], slope_limit):
                x, y, together = x + j % size, y + j // size, together + 1
                todo &= ~(1 << j)
        surfaces.pixel[count], surfaces.shown[count] = pixel, shown
        surfaces.grid_x[count] = column * size * STEP + x * STEP // together + STEP // 2
        surfaces.grid_y[count] = row * size * STEP + y * STEP // together + STEP // 2
        surfaces.weight[count] = share * np.float32(together)
        count += 1
    return count


@compiled
def collect_row(mesh, samples, size, row, first, last, slope_limit, work, surfaces, count, pictures):
    """Say of the pixels of one row what they show, and add the surfaces to shade.

    Parameters
    ----------
    mesh : PackedHead
    samples : Samples
    size : int
        Samples per pixel along each axis.
    row, first, last : int
        The row, and its first pixel and the one after its last, that may show anything.
    slope_limit : float32
        Relative difference in depth up to which samples of one pixel may lie on one surface.
    work : PixelScratch
    surfaces : Surfaces
        Added to; it has room for all samples of a row beyond `count`.
    count : int
        Number of surfaces that are there.
    pictures : Pictures
        Written, but for the image.

    Returns
    -------
    int
        Number of surfaces now.
    """
    per_pixel = size * size
    centre_y = (2 * row + 1) * size * STEP // 2
    top, bottom = row * size >> TILE_BITS, (row * size + size - 1) >> TILE_BITS
    _find_busy_tiles(samples, top, work.busy, False)
    if bottom > top:
        _find_busy_tiles(samples, bottom, work.busy, True)
    for column in range(first, last):
        if not (work.busy[column * size >> TILE_BITS] | work.busy[(column * size + size - 1) >> TILE_BITS]):
            continue
        covered, nearest, at = _collect_samples(samples, size, row, column, work)
        if covered == 0:
            continue
        pictures.depth_m[row, column] = _ONE / nearest
        pictures.triangle_id[row, column] = mesh.triangle_number[at >> 1]
        pixel = row * pictures.alpha.shape[1] + column
        one, same_region = False, False
        if covered == per_pixel:
            pictures.alpha[row, column] = 255
            one, same_region = _one_surface(mesh, per_pixel, slope_limit, work)
        else:
            pictures.alpha[row, column] = np.uint8(_FULL * np.float32(covered) / np.float32(per_pixel) + _HALF)
        if one:
            surfaces.pixel[count], surfaces.shown[count], surfaces.weight[count] = pixel, work.shown[0], _ONE
            surfaces.grid_x[count], surfaces.grid_y[count] = (2 * column + 1) * size * STEP // 2, centre_y
            count += 1
        else:
            count = add_surfaces(mesh, size, row, column, pixel, slope_limit, work, surfaces, count)
        if same_region:
            pictures.region[row, column] = region_of(mesh, at)
        else:
            pictures.region[row, column] = most_common_region(mesh, work, per_pixel, covered)
    return count

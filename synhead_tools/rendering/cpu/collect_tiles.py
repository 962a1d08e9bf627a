"""Compiled step from samples to surfaces for pixels of 2 x 2 samples: four to a tile, read where they stand."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.raster import NOT_NEGATIVE
from synhead_tools.rendering.cpu.samples import TILE
from synhead_tools.rendering.cpu.surfaces import add_surfaces, is_busy, most_common_region, region_of, same_surface
from synhead_tools.rendering.cpu.transform import STEP

_ONE, _ZERO, _HALF, _FULL = np.float32(1), np.float32(0), np.float32(0.5), np.float32(255)


@inlined
def _collect_pixel(mesh, samples, place, row, column, slope_limit, work, surfaces, count, pictures):
    """Say what a pixel of 2 x 2 samples, the first of which is number `place`, shows; return the new count."""
    depth, shown = samples.depth, samples.shown
    z0, z1, z2, z3 = depth[place], depth[place + 1], depth[place + 4], depth[place + 5]
    nearest = max(z0, z1, z2, z3)
    if nearest == _ZERO:
        return count
    s0, s1, s2, s3 = shown[place], shown[place + 1], shown[place + 4], shown[place + 5]
    at = s0 if z0 == nearest else (s1 if z1 == nearest else (s2 if z2 == nearest else s3))
    pictures.depth_m[row, column] = _ONE / nearest
    pictures.triangle_id[row, column] = mesh.triangle_number[at >> 1]
    pixel = row * pictures.alpha.shape[1] + column
    whole = min(z0, z1, z2, z3) > _ZERO
    if whole & (s0 == s1) & (s0 == s2) & (s0 == s3):  # most common, and quickly seen
        pictures.alpha[row, column] = 255
        pictures.region[row, column] = region_of(mesh, s0)
        surfaces.pixel[count], surfaces.shown[count], surfaces.weight[count] = pixel, s0, _ONE
        surfaces.grid_x[count], surfaces.grid_y[count] = (2 * column + 1) * STEP, (2 * row + 1) * STEP
        return count + 1
    if (
        whole
        and same_surface(mesh, s0, s1, z0, z1, slope_limit)
        and same_surface(mesh, s0, s2, z0, z2, slope_limit)
        and same_surface(mesh, s0, s3, z0, z3, slope_limit)
    ):
        pictures.alpha[row, column] = 255
        surfaces.pixel[count], surfaces.shown[count], surfaces.weight[count] = pixel, s0, _ONE
        surfaces.grid_x[count], surfaces.grid_y[count] = (2 * column + 1) * STEP, (2 * row + 1) * STEP
        count += 1
        k0, kind = mesh.triangle_kind[s0 >> 1], mesh.triangle_kind
        differ = (k0 ^ kind[s1 >> 1]) | (k0 ^ kind[s2 >> 1]) | (k0 ^ kind[s3 >> 1])
        if differ & 0xFF == 0:
            pictures.region[row, column] = region_of(mesh, at)
            return count
    work.depth[0], work.depth[1], work.depth[2], work.depth[3] = z0, z1, z2, z3
    work.shown[0], work.shown[1], work.shown[2], work.shown[3] = s0, s1, s2, s3
    covered = np.int64(z0 > _ZERO) + np.int64(z1 > _ZERO) + np.int64(z2 > _ZERO) + np.int64(z3 > _ZERO)
    pictures.region[row, column] = most_common_region(mesh, work, 4, covered)
    if pictures.alpha[row, column] == 0:
        pictures.alpha[row, column] = np.uint8(_FULL * np.float32(covered) / np.float32(4) + _HALF)
        count = add_surfaces(mesh, 2, row, column, pixel, slope_limit, work, surfaces, count)
    return count


@compiled
def collect_tiles(mesh, samples, tile_row, box, slope_limit, work, surfaces, count, pictures):
    """Do what `synhead_tools.rendering.cpu.surfaces.collect_row` does, for one row of tiles: two rows of pixels.

    Parameters
    ----------
    tile_row : int
    box : tuple of 4 ints
        First column of pixels that may show anything and the one after the last; the same of rows.
    mesh, samples, slope_limit, work, surfaces, count, pictures
        As of `collect_row`. The surfaces have room for all samples of two rows of pixels.

    Returns
    -------
    int
        Number of surfaces now.
    """
    left, right, top, bottom = box
    across = work.busy.shape[0]
    for tile_column in range(left >> 1, (right + 1) >> 1):
        tile = (tile_row * across + tile_column) & NOT_NEGATIVE
        if not is_busy(samples, tile):
            continue
        for k in range(4):
            row, column = 2 * tile_row + (k >> 1), 2 * tile_column + (k & 1)
            if (column < right) & (row < bottom):
                place = tile * TILE + 8 * (k >> 1) + 2 * (k & 1)
                count = _collect_pixel(mesh, samples, place, row, column, slope_limit, work, surfaces, count, pictures)
    return count

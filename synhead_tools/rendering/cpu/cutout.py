"""Compiled rasterisation of cutout parts, such as cards of hair: what they show depends on the alpha of a texture.

Hair lies in layers, of which the nearest hides nearly all. So triangles are drawn from the front, and each tile
remembers how far away its farthest sample is: what lies behind that is not even tested.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.cull import first_last
from synhead_tools.rendering.cpu.raster import (
    NOT_NEGATIVE,
    SAMPLE_AREA,
    box,
    corners_of,
    edges_at,
    in_32_bits,
    in_doubles,
    lane_32,
    lane_wide,
    lowest_bit,
    nearer_lanes,
)
from synhead_tools.rendering.cpu.sampler import alpha_level, sample_alpha
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS

_ZERO, _ONE = np.float32(0), np.float32(1)
# More than rounding makes of a depth that is interpolated between corners.
_ROUNDED_UP = np.float32(1 + 1e-6)


@inlined
def _least(samples, first):
    """Least 1/z of a tile, as bits."""
    least = samples.depth_bits[first]
    for k in range(1, TILE):
        least = min(least, samples.depth_bits[first + k])
    return least


@compiled
def find_farthest(samples, first, last):
    """Set `Samples.farthest` of the tiles `first` to ``last - 1``."""
    for tile in range(first, last):
        samples.farthest_bits[tile] = _least(samples, (tile & NOT_NEGATIVE) * TILE)


@inlined
def _nearest_if_seen(mesh, places, t, samples, across):
    """1/z that no place of a triangle exceeds; 0 if it comes before the farthest sample of none of its tiles."""
    a, b, c = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
    ax, bx, cx = places.grid_x[a], places.grid_x[b], places.grid_x[c]
    ay, by, cy = places.grid_y[a], places.grid_y[b], places.grid_y[c]
    x0, x1 = first_last(min(ax, bx, cx), max(ax, bx, cx), samples.column_at.shape[0])
    y0, y1 = first_last(min(ay, by, cy), max(ay, by, cy), samples.row_at.shape[0])
    nearest = max(places.inverse_z[a], places.inverse_z[b], places.inverse_z[c]) * _ROUNDED_UP
    seen = False
    for row in range(y0 >> TILE_BITS, (y1 >> TILE_BITS) + 1):
        for column in range(x0 >> TILE_BITS, (x1 >> TILE_BITS) + 1):
            seen |= samples.farthest[(row * across + column) & NOT_NEGATIVE] < nearest
    return nearest if seen else _ZERO


@inlined
def _find_texels(mesh, vertices, edges, corner_z, level, texels):
    """Write for each lane of a tile which texel of a level is nearest; any one where the triangle is not."""
    (a, b, c), (za, zb, zc), uv = vertices, corner_z, mesh.uv
    au, av, bu, bv, cu, cv = uv[a, 0], uv[a, 1], uv[b, 0], uv[b, 1], uv[c, 0], uv[c, 1]
    across, down = mesh.levels[level, 0], mesh.levels[level, 1]
    width, height = np.float32(across), np.float32(down)
    for k in range(TILE):
        w0, w1, w2, _ = lane_32(edges, k)
        p0, p1, p2 = np.float32(w0) * za, np.float32(w1) * zb, np.float32(w2) * zc
        inverse = _ONE / (p0 + p1 + p2)
        x = (au * p0 + bu * p1 + cu * p2) * inverse * width
        y = (av * p0 + bv * p1 + cv * p2) * inverse * height
        # cut before they are made whole numbers, which infinity cannot be made
        x, y = x if x > _ZERO else _ZERO, y if y > _ZERO else _ZERO
        column = min(np.int32(x if x < width else width), np.int32(across - 1))
        row = min(np.int32(y if y < height else height), np.int32(down - 1))
        texels[k] = np.int32(row * across) + column


@inlined
def _dense_lanes(mesh, level, texels, thresholds, at):
    """Bit k is 1 where lane k of a tile has a nearest texel whose alpha is above its threshold."""
    part, turn, row, column = at
    origin, lanes = np.uint64(mesh.levels[level, 2]), np.int32(0)
    for k in range(TILE):
        alpha = np.float32(mesh.alphas[origin + np.uint64(texels[k])])
        lanes |= np.int32(np.int32(alpha > thresholds[part, turn, row, column, k]) << np.int32(k))
    return lanes


@inlined
def _put_lanes(edges, corner_z, lanes, seen, samples, first):
    """Let these lanes of a tile show a triangle."""
    za, zb, zc = corner_z
    depth, shown = samples.depth, samples.shown
    for k in range(TILE):
        w0, w1, w2, _ = lane_32(edges, k)
        z = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
        here = (np.int32(lanes >> np.int32(k)) & np.int32(1)) != 0
        depth[first + k] = z if here else depth[first + k]
        shown[first + k] = seen if here else shown[first + k]


@inlined
def _put_one_by_one(mesh, vertices, edges, corner_z, level, smooth, lanes, thresholds, at, seen, samples, first):
    """Let those of these lanes of a tile whose alpha is above their threshold show a triangle, whatever its size."""
    (a, b, c), (za, zb, zc), (part, turn, row, column) = vertices, corner_z, at
    wide = in_doubles(edges)
    while lanes != 0:
        k = lowest_bit(lanes)
        lanes &= lanes - 1
        w0, w1, w2, _ = lane_wide(wide, k)
        p0, p1, p2 = np.float32(w0) * za, np.float32(w1) * zb, np.float32(w2) * zc
        z = p0 + p1 + p2
        inverse = _ONE / z
        u = (mesh.uv[a, 0] * p0 + mesh.uv[b, 0] * p1 + mesh.uv[c, 0] * p2) * inverse
        v = (mesh.uv[a, 1] * p0 + mesh.uv[b, 1] * p1 + mesh.uv[c, 1] * p2) * inverse
        if sample_alpha(mesh, level, smooth, u, v) > thresholds[part, turn, row, column, k]:
            samples.depth[first + k] = z
            samples.shown[first + k] = seen


@compiled
def draw_cutout(mesh, places, count, kept, thresholds, texels, samples):
    """Draw cutout triangles: where their alpha is above a threshold that differs from sample to sample.

    Parameters
    ----------
    mesh, places, count, kept
        As for `synhead_tools.rendering.cpu.opaque.draw_opaque`. The order decides nothing but the time taken (and
        ties of depth).
    thresholds : (P, turns, phases, phases, 16) float32
        From `synhead_tools.rendering.cpu.coverage.tile_thresholds`.
    texels : (16,) uint32
        Room to work in.
    samples : Samples
        `find_farthest` has been called for it. Updated.
    """
    across = (samples.column_at.shape[0] + 3) >> TILE_BITS
    turns, phases = thresholds.shape[1], thresholds.shape[2]
    for i in range(count):
        t = kept[i]
        nearest = _nearest_if_seen(mesh, places, t, samples, across)
        if nearest == _ZERO:
            continue
        corners, corner_z, vertices, scale, swapped = corners_of(mesh, places, t)
        x0, x1, y0, y1, narrow = box(corners, samples.column_at.shape[0], samples.row_at.shape[0])
        part, turn = mesh.triangle_part[t], mesh.triangle_layer[t] % turns
        level, smooth = alpha_level(mesh, part, mesh.triangle_texels[t] * np.float32(SAMPLE_AREA) * scale)
        seen = np.uint32(2 * t + (swapped != (mesh.triangle_facing[t] < 0)))
        for row in range(y0 >> TILE_BITS, (y1 >> TILE_BITS) + 1):
            for column in range(x0 >> TILE_BITS, (x1 >> TILE_BITS) + 1):
                tile = (row * across + column) & NOT_NEGATIVE
                if samples.farthest[tile] >= nearest:
                    continue
                first, edges = tile * TILE, edges_at(corners, column, row)
                lanes = nearer_lanes(edges, narrow, corner_z, samples.depth, first)
                if lanes == 0:
                    continue
                at = part, turn, row % phases, column % phases
                if narrow & (not smooth):
                    edges32 = in_32_bits(edges)
                    _find_texels(mesh, vertices, edges32, corner_z, level, texels)
                    lanes &= _dense_lanes(mesh, level, texels, thresholds, at)
                    _put_lanes(edges32, corner_z, lanes, seen, samples, first)
                else:
                    _put_one_by_one(
                        mesh, vertices, edges, corner_z, level, smooth, lanes, thresholds, at, seen, samples, first
                    )
                samples.farthest_bits[tile] = _least(samples, first)

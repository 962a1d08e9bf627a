"""Compiled rasterisation: which triangle each sample shows.

Vertices are put on a grid of 1/256 sample and edges are tested with whole numbers, so that two triangles that share an
edge share no sample and leave none out (the top-left rule; Giesen, "Optimizing the basic rasterizer", 2013). All
samples of a tile are tested at once and without branches: most triangles cover a sample or two, and to guess which
costs more than to test sixteen.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.cull import first_last, not_own
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS
from synhead_tools.rendering.cpu.transform import STEP, SUBPIXEL_BITS

_CENTRE = STEP // 2
_ZERO, _ONE = np.float32(0), np.float32(1)
#: Twice the area on the grid of a triangle that is as large as one sample.
SAMPLE_AREA = float(2 * STEP * STEP)
#: Largest side on the grid of triangles whose edge functions fit into 32 bits, on all tiles they touch.
NARROW = 56 * STEP
TILE_SHIFT = np.int32(TILE_BITS + SUBPIXEL_BITS)
# Keeps the number of a tile from looking as if it could be negative, which would keep the loops from being vectorised.
NOT_NEGATIVE = (1 << 40) - 1
# Where, of 16 bits, a lone one stands: by de Bruijn's sequence 0000100110101111.
_BIT = np.array([((0x09AF << k) & 0xFFFF) >> 12 for k in range(16)])
BIT_PLACE = np.argsort(_BIT).astype(np.int32)


@inlined
def corners_of(mesh, places, t):
    """Corners of a triangle, swapped where it runs clockwise: grid places, 1/z, vertices, area, whether swapped."""
    a, b, c = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
    ax, ay = np.int64(places.grid_x[a]), np.int64(places.grid_y[a])
    bx, by = np.int64(places.grid_x[b]), np.int64(places.grid_y[b])
    cx, cy = np.int64(places.grid_x[c]), np.int64(places.grid_y[c])
    area = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
    swapped = area < 0
    if swapped:
        b, c, bx, by, cx, cy, area = c, b, cx, cy, bx, by, -area
    scale = _ONE / np.float32(area)
    za, zb, zc = places.inverse_z[a] * scale, places.inverse_z[b] * scale, places.inverse_z[c] * scale
    return (ax, ay, bx, by, cx, cy), (za, zb, zc), (a, b, c), scale, swapped


@inlined
def box(corners, width, height):
    """First and last column and row of samples within a triangle's box; whether its edges fit into 32 bits."""
    ax, ay, bx, by, cx, cy = corners
    left, right, top, bottom = min(ax, bx, cx), max(ax, bx, cx), min(ay, by, cy), max(ay, by, cy)
    x0, x1 = first_last(left, right, width)
    y0, y1 = first_last(top, bottom, height)
    return x0, x1, y0, y1, (right - left < NARROW) & (bottom - top < NARROW)


@inlined
def edges_at(corners, column, row):
    """Edge functions at the first sample of a tile, less 1 on edges that do not own theirs, and their slopes."""
    ax, ay, bx, by, cx, cy = corners
    x, y = (column << TILE_SHIFT) + _CENTRE, (row << TILE_SHIFT) + _CENTRE
    d0x, d0y, d1x, d1y, d2x, d2y = by - cy, cx - bx, cy - ay, ax - cx, ay - by, bx - ax
    return (
        -(d0x * (x - bx) + d0y * (y - by)),
        -(d1x * (x - cx) + d1y * (y - cy)),
        -(d2x * (x - ax) + d2y * (y - ay)),
        (d0x, d0y, d1x, d1y, d2x, d2y),
        (not_own(d0x, d0y), not_own(d1x, d1y), not_own(d2x, d2y)),
    )


@inlined
def in_32_bits(edges):
    """Edge functions of `edges_at`, where they fit."""
    e0, e1, e2, (d0x, d0y, d1x, d1y, d2x, d2y), (n0, n1, n2) = edges
    i = np.int32
    return i(e0), i(e1), i(e2), (i(d0x), i(d0y), i(d1x), i(d1y), i(d2x), i(d2y)), (i(n0), i(n1), i(n2))


@inlined
def in_doubles(edges):
    """Exact too: places within `synhead_tools.rendering.cpu.transform.GUARD` have edge functions below 2^53."""
    e0, e1, e2, (d0x, d0y, d1x, d1y, d2x, d2y), (n0, n1, n2) = edges
    d = np.float64
    return d(e0), d(e1), d(e2), (d(d0x), d(d0y), d(d1x), d(d1y), d(d2x), d(d2y)), (d(n0), d(n1), d(n2))


@inlined
def lane_32(edges, k):
    """Edge functions of lane `k` of a tile in 32 bits, and whether it is inside."""
    e0, e1, e2, (d0x, d0y, d1x, d1y, d2x, d2y), (n0, n1, n2) = edges
    i = np.int32
    x, y = i(i(k & 3) << i(SUBPIXEL_BITS)), i(i(k >> 2) << i(SUBPIXEL_BITS))
    w0 = i(e0 - i(i(d0x * x) + i(d0y * y)))
    w1 = i(e1 - i(i(d1x * x) + i(d1y * y)))
    w2 = i(e2 - i(i(d2x * x) + i(d2y * y)))
    return w0, w1, w2, (i(w0 - n0) | i(w1 - n1) | i(w2 - n2)) >= 0


@inlined
def lane_wide(edges, k):
    """Edge functions of lane `k` of a tile in doubles, and whether it is inside."""
    e0, e1, e2, (d0x, d0y, d1x, d1y, d2x, d2y), (n0, n1, n2) = edges
    x, y = float((k & 3) << SUBPIXEL_BITS), float((k >> 2) << SUBPIXEL_BITS)
    w0, w1, w2 = e0 - (d0x * x + d0y * y), e1 - (d1x * x + d1y * y), e2 - (d2x * x + d2y * y)
    return w0, w1, w2, (w0 >= n0) & (w1 >= n1) & (w2 >= n2)


@inlined
def nearer_lanes(edges, narrow, corner_z, depth, first):
    """Bit k is 1 where lane k of a tile is inside of a triangle and nearer than what is there."""
    za, zb, zc = corner_z
    lanes = np.int32(0)
    if narrow:
        edges32 = in_32_bits(edges)
        for k in range(TILE):
            w0, w1, w2, inside = lane_32(edges32, k)
            z = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
            lanes |= np.int32(np.int32(inside & (z > depth[first + k])) << np.int32(k))
    else:
        wide = in_doubles(edges)
        for k in range(TILE):
            w0, w1, w2, inside = lane_wide(wide, k)
            z = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
            lanes |= np.int32(np.int32(inside & (z > depth[first + k])) << np.int32(k))
    return lanes


@inlined
def lowest_bit(lanes):
    """Place of the lowest one of 16 bits, some of which is one."""
    lone = lanes & -lanes
    return BIT_PLACE[((lone * 0x09AF) & 0xFFFF) >> 12]


@compiled
def nearer_samples(mesh, places, count, kept, samples, x, y, shown, inverse_z):
    """List the samples at which triangles are nearer than what is there, triangle by triangle.

    Parameters
    ----------
    mesh, places, count, kept, samples
        As for `synhead_tools.rendering.cpu.cutout.draw_cutout`, but that nothing is drawn.
    x, y : (N,) int32
        Written: the sample. Of no length: samples are only counted.
    shown : (N,) uint32
        Written: as of `Samples`.
    inverse_z : (N,) float32
        Written.

    Returns
    -------
    int
        How many they are.
    """
    width, height = samples.column_at.shape[0], samples.row_at.shape[0]
    across = (width + 3) >> TILE_BITS
    found = 0
    for i in range(count):
        t = kept[i]
        corners, (za, zb, zc), _, _, swapped = corners_of(mesh, places, t)
        seen = np.uint32(2 * t + (swapped != (mesh.triangle_facing[t] < 0)))
        x0, x1, y0, y1, narrow = box(corners, width, height)
        for row in range(y0 >> TILE_BITS, (y1 >> TILE_BITS) + 1):
            for column in range(x0 >> TILE_BITS, (x1 >> TILE_BITS) + 1):
                first = ((row * across + column) & NOT_NEGATIVE) * TILE
                edges = edges_at(corners, column, row)
                lanes = nearer_lanes(edges, narrow, (za, zb, zc), samples.depth, first)
                wide = in_doubles(edges)
                while lanes != 0:
                    k = lowest_bit(lanes)
                    lanes &= lanes - 1
                    place_x, place_y = column * 4 + (k & 3), row * 4 + (k >> 2)
                    if place_x >= width or place_y >= height:
                        continue
                    if x.shape[0] > 0:
                        w0, w1, w2, _ = lane_wide(wide, k)
                        x[found], y[found], shown[found] = place_x, place_y, seen
                        inverse_z[found] = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
                    found += 1
    return found

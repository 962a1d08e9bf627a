"""Compiled drawing of opaque triangles: set up `LANES` at a time, then drawn one after another in their order.

Most triangles cover a few samples only, so that to set one up costs as much as to draw it; done for many at once
without branches it becomes vector instructions. Everything is reckoned as `synhead_tools.rendering.cpu.raster` does it.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.cull import misses, not_own
from synhead_tools.rendering.cpu.raster import (
    NARROW,
    NOT_NEGATIVE,
    TILE_SHIFT,
    box,
    corners_of,
    edges_at,
    in_doubles,
    lane_32,
    lane_wide,
)
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS
from synhead_tools.rendering.cpu.transform import STEP, SUBPIXEL_BITS

LANES = 16
_INT = np.int32
_ZERO, _ONE = np.float32(0), np.float32(1)
_BITS, _BEFORE, _BEHIND = _INT(SUBPIXEL_BITS), _INT(STEP // 2 - 1), _INT(STEP // 2)
_WIDEST, _TILES, _SHIFT = _INT(NARROW), _INT(TILE_BITS), _INT(TILE_SHIFT)
# From the first sample of a tile to its last, on the grid.
_ACROSS = _INT(3 * STEP)
# Fields of whole numbers: corners; first and last column and row of tiles; edge functions at the first sample of the
# first tile, their slopes, what edges do not own; from there to the largest value on a tile, less that; whether it is
# swapped, small enough for 32 bits, and drawn; and which of these triangles are, in their order.
_AX, _AY, _BX, _BY, _CX, _CY, _LEFT, _RIGHT, _TOP, _BOTTOM = (k * LANES for k in range(10))
_E0, _E1, _E2, _D0X, _D0Y, _D1X, _D1Y, _D2X, _D2Y = (k * LANES for k in range(10, 19))
_N0, _N1, _N2, _M0, _M1, _M2, _SWAPPED, _IS_NARROW, _STAYS, _NUMBERS = (k * LANES for k in range(19, 29))
WHOLE_FIELDS = 29
# Of floats: 1/z at the corners, and those by the area.
_Z, _SCALED, FLOAT_FIELDS = 0, 3 * LANES, 6
# Tiles from which on it is worth asking of each whether the triangle may touch it.
_MANY = 4


@inlined
def _load_lanes(mesh, places, candidates, first, many, whole, floats):
    """Fill in where the corners of triangles are."""
    for i in range(many):
        t = candidates[first + i]
        for k in range(3):
            vertex = mesh.triangles[t, k]
            whole[_AX + (2 * k) * LANES + i] = places.grid_x[vertex]
            whole[_AY + (2 * k) * LANES + i] = places.grid_y[vertex]
            floats[_Z + k * LANES + i] = places.inverse_z[vertex]


@inlined
def _set_up_lanes(whole, floats, both_sides, width, height):
    """Fill in all that follows from the corners, and whether each triangle may cover a sample and is drawn."""
    i32 = _INT
    for i in range(LANES):
        ax, ay, bx, by = whole[_AX + i], whole[_AY + i], whole[_BX + i], whole[_BY + i]
        cx, cy = whole[_CX + i], whole[_CY + i]
        left, right = min(ax, min(bx, cx)), max(ax, max(bx, cx))
        top, bottom = min(ay, min(by, cy)), max(ay, max(by, cy))
        x0, x1 = i32(i32(left + _BEFORE) >> _BITS), i32(i32(right - _BEHIND) >> _BITS)
        y0, y1 = i32(i32(top + _BEFORE) >> _BITS), i32(i32(bottom - _BEHIND) >> _BITS)
        inside = (x0 <= x1) & (y0 <= y1) & (x1 >= 0) & (x0 < width) & (y1 >= 0) & (y0 < height)
        # exact in doubles: see `synhead_tools.rendering.cpu.transform.GUARD`
        first = np.float64(i32(cx - ax)) * np.float64(i32(by - ay))
        second = np.float64(i32(cy - ay)) * np.float64(i32(bx - ax))
        swapped = first < second
        scale = _ONE / np.float32(abs(first - second))
        za, zb, zc = floats[_Z + i], floats[_Z + LANES + i], floats[_Z + 2 * LANES + i]
        zb, zc = zc if swapped else zb, zb if swapped else zc
        floats[_SCALED + i], floats[_SCALED + LANES + i] = za * scale, zb * scale
        floats[_SCALED + 2 * LANES + i] = zc * scale
        bx, cx, by, cy = cx if swapped else bx, bx if swapped else cx, cy if swapped else by, by if swapped else cy
        x, y = i32(i32(x0 << _BITS) + _BEHIND), i32(i32(y0 << _BITS) + _BEHIND)
        # of the smallest triangles, which may well slip between the samples, it is worth knowing for sure
        large = (i32(x1 - x0) > 1) | (i32(y1 - y0) > 1)
        inside &= large | (misses(ax, ay, bx, by, cx, cy, x, y) >= 0)
        whole[_STAYS + i] = i32(inside & ((first > second) | (both_sides & swapped)))
        whole[_SWAPPED + i] = i32(swapped)
        whole[_IS_NARROW + i] = i32((i32(right - left) < _WIDEST) & (i32(bottom - top) < _WIDEST))
        left, top = i32(max(x0, i32(0)) >> _TILES), i32(max(y0, i32(0)) >> _TILES)
        whole[_LEFT + i], whole[_RIGHT + i] = left, i32(min(x1, i32(width - i32(1))) >> _TILES)
        whole[_TOP + i], whole[_BOTTOM + i] = top, i32(min(y1, i32(height - i32(1))) >> _TILES)
        x, y = i32(i32(left << _SHIFT) + _BEHIND), i32(i32(top << _SHIFT) + _BEHIND)
        d0x, d0y, d1x, d1y, d2x, d2y = (
            i32(by - cy),
            i32(cx - bx),
            i32(cy - ay),
            i32(ax - cx),
            i32(ay - by),
            i32(bx - ax),
        )
        whole[_D0X + i], whole[_D0Y + i], whole[_D1X + i] = d0x, d0y, d1x
        whole[_D1Y + i], whole[_D2X + i], whole[_D2Y + i] = d1y, d2x, d2y
        whole[_E0 + i] = i32(-i32(i32(d0x * i32(x - bx)) + i32(d0y * i32(y - by))))
        whole[_E1 + i] = i32(-i32(i32(d1x * i32(x - cx)) + i32(d1y * i32(y - cy))))
        whole[_E2 + i] = i32(-i32(i32(d2x * i32(x - ax)) + i32(d2y * i32(y - ay))))
        n0, n1, n2 = not_own(d0x, d0y), not_own(d1x, d1y), not_own(d2x, d2y)
        whole[_N0 + i], whole[_N1 + i], whole[_N2 + i] = n0, n1, n2
        whole[_M0 + i], whole[_M1 + i], whole[_M2 + i] = _most(d0x, d0y, n0), _most(d1x, d1y, n1), _most(d2x, d2y, n2)


@inlined
def _most(dx, dy, n):
    """From an edge function at the first sample of a tile to the largest on it, less what the edge does not own."""
    i = _INT
    falling = i(i(min(dx, i(0)) * _ACROSS) + i(min(dy, i(0)) * _ACROSS))
    return i(i(-falling) - n)


@inlined
def _draw_narrow(whole, floats, i, seen, across, depth, shown):
    """Draw one of the triangles that are set up, whose edge functions fit into 32 bits."""
    i32 = _INT
    za, zb, zc = floats[_SCALED + i], floats[_SCALED + LANES + i], floats[_SCALED + 2 * LANES + i]
    slopes = whole[_D0X + i], whole[_D0Y + i], whole[_D1X + i], whole[_D1Y + i], whole[_D2X + i], whole[_D2Y + i]
    d0x, d0y, d1x, d1y, d2x, d2y = slopes
    owned = whole[_N0 + i], whole[_N1 + i], whole[_N2 + i]
    m0, m1, m2 = whole[_M0 + i], whole[_M1 + i], whole[_M2 + i]
    left, right, top, bottom = whole[_LEFT + i], whole[_RIGHT + i], whole[_TOP + i], whole[_BOTTOM + i]
    many = i32(i32(right - left) + i32(1)) * i32(i32(bottom - top) + i32(1)) > _MANY
    r0, r1, r2 = whole[_E0 + i], whole[_E1 + i], whole[_E2 + i]
    for row in range(top, bottom + 1):
        e0, e1, e2 = r0, r1, r2
        for column in range(left, right + 1):
            if not (many and i32(i32(e0 + m0) | i32(i32(e1 + m1) | i32(e2 + m2))) < 0):
                first = ((row * across + column) & NOT_NEGATIVE) * TILE
                edges = e0, e1, e2, slopes, owned
                for k in range(TILE):
                    w0, w1, w2, inside = lane_32(edges, k)
                    z = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
                    z, before = z if inside else _ZERO, depth[first + k]
                    shown[first + k] = seen if z > before else shown[first + k]
                    depth[first + k] = max(z, before)
            e0, e1, e2 = i32(e0 - i32(d0x << _SHIFT)), i32(e1 - i32(d1x << _SHIFT)), i32(e2 - i32(d2x << _SHIFT))
        r0, r1, r2 = i32(r0 - i32(d0y << _SHIFT)), i32(r1 - i32(d1y << _SHIFT)), i32(r2 - i32(d2y << _SHIFT))


@inlined
def _draw_wide(mesh, places, t, seen, across, samples):
    """Draw a triangle of any size."""
    depth, shown = samples.depth, samples.shown
    corners, (za, zb, zc), _, _, _ = corners_of(mesh, places, t)
    x0, x1, y0, y1, _ = box(corners, samples.column_at.shape[0], samples.row_at.shape[0])
    for row in range(y0 >> TILE_BITS, (y1 >> TILE_BITS) + 1):
        for column in range(x0 >> TILE_BITS, (x1 >> TILE_BITS) + 1):
            first = ((row * across + column) & NOT_NEGATIVE) * TILE
            wide = in_doubles(edges_at(corners, column, row))
            for k in range(TILE):
                w0, w1, w2, inside = lane_wide(wide, k)
                z = np.float32(w0) * za + np.float32(w1) * zb + np.float32(w2) * zc
                z, before = z if inside else _ZERO, depth[first + k]
                shown[first + k] = seen if z > before else shown[first + k]
                depth[first + k] = max(z, before)


@compiled
def draw_opaque(mesh, places, count, candidates, both_sides, scratch, samples):
    """Draw opaque triangles that are seen from a side that is drawn.

    Parameters
    ----------
    mesh : PackedHead
    places : Places
        All of whose vertices are placed, but those of triangles without any area.
    count : int
        Number of triangles in `candidates`.
    candidates : (T,) uint32
    both_sides : bool
        Whether those that run clockwise in the picture are drawn too.
    scratch : tuple of int32 (WHOLE_FIELDS * LANES,) and float32 (FLOAT_FIELDS * LANES,)
        Room to work in.
    samples : Samples
        Updated.
    """
    whole, floats = scratch
    width, height = _INT(samples.column_at.shape[0]), _INT(samples.row_at.shape[0])
    across = (np.int64(width) + 3) >> TILE_BITS
    for first in range(0, count, LANES):
        many = min(LANES, count - first)
        _load_lanes(mesh, places, candidates, first, many, whole, floats)
        _set_up_lanes(whole, floats, both_sides, width, height)
        staying = 0
        for i in range(many):
            # no branch: which triangles stay is as good as random, and a wrong guess costs more than this
            whole[_NUMBERS + staying] = i
            staying += whole[_STAYS + i]
        for k in range(staying):
            i = whole[_NUMBERS + k] & (LANES - 1)
            t = candidates[first + i]
            seen = np.uint32(2 * t + ((whole[_SWAPPED + i] != 0) != (mesh.triangle_facing[t] < 0)))
            if whole[_IS_NARROW + i] != 0:
                _draw_narrow(whole, floats, i, seen, across, samples.depth, samples.shown)
            else:
                _draw_wide(mesh, places, t, seen, across, samples)

"""Compiled choice and order of the triangles that are worth drawing."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.transform import STEP, SUBPIXEL_BITS

_CENTRE = STEP // 2
_LANES = 16
_INT = np.int32
_BEFORE, _BEHIND, _BITS = np.int32(_CENTRE - 1), np.int32(_CENTRE), np.int32(SUBPIXEL_BITS)
#: Numbers of distances told apart by `sort_by_distance`.
DISTANCES = 1024


@inlined
def first_last(low, high, count):
    """First and last sample whose centre lies between two grid coordinates."""
    first = max((low + _CENTRE - 1) >> SUBPIXEL_BITS, 0)
    last = min((high - _CENTRE) >> SUBPIXEL_BITS, count - 1)
    return first, last


@compiled
def find_facing(planes, x, y, z, facing, candidates):
    """Find the rigid triangles of closed parts that do not clearly turn their backs to the camera.

    Parameters
    ----------
    planes : (4, R) float32
        From `PackedHead`.
    x, y, z : float32
        Where the camera is, head frame, metres.
    facing : (R,) uint8
        Room to work in.
    candidates : (T,) uint32
        Written: their numbers.

    Returns
    -------
    int
        How many they are.
    """
    for t in range(planes.shape[1]):
        facing[t] = planes[0, t] * x + planes[1, t] * y + planes[2, t] * z > planes[3, t]
    count = 0
    for t in range(planes.shape[1]):
        candidates[count] = t
        count += facing[t]
    return count


@inlined
def _load_corners(mesh, places, candidates, first, many, corners):
    for i in range(many):
        t = candidates[first + i]
        for k in range(3):
            vertex = mesh.triangles[t, k]
            corners[(2 * k) * _LANES + i] = places.grid_x[vertex]
            corners[(2 * k + 1) * _LANES + i] = places.grid_y[vertex]


@inlined
def not_own(dx, dy):
    """1 if an edge does not own the samples exactly on it (top-left rule), else 0."""
    return _INT((dx > 0) | ((dx == 0) & (dy >= 0)))


@inlined
def misses(ax, ay, bx, by, cx, cy, x, y):
    """Negative where a triangle that runs counter-clockwise covers none of the 2 x 2 samples from (x, y) on.

    Its box must not hold others: then all fits into 32 bits.
    """
    i = _INT
    d0x, d0y, d1x, d1y, d2x, d2y = i(by - cy), i(cx - bx), i(cy - ay), i(ax - cx), i(ay - by), i(bx - ax)
    w0 = i(i(-i(i(d0x * i(x - bx)) + i(d0y * i(y - by)))) - not_own(d0x, d0y))
    w1 = i(i(-i(i(d1x * i(x - cx)) + i(d1y * i(y - cy)))) - not_own(d1x, d1y))
    w2 = i(i(-i(i(d2x * i(x - ax)) + i(d2y * i(y - ay)))) - not_own(d2x, d2y))
    d0x, d0y, d1x = i(d0x << _BITS), i(d0y << _BITS), i(d1x << _BITS)  # from one sample to the next
    d1y, d2x, d2y = i(d1y << _BITS), i(d2x << _BITS), i(d2y << _BITS)
    first = i(w0 | i(w1 | w2))
    right = i(i(w0 - d0x) | i(i(w1 - d1x) | i(w2 - d2x)))
    below = i(i(w0 - d0y) | i(i(w1 - d1y) | i(w2 - d2y)))
    both = i(i(i(w0 - d0x) - d0y) | i(i(i(w1 - d1x) - d1y) | i(i(w2 - d2x) - d2y)))
    return i(i(first & right) & i(below & both))


@inlined
def _judge_lanes(corners, both_sides, width, height, stays):
    """Whether each triangle may cover a sample, and is seen from a side that is drawn."""
    for i in range(_LANES):
        ax, bx, cx = corners[i], corners[2 * _LANES + i], corners[4 * _LANES + i]
        ay, by, cy = corners[_LANES + i], corners[3 * _LANES + i], corners[5 * _LANES + i]
        left, right = min(ax, min(bx, cx)), max(ax, max(bx, cx))
        top, bottom = min(ay, min(by, cy)), max(ay, max(by, cy))
        x0, x1 = (left + _BEFORE) >> _BITS, (right - _BEHIND) >> _BITS
        y0, y1 = (top + _BEFORE) >> _BITS, (bottom - _BEHIND) >> _BITS
        inside = (x0 <= x1) & (y0 <= y1) & (x1 >= 0) & (x0 < width) & (y1 >= 0) & (y0 < height)
        # exact in doubles: see `synhead_tools.rendering.cpu.transform.GUARD`
        first = np.float64(cx - ax) * np.float64(by - ay)
        second = np.float64(cy - ay) * np.float64(bx - ax)
        swapped = first < second
        bx, cx, by, cy = cx if swapped else bx, bx if swapped else cx, cy if swapped else by, by if swapped else cy
        x, y = _INT((_INT(x0) << _BITS) + _BEHIND), _INT((_INT(y0) << _BITS) + _BEHIND)
        # of the smallest triangles, which may well slip between the samples, it is worth knowing for sure
        large = (x1 - x0 > 1) | (y1 - y0 > 1)
        inside &= large | (misses(ax, ay, bx, by, cx, cy, x, y) >= 0)
        stays[i] = inside & ((first > second) | (both_sides & swapped))


@compiled
def keep_triangles(mesh, places, count, candidates, both_sides, width, height, scratch, kept, already):
    """Keep the triangles that may cover a sample and are seen from a side that is drawn.

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
    width, height : int32
        Size of the picture in samples.
    scratch : tuple of int32 (96,) and uint8 (16,)
        Room to work in.
    kept : (T + 1,) uint32
        Written from number `already` on: their numbers.
    already : int

    Returns
    -------
    int
        How many are in `kept` now.
    """
    corners, stays = scratch
    for first in range(0, count, _LANES):
        many = min(_LANES, count - first)
        _load_corners(mesh, places, candidates, first, many, corners)
        _judge_lanes(corners, both_sides, width, height, stays)
        for i in range(many):
            # no branch: which triangles stay is as good as random, and a wrong guess costs more than this
            kept[already] = candidates[first + i]
            already += stays[i]
    return already


@compiled
def sort_by_distance(triangles, places, count, kept, keys, starts, into):
    """Sort triangles by their distance from the camera, the nearest first; to one of `DISTANCES` steps.

    Parameters
    ----------
    triangles : (T, 3) uint32
    places : Places
    count : int
        Number of triangles in `kept`.
    kept : (T,) uint32
    keys : (T,) uint32
        Room to work in.
    starts : (DISTANCES + 1,) uint32
        Room to work in.
    into : (T,) uint32
        Written: the first `count` of `kept`, sorted.
    """
    low, high = np.float32(np.inf), np.float32(0)
    for i in range(count):
        z = places.inverse_z[triangles[kept[i], 0]]
        low, high = min(low, z), max(high, z)
    scale = np.float32(DISTANCES - 1) / (high - low) if high > low else np.float32(0)
    starts[:] = 0
    for i in range(count):
        key = np.uint32((high - places.inverse_z[triangles[kept[i], 0]]) * scale)
        keys[i] = key
        starts[key + 1] += 1
    for k in range(DISTANCES):
        starts[k + 1] += starts[k]
    for i in range(count):
        into[starts[keys[i]]] = kept[i]
        starts[keys[i]] += 1

"""Compiled loops of the indices: a tree of boxes over points, rows that are all different, quaternions of matrices.

Imported only where `synhead_tools.geometry.compiled_points` finds that it pays. What decides an answer is computed as
in NumPy, to the last bit: no ``fastmath``, sums in one order, and of mathematical functions only the square root.

A point has up to four coordinates and is stored with four. The tree: points are sorted into the cells of a grid along
the Morton curve (counting, not comparing); a node's cells are halved until there are points on both sides, so most of
the tree follows from counts alone. Within one cell the points themselves are parted at the middle of their extent.
Nodes lie level by level, the two children of a node side by side; each has the tight box around its points.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(nogil=True, cache=True, error_model="numpy")
_inlined = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)


@_compiled
def sort_into_cells(points, bits, cell, cell_end, placed, row):
    """Write points (n, d) to `placed` (n, 4), cell after cell, and to `row` which they were.

    `cell` (n,) is room to work in; `cell_end` (2^(d bits),), zeros at first, says where each cell's points end.
    """
    count, axes = points.shape
    low, width = np.empty(axes), 0.0
    for j in range(axes):
        least = most = points[0, j]
        for i in range(1, count):
            least, most = min(least, points[i, j]), max(most, points[i, j])
        low[j], width = least, max(width, most - least)
    last = (1 << bits) - 1
    spread = np.zeros(last + 1, np.int64)  # the bits of a coordinate, with room for those of the others
    for along in range(last + 1):
        for bit in range(bits):
            spread[along] |= ((along >> bit) & 1) << (bit * axes)
    scale = (last + 1) / width if width > 1e-290 else 0.0
    for i in range(count):
        code = 0
        for j in range(axes):
            code |= spread[min(int((points[i, j] - low[j]) * scale), last)] << j
        cell[i] = code
        cell_end[code] += 1
    total = 0
    for code in range(len(cell_end)):  # for now: where the cell starts
        total, cell_end[code] = total + cell_end[code], total
    for i in range(count):
        at = cell_end[cell[i]]
        cell_end[cell[i]] += 1
        for j in range(axes):
            placed[at, j] = points[i, j]
        row[at] = i


@_inlined
def _put(nodes, node, first, end, cell, cells):
    """A new node, without children so far."""
    nodes[node, 0], nodes[node, 1], nodes[node, 2], nodes[node, 3], nodes[node, 4] = first, end, 0, cell, cells


@_compiled
def divide(points, row, cell_end, leaf_points, nodes):
    """Fill `nodes` (room, 5) with start, end, first child (0: none), cell and number of cells; points may move.

    Returns how many nodes and levels there are, and the first node without children: more room is needed to go on.
    """
    _put(nodes, 0, 0, len(points), 0, len(cell_end))
    count, levels, level_end, node = 1, 1, 1, 0
    while node < count:
        if node == level_end:
            levels, level_end = levels + 1, count
        first, end, cell, cells = nodes[node, 0], nodes[node, 1], nodes[node, 3], nodes[node, 4]
        if end - first > leaf_points:
            if count + 2 > len(nodes):
                return count, levels, False
            middle = first
            while cells > 1 and not first < middle < end:  # one half has all the points
                cells >>= 1
                middle = cell_end[cell + cells - 1]
                if middle == first:
                    cell += cells
            other_cell = cell + cells
            if not first < middle < end:
                cells, other_cell, middle = 1, cell, _part(points, row, first, end)
            if middle > first:
                nodes[node, 2] = count
                _put(nodes, count, first, middle, cell, cells)
                _put(nodes, count + 1, middle, end, other_cell, cells)
                count += 2
        node += 1
    return count, levels, True


@_compiled
def _part(points, row, first, end):
    """Part points at the middle of their widest extent; return where the upper ones start, `first` if all are one."""
    box = np.empty((2, 4))
    _bound(points, first, end, box)
    axis = 0
    for j in range(1, 4):
        if box[1, j] - box[0, j] > box[1, axis] - box[0, axis]:
            axis = j
    low, high = box[0, axis], box[1, axis]
    if not low < high:
        return first
    middle = low + 0.5 * (high - low)
    if not middle < high:
        middle = low
    i, j = first, end - 1
    while True:
        while points[i, axis] <= middle:
            i += 1
        while points[j, axis] > middle:
            j -= 1
        if i >= j:
            return i
        for x in range(4):
            points[i, x], points[j, x] = points[j, x], points[i, x]
        row[i], row[j] = row[j], row[i]


@_inlined
def _bound(points, first, end, box):
    """The tight box (2, 4) around points `first` to `end`."""
    for j in range(4):
        box[0, j] = box[1, j] = points[first, j]
    for i in range(first + 1, end):
        for j in range(4):
            box[0, j], box[1, j] = min(box[0, j], points[i, j]), max(box[1, j], points[i, j])


@_compiled
def bound_all(points, nodes, box):
    """Fill `box` (n, 2, 4): the tight box of each node."""
    for node in range(len(box) - 1, -1, -1):
        child = nodes[node, 2]
        if child:
            for j in range(4):
                box[node, 0, j] = min(box[child, 0, j], box[child + 1, 0, j])
                box[node, 1, j] = max(box[child, 1, j], box[child + 1, 1, j])
        else:
            _bound(points, nodes[node, 0], nodes[node, 1], box[node])


@_inlined
def _squared_to_box(box, node, x, y, z, w):
    """Squared distance of a point to a node's box, 0 inside."""
    a = max(max(box[node, 0, 0] - x, x - box[node, 1, 0]), 0.0)
    b = max(max(box[node, 0, 1] - y, y - box[node, 1, 1]), 0.0)
    c = max(max(box[node, 0, 2] - z, z - box[node, 1, 2]), 0.0)
    d = max(max(box[node, 0, 3] - w, w - box[node, 1, 3]), 0.0)
    return (a * a + b * b) + (c * c + d * d)


@_compiled
def nearest(points, row, nodes, box, levels, queries, k, beyond, slack, chord, found):
    """Fill `chord` and `found` (m, c) with the distances and rows of the points nearest to queries (m, 4), ascending.

    The first `k` are the nearest; of the others (c > k, or all points) those that are farther than the k-th by more
    than `beyond` may not be the next ones, but they are farther than that, too. `slack` (a little above 1) widens it.
    """
    count = chord.shape[1]
    waiting, how_far = np.empty(levels + 2, np.int64), np.empty(levels + 2)
    for query in range(len(queries)):
        x, y, z, w = queries[query, 0], queries[query, 1], queries[query, 2], queries[query, 3]
        limit, have, top = np.inf, 0, 1
        waiting[0], how_far[0] = 0, 0.0
        while top > 0:
            top -= 1
            node, near = waiting[top], how_far[top]
            while near <= limit and nodes[node, 2] != 0:
                other = nodes[node, 2]
                node = other + 1
                near, far = _squared_to_box(box, node, x, y, z, w), _squared_to_box(box, other, x, y, z, w)
                if far < near:
                    near, far, node, other = far, near, other, node
                waiting[top], how_far[top] = other, far
                top += far <= limit
            if near > limit:
                continue
            for i in range(nodes[node, 0], nodes[node, 1]):
                a, b, c, d = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z, points[i, 3] - w
                squared = (a * a + b * b) + (c * c + d * d)
                if have == count and (squared > limit or squared >= chord[query, count - 1]):
                    continue
                place = min(have, count - 1)
                filled = have == count - 1
                have = place + 1
                while place > 0 and chord[query, place - 1] > squared:
                    chord[query, place], found[query, place] = chord[query, place - 1], found[query, place - 1]
                    place -= 1
                chord[query, place], found[query, place] = squared, row[i]
                if filled or (have == count and place < k):
                    reach = (np.sqrt(chord[query, k - 1]) + beyond) * slack
                    limit = reach * reach
        for i in range(count):
            chord[query, i] = np.sqrt(chord[query, i])


@_compiled
def all_different(bits, table):
    """Whether rows of uint64 (n, d) are surely all different; `table`, a power of two above n of -1, is used up."""
    mask = np.uint64(len(table) - 1)
    for i in range(len(bits)):
        mixed = np.uint64(0)
        for j in range(bits.shape[1]):
            mixed = (mixed ^ bits[i, j]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        at = mixed & mask
        for _ in range(64):
            other = table[at]
            if other < 0:
                break
            same = True
            for j in range(bits.shape[1]):
                same &= bits[other, j] == bits[i, j]
            if same:
                return False
            at = (at + np.uint64(1)) & mask
        if table[at] >= 0:
            return False  # too crowded to tell
        table[at] = i
    return True


@_compiled
def quaternions(rows, quat):
    """`synhead_tools.geometry.rotation_index._some_quaternions` of matrices (n, 9), into `quat` (n, 4)."""
    for i in range(len(rows)):
        xx, yy, zz = rows[i, 0], rows[i, 4], rows[i, 8]
        wx, wy, wz = rows[i, 7] - rows[i, 5], rows[i, 2] - rows[i, 6], rows[i, 3] - rows[i, 1]
        dw = 1 + xx + yy + zz
        a, b, c, d = wx, wy, wz, dw
        if not dw >= 1.0:
            xy, xz, yz = rows[i, 1] + rows[i, 3], rows[i, 2] + rows[i, 6], rows[i, 5] + rows[i, 7]
            dx, dy, dz = 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz
            largest = max(max(dx, dy), max(dz, dw))
            if dx == largest:
                a, b, c, d = dx, xy, xz, wx
            elif dy == largest:
                a, b, c, d = xy, dy, yz, wy
            elif dz == largest:
                a, b, c, d = xz, yz, dz, wz
        length = np.sqrt(a * a + b * b + c * c + d * d)
        a, b, c, d = a / length, b / length, c / length, d / length
        if d < 0:
            a, b, c, d = -a, -b, -c, -d
        quat[i, 0], quat[i, 1], quat[i, 2], quat[i, 3] = a, b, c, d

"""Compiled loops over the pixels and points of a frame: its labels, and the vertices of a neck that bends.

Each has a twin in NumPy, in the module that calls it, with the same results to the last bit: sums are written out in
one order in both. So labels do not depend on whether numba is installed.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined

_HALF = 0.5
_BYTE, _EACH_BYTE, _FULL_WORD = np.uint64(0xFF), np.uint64(0x0101010101010101), np.uint64(0xFFFFFFFFFFFFFFFF)


def words_of(picture: np.ndarray) -> np.ndarray:
    """Pictures (H, W) uint8 as words of eight pixels, (H * W / 8,) uint64; none where rows do not consist of such."""
    if picture.shape[1] % 8 or not picture.flags.c_contiguous:
        return np.zeros(0, np.uint64)
    return picture.reshape(-1).view(np.uint64)


@inlined
def _near(kinds, region, row, column, reach_px, kind):
    """Whether a pixel of this kind is within so many pixels to every side."""
    height, width = region.shape
    for y in range(max(row - reach_px, 0), min(row + reach_px + 1, height)):
        for x in range(max(column - reach_px, 0), min(column + reach_px + 1, width)):
            if kinds[region[y, x]] == kind:
                return True
    return False


@compiled
def head_box(alpha, region, alpha_words, region_words, kinds, fringe_px, columns):
    """Left, top, right and bottom edge of the box around `synhead_tools.heads.head_pixels.head_pixels`; 0 for none.

    `kinds` (256,) uint8 says of each region whether it is background (0), head (1) or body (2); `columns` (2, W) uint8
    is room to work in, all 0. Most of the words (`words_of`) are of one kind, and looked at as one.
    """
    height, width = alpha.shape
    words = alpha_words.shape[0] // height
    full, body = True, False
    # of pixels known to be the head's, and of those and all outlines: first and last row; columns that have any
    known_top, known_bottom, covered_top, covered_bottom = height, 0, height, 0
    for row in range(height):
        row_known, row_covered = False, False
        for word in range(words):
            alphas, regions = alpha_words[row * words + word], region_words[row * words + word]
            first = regions & _BYTE
            if ((alphas == 0) | (alphas == _FULL_WORD)) & (regions == first * _EACH_BYTE):
                kind, there = kinds[first], alphas != 0
                full &= there
                body |= kind == 2
                if not there or kind == 2:
                    continue
                row_known |= kind == 1
                row_covered = True
                for column in range(8 * word, 8 * word + 8):
                    columns[0, column] |= kind == 1
                    columns[1, column] = 1
            else:
                noted = _note_pixels(alpha, region, kinds, row, 8 * word, 8 * word + 8, columns)
                row_known, row_covered = row_known | noted[0], row_covered | noted[1]
                full, body = full & noted[2], body | noted[3]
        noted = _note_pixels(alpha, region, kinds, row, 8 * words, width, columns)
        row_known, row_covered = row_known | noted[0], row_covered | noted[1]
        full, body = full & noted[2], body | noted[3]
        if row_known:
            known_top, known_bottom = min(known_top, row), row + 1
        if row_covered:
            covered_top, covered_bottom = min(covered_top, row), row + 1
    known_left, known_right = _first_last(columns[0])
    covered_left, covered_right = _first_last(columns[1])
    box = (known_left, known_top, known_right, known_bottom)
    covered_box = (covered_left, covered_top, covered_right, covered_bottom)
    if not full and not body:
        box = covered_box
    elif not full:
        box = _with_outlines(alpha, region, kinds, fringe_px, box, covered_box)
    return box if box[2] > 0 else (0, 0, 0, 0)


@inlined
def _note_pixels(alpha, region, kinds, row, start, stop, columns):
    """Note in `columns` which of some pixels are known to be the head's, and which are covered, but not by the body.

    Return whether any is, of either; whether all are covered; whether any is the body's.
    """
    any_known, any_covered, full, body = False, False, True, False
    for column in range(start, stop):  # without branches, which would be slower than what they save
        kind = kinds[region[row, column]]
        there = alpha[row, column] != 0
        full &= there
        body |= kind == 2
        known, covered = there & (kind == 1), there & (kind != 2)
        any_known |= known
        any_covered |= covered
        columns[0, column] |= known
        columns[1, column] |= covered
    return any_known, any_covered, full, body


@inlined
def _first_last(columns):
    """First column with any, and one past the last; beyond the last and 0 if there is none."""
    first, last = columns.shape[0], 0
    for column in range(columns.shape[0]):
        if columns[column]:
            first, last = min(first, column), column + 1
    return first, last


@inlined
def _with_outlines(alpha, region, kinds, fringe_px, box, covered_box):
    """The box of the head with what is covered by less than half, and not the body's outline."""
    for row in range(covered_box[1], covered_box[3]):
        for column in range(covered_box[0], covered_box[2]):
            if box[0] <= column < box[2] and box[1] <= row < box[3]:
                continue
            if alpha[row, column] == 0 or kinds[region[row, column]] != 0:
                continue
            far = not _near(kinds, region, row, column, fringe_px, 2)
            if far or _near(kinds, region, row, column, 1, 1):
                box = (min(box[0], column), min(box[1], row), max(box[2], column + 1), max(box[3], row + 1))
    return box


@compiled
def face_area(region, region_words, depth_m, is_face, intrinsics, rotmat, translation_m, back_m, hairline_m, found):
    """Count the pixels of `synhead_tools.rendering.face_area.face_area_px`.

    `is_face` (256,) bool says it of each region; `found` (W + 1,) int32 is room to work in. The words are those of
    `words_of`.
    """
    height, width = region.shape
    words, count = region_words.shape[0] // height, 0
    for row in range(height):
        candidates = 0
        for word in range(words):
            regions = region_words[row * words + word]
            first = regions & _BYTE
            if (regions == first * _EACH_BYTE) & (not is_face[first]):
                continue
            for column in range(8 * word, 8 * word + 8):
                found[candidates] = column
                candidates += is_face[region[row, column]]
        for column in range(8 * words, width):
            found[candidates] = column
            candidates += is_face[region[row, column]]
        y = (row + _HALF - intrinsics[1, 2]) / intrinsics[1, 1]
        for i in range(candidates):
            column = found[i]
            x = (column + _HALF - intrinsics[0, 2] - intrinsics[0, 1] * y) / intrinsics[0, 0]
            depth = float(depth_m[row, column])
            dx, dy, dz = x * depth - translation_m[0], y * depth - translation_m[1], depth - translation_m[2]
            back = dx * rotmat[0, 2] + dy * rotmat[1, 2] + dz * rotmat[2, 2]
            down = dx * rotmat[0, 1] + dy * rotmat[1, 1] + dz * rotmat[2, 1]
            count += (back <= back_m) & (down >= hairline_m)
    return count


@inlined
def _project(points_m, j, r, t, k):
    a, b, c = points_m[j, 0], points_m[j, 1], points_m[j, 2]
    x = a * r[0, 0] + b * r[0, 1] + c * r[0, 2] + t[0]
    y = a * r[1, 0] + b * r[1, 1] + c * r[1, 2] + t[1]
    z = a * r[2, 0] + b * r[2, 1] + c * r[2, 2] + t[2]
    return (x * k[0, 0] + y * k[0, 1] + z * k[0, 2]) / z, (y * k[1, 1] + z * k[1, 2]) / z, z


@compiled
def project(points_m, rotmat, translation_m, intrinsics, points):
    """Write x, y in px and depth in m (n, K, 3) of points (K, 3) at n poses."""
    for i in range(rotmat.shape[0]):
        for j in range(points_m.shape[0]):
            x, y, z = _project(points_m, j, rotmat[i], translation_m[i], intrinsics[i])
            points[i, j, 0], points[i, j, 1], points[i, j, 2] = x, y, z


@compiled
def box_points(points_m, rotmat, translation_m, intrinsics, near_m, boxes):
    """Write the boxes (n, 4) around points (K, 3) no nearer than `near_m` at n poses; 0 where all are nearer."""
    for i in range(rotmat.shape[0]):
        left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
        for j in range(points_m.shape[0]):
            x, y, z = _project(points_m, j, rotmat[i], translation_m[i], intrinsics[i])
            if z >= near_m:
                left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
        if left > right:
            left, top, right, bottom = 0.0, 0.0, 0.0, 0.0
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = left, top, right, bottom


@inlined
def _hit(corners, i, ox, oy, oz, dx, dy, dz):
    """Depth at which the ray meets triangle `i`, or infinity (Moeller and Trumbore, 1997)."""
    ax, ay, az = float(corners[i, 0, 0]), float(corners[i, 0, 1]), float(corners[i, 0, 2])
    ux, uy, uz = corners[i, 1, 0] - ax, corners[i, 1, 1] - ay, corners[i, 1, 2] - az
    vx, vy, vz = corners[i, 2, 0] - ax, corners[i, 2, 1] - ay, corners[i, 2, 2] - az
    px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
    volume = ux * px + uy * py + uz * pz
    side = 1.0 if volume > 0 else -1.0
    sx, sy, sz = ox - ax, oy - ay, oz - az
    u = (sx * px + sy * py + sz * pz) * side
    if u < 0 or u > volume * side:
        return np.inf
    qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
    v = (dx * qx + dy * qy + dz * qz) * side
    if volume == 0 or v < 0 or u + v > volume * side:
        return np.inf
    depth = (vx * qx + vy * qy + vz * qz) / volume
    return depth if depth > 0 else np.inf


@compiled
def solid_depth_m(corners, first, last, rotmat, translation_m, intrinsics, x_px, y_px):
    """Depth at which the ray of a place in the picture meets triangles `first` to `last`, or infinity."""
    r, t = rotmat, translation_m
    y = (y_px - intrinsics[1, 2]) / intrinsics[1, 1]
    x = (x_px - intrinsics[0, 2] - intrinsics[0, 1] * y) / intrinsics[0, 0]
    ox = -(r[0, 0] * t[0] + r[1, 0] * t[1] + r[2, 0] * t[2])
    oy = -(r[0, 1] * t[0] + r[1, 1] * t[1] + r[2, 1] * t[2])
    oz = -(r[0, 2] * t[0] + r[1, 2] * t[1] + r[2, 2] * t[2])
    dx = r[0, 0] * x + r[1, 0] * y + r[2, 0]
    dy = r[0, 1] * x + r[1, 1] * y + r[2, 1]
    dz = r[0, 2] * x + r[1, 2] * y + r[2, 2]
    nearest = np.inf
    for i in range(first, last):
        nearest = min(nearest, _hit(corners, i, ox, oy, oz, dx, dy, dz))
    return nearest


@compiled
def see_points(points, depth_m, thin, corners, start, pose, limits, seen):
    """Write the visibility (K,) of points as `synhead_tools.rendering.visibility.seen_points` says.

    `thin` is (region, triangle_id, thin triangles); `pose` is (rotmat, translation_m, intrinsics); `limits` is
    nearest depth, tolerance and reach, in m.
    """
    height, width = depth_m.shape
    near_m, tolerance_m, reach_m = limits
    for k in range(points.shape[0]):
        x, y, z = float(points[k, 0]), float(points[k, 1]), float(points[k, 2])
        if not (0 <= x < width and 0 <= y < height and z >= near_m):
            seen[k] = 0
            continue
        left, top = int(np.floor(x - _HALF)), int(np.floor(y - _HALF))
        seen[k] = 1
        for place in range(4):
            row = min(max(top + place // 2, 0), height - 1)
            column = min(max(left + place % 2, 0), width - 1)
            depth = float(depth_m[row, column])
            if depth == 0 or z <= depth + tolerance_m:
                seen[k] = 2
        row, column = int(y), int(x)
        if seen[k] == 2 or start[k] == start[k + 1] or not _is_thin(thin, row, column):
            continue
        if z <= float(depth_m[row, column]) + reach_m:
            solid_m = solid_depth_m(corners, start[k], start[k + 1], pose[0], pose[1], pose[2], x, y)
            if z <= solid_m + tolerance_m:
                seen[k] = 2


@inlined
def _is_thin(thin, row, column):
    region, triangle_id, thin_triangles = thin
    triangle = triangle_id[row, column]
    if triangle >= 0:
        return thin_triangles[triangle]
    return region[row, column] == 4 or region[row, column] == 5  # Region.BROW, Region.LASH


@compiled
def bend(vertices_m, normals, moving, share, maps, bent_m, turned):
    """Write the rows `moving` of vertices and normals (V, 3), moved by `maps` (3, 4, S + 1) of their share (M,)."""
    steps = np.float32(maps.shape[2] - 1)
    for k in range(moving.shape[0]):
        i, step = moving[k], int(np.rint(share[k] * steps))
        x, y, z = vertices_m[i, 0], vertices_m[i, 1], vertices_m[i, 2]
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        for axis in range(3):
            a, b, c = maps[axis, 0, step], maps[axis, 1, step], maps[axis, 2, step]
            bent_m[i, axis] = a * x + b * y + c * z + maps[axis, 3, step]
            turned[i, axis] = a * nx + b * ny + c * nz


@compiled
def bend_into(vertices_m, normals, moving, places, share, maps, positions, into):
    """Do what `bend` does, but write to the columns `places` (M,) of positions (3, N) and rows of normals (N, 3)."""
    steps = np.float32(maps.shape[2] - 1)
    for k in range(moving.shape[0]):
        i, at, step = moving[k], places[k], int(np.rint(share[k] * steps))
        x, y, z = vertices_m[i, 0], vertices_m[i, 1], vertices_m[i, 2]
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        for axis in range(3):
            a, b, c = maps[axis, 0, step], maps[axis, 1, step], maps[axis, 2, step]
            positions[axis, at] = a * x + b * y + c * z + maps[axis, 3, step]
            into[at, axis] = a * nx + b * ny + c * nz

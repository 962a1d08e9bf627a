"""Compiled rasterisation: which triangle each sample shows.

Vertices are put on a grid of 1/256 sample and edges are tested with integers, so that two triangles that share an
edge share no sample and leave none out (the top-left rule; Giesen, "Optimizing the basic rasterizer", 2013).
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.compiled import compiled, inlined
from synhead_tools.rendering.pack import CUTOUT
from synhead_tools.rendering.sampler import sample_alpha

SUBPIXEL_BITS = 8
_STEP = 1 << SUBPIXEL_BITS
_CENTRE = _STEP // 2
#: Largest grid coordinate drawn, in 1/256 samples: keeps the edge functions inside 64 bits.
_GUARD = float(1 << 28)
_ONE = np.float32(1)


@compiled
def put_vertices(attributes, first, vertices_m, normals):
    """Write the positions and normals (V, 3) of one part into the rows of `PackedHead.attributes` from `first` on."""
    for i in range(vertices_m.shape[0]):
        for axis in range(3):
            attributes[first + i, axis] = vertices_m[i, axis]
            attributes[first + i, 5 + axis] = normals[i, axis]


@compiled
def project_vertices(attributes, rotmat, translation_m, intrinsics, samples, near_m, grid_x, grid_y, inverse_z):
    """Place vertices on the sample grid.

    Parameters
    ----------
    attributes : (V, 8) float32
        As in `PackedHead`.
    rotmat, translation_m, intrinsics : float64 arrays
        Pose and camera.
    samples : int
        Samples per pixel along each axis.
    near_m : float
        Vertices nearer than this along z are not drawn, nor any triangle they belong to.
    grid_x, grid_y : (V,) int32
        Written: place in 1/256 sample from the picture's top-left corner.
    inverse_z : (V,) float32
        Written: 1/z, or 0 where the vertex cannot be drawn.
    """
    scale = float(samples * _STEP)
    for i in range(attributes.shape[0]):
        x, y, z = float(attributes[i, 0]), float(attributes[i, 1]), float(attributes[i, 2])
        cx = rotmat[0, 0] * x + rotmat[0, 1] * y + rotmat[0, 2] * z + translation_m[0]
        cy = rotmat[1, 0] * x + rotmat[1, 1] * y + rotmat[1, 2] * z + translation_m[1]
        cz = rotmat[2, 0] * x + rotmat[2, 1] * y + rotmat[2, 2] * z + translation_m[2]
        inverse_z[i] = 0
        if cz < near_m:
            continue
        u = np.floor((intrinsics[0, 0] * cx + intrinsics[0, 1] * cy + intrinsics[0, 2] * cz) / cz * scale + 0.5)
        v = np.floor((intrinsics[1, 1] * cy + intrinsics[1, 2] * cz) / cz * scale + 0.5)
        if abs(u) < _GUARD and abs(v) < _GUARD:
            grid_x[i], grid_y[i], inverse_z[i] = np.int32(u), np.int32(v), np.float32(1 / cz)


@compiled
def nearness(triangles, inverse_z, keys):
    """Write a number from 0 to 65535 per triangle, the smaller the nearer it is to the camera among these."""
    low, high = np.float32(np.inf), np.float32(0)
    for t in range(triangles.shape[0]):
        z = inverse_z[triangles[t, 0]]
        low, high = min(low, z), max(high, z)
    scale = np.float32(65535) / (high - low) if high > low else np.float32(0)
    for t in range(triangles.shape[0]):
        keys[t] = np.uint16((high - inverse_z[triangles[t, 0]]) * scale)


@inlined
def corner(grid_x, grid_y, vertex):
    """Grid place of a vertex as 64-bit integers."""
    return np.int64(grid_x[vertex]), np.int64(grid_y[vertex])


@inlined
def twice_area(ax, ay, bx, by, cx, cy):
    """Twice the area on the grid; positive where a, b, c run counter-clockwise as seen in the picture."""
    return (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)


@inlined
def _covers(dx, dy):
    """0 if an edge owns the samples exactly on it (top-left rule), else -1."""
    return 0 if (dx < 0 or (dx == 0 and dy < 0)) else -1


@inlined
def _first_last(low, high, count):
    """First and last sample whose centre lies between two grid coordinates."""
    first = max((low + _CENTRE - 1) >> SUBPIXEL_BITS, 0)
    last = min((high - _CENTRE) >> SUBPIXEL_BITS, count - 1)
    return first, last


@inlined
def _passes_cutout(mesh, t, w0, w1, w2, inverse_z, texels_per_sample, threshold):
    """Whether a cutout triangle is opaque, for this threshold, where its edge functions are w0, w1, w2."""
    a, b, c = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
    w0 *= inverse_z[a]
    w1 *= inverse_z[b]
    w2 *= inverse_z[c]
    total = w0 + w1 + w2
    u = (mesh.attributes[a, 3] * w0 + mesh.attributes[b, 3] * w1 + mesh.attributes[c, 3] * w2) / total
    v = (mesh.attributes[a, 4] * w0 + mesh.attributes[b, 4] * w1 + mesh.attributes[c, 4] * w2) / total
    return sample_alpha(mesh, mesh.triangle_part[t], u, v, texels_per_sample) > threshold


@compiled
def rasterise(mesh, order, samples, thresholds, grid_x, grid_y, inverse_z, depth, shown):
    """Find the nearest triangle of every sample.

    Parameters
    ----------
    mesh : PackedHead
    order : (T,) int32
        Triangles in the order of drawing. It decides nothing but the time taken (and ties of depth).
    samples : int
        Samples per pixel along each axis.
    thresholds : (P, 4, samples * samples) float32
        Alpha, 0 to 65535, above which each part is opaque, for the pixels of each 2 x 2 block and the samples of a
        pixel: coverage then follows alpha, whatever the order of drawing ("alpha to coverage").
    grid_x, grid_y, inverse_z
        From `project_vertices`.
    depth : (H, W) float32
        Written: 1/z of the nearest triangle at each sample, 0 where there is none.
    shown : (H, W) int32
        Written: its number, -1 where there is none.
    """
    height, width = depth.shape
    depth[:] = 0
    shown[:] = -1
    for i in range(order.shape[0]):
        t = order[i]
        a, b, c = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
        if inverse_z[a] == 0 or inverse_z[b] == 0 or inverse_z[c] == 0:
            continue
        ax, ay = corner(grid_x, grid_y, a)
        bx, by = corner(grid_x, grid_y, b)
        cx, cy = corner(grid_x, grid_y, c)
        x0, x1 = _first_last(min(ax, bx, cx), max(ax, bx, cx), width)
        y0, y1 = _first_last(min(ay, by, cy), max(ay, by, cy), height)
        if x0 > x1 or y0 > y1:
            continue
        area = twice_area(ax, ay, bx, by, cx, cy)
        part = mesh.triangle_part[t]
        if area == 0 or (mesh.part_closed[part] and area < 0):
            continue
        za, zb, zc = inverse_z[a], inverse_z[b], inverse_z[c]
        if area < 0:  # seen from behind: swap two corners so that the inside is positive
            bx, by, zb, cx, cy, zc = cx, cy, zc, bx, by, zb
        box = (x0, x1, y0, y1)
        corners = (ax, ay, bx, by, cx, cy)
        _fill(mesh, t, area < 0, box, corners, (za, zb, zc), samples, thresholds, inverse_z, depth, shown)


@inlined
def _fill(mesh, t, swapped, box, corners, corner_z, samples, thresholds, inverse_z, depth, shown):
    """Draw one triangle, whose corners run counter-clockwise, into a box of samples that holds it."""
    x0, x1, y0, y1 = box
    ax, ay, bx, by, cx, cy = corners
    d0x, d0y, d1x, d1y, d2x, d2y = by - cy, cx - bx, cy - ay, ax - cx, ay - by, bx - ax
    px, py = (x0 << SUBPIXEL_BITS) + _CENTRE, (y0 << SUBPIXEL_BITS) + _CENTRE
    row0 = -(d0x * (px - bx) + d0y * (py - by))
    row1 = -(d1x * (px - cx) + d1y * (py - cy))
    row2 = -(d2x * (px - ax) + d2y * (py - ay))
    own0, own1, own2 = _covers(d0x, d0y), _covers(d1x, d1y), _covers(d2x, d2y)
    area = np.float32(twice_area(ax, ay, bx, by, cx, cy))
    za, zb, zc = corner_z[0] / area, corner_z[1] / area, corner_z[2] / area
    part = mesh.triangle_part[t]
    cutout = mesh.material[part, CUTOUT] > 0
    # twice_area counts half samples of 1/256: 2 * 256 * 256 of it make one sample
    texels = mesh.triangle_texels[t] * np.float32(2 * _STEP * _STEP) / area
    turn = mesh.triangle_layer[t]
    for y in range(y0, y1 + 1):
        w0, w1, w2 = row0, row1, row2
        for x in range(x0, x1 + 1):
            if ((w0 + own0) | (w1 + own1) | (w2 + own2)) >= 0:
                f0, f1, f2 = np.float32(w0), np.float32(w1), np.float32(w2)
                z = f0 * za + f1 * zb + f2 * zc
                if z > depth[y, x]:
                    visible = True
                    if cutout:
                        if swapped:
                            f1, f2 = f2, f1
                        k = (y % samples * samples + x % samples + turn) % (samples * samples)
                        threshold = thresholds[part, (y // samples & 1) * 2 + (x // samples & 1), k]
                        visible = _passes_cutout(mesh, t, f0, f1, f2, inverse_z, texels, threshold)
                    if visible:
                        depth[y, x] = z
                        shown[y, x] = t
            w0 -= d0x << SUBPIXEL_BITS
            w1 -= d1x << SUBPIXEL_BITS
            w2 -= d2x << SUBPIXEL_BITS
        row0 -= d0y << SUBPIXEL_BITS
        row1 -= d1y << SUBPIXEL_BITS
        row2 -= d2y << SUBPIXEL_BITS

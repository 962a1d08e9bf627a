"""Compiled projection of vertices onto the grid of samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled

SUBPIXEL_BITS = 8
STEP = 1 << SUBPIXEL_BITS
#: Largest grid coordinate drawn, in 1/256 samples: keeps the edge functions exact in doubles.
GUARD = float(1 << 24)

_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)


class Places(NamedTuple):
    """Where the vertices are.

    Attributes
    ----------
    grid_x, grid_y : (V,) int32
        In 1/256 sample from the picture's top-left corner.
    inverse_z : (V,) float32
        1/z; 0 where a vertex is nearer than the near plane, or too far beside the picture, and cannot be drawn.
    """

    grid_x: np.ndarray
    grid_y: np.ndarray
    inverse_z: np.ndarray


def places(vertices: int) -> Places:
    """Room for `project_vertices` to write to."""
    return Places(np.zeros(vertices, np.int32), np.zeros(vertices, np.int32), np.zeros(vertices, np.float32))


def grid_matrix(rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray, samples: int) -> np.ndarray:
    """The (3, 4) float64 matrix from the head frame to x z, y z and z on the grid of samples."""
    scale = float(samples * STEP)
    (fx, skew, cx), (_, fy, cy) = intrinsics[:2].tolist()
    # written out, since a matrix product may be summed in another order on another machine
    columns = [*rotmat.T.tolist(), translation_m.tolist()]
    return np.array(
        [
            [(fx * x + skew * y + cx * z) * scale for x, y, z in columns],
            [(fy * y + cy * z) * scale for _, y, z in columns],
            [z for _, _, z in columns],
        ]
    )


@compiled
def put_vertices(vertices_m, normals, rows, place, rigid, rest, positions, into):
    """Put vertices of a part where they belong.

    Parameters
    ----------
    vertices_m, normals : (n, 3) float32
        Of the part.
    rows : (m,) int32
        Which of them.
    place : (n,) uint32
        Where those of the part stand, see `PackedHead.vertex_place`.
    rigid : (V,) bool
        See `PackedHead`.
    rest : (3, V) float32
        Where the vertices were when the head was packed.
    positions, into : (3, V) and (V, 3) float32
        Written: positions and normals.

    Returns
    -------
    bool
        Whether the rigid ones of these are where they were.
    """
    moved = 0
    for k in range(rows.shape[0]):
        i = rows[k]
        x, y, z = vertices_m[i, 0], vertices_m[i, 1], vertices_m[i, 2]
        at = place[i]
        away = (x != rest[0, at]) | (y != rest[1, at]) | (z != rest[2, at])
        moved |= away & rigid[at]
        positions[0, at], positions[1, at], positions[2, at] = x, y, z
        into[at, 0], into[at, 1], into[at, 2] = normals[i, 0], normals[i, 1], normals[i, 2]
    return moved == 0


@compiled
def project_vertices(positions, matrix, near_m, into):
    """Place vertices on the grid of samples.

    Parameters
    ----------
    positions : (3, V) float32
        Head frame, metres.
    matrix : (3, 4) float64
        From `grid_matrix`.
    near_m : float
        Vertices nearer than this along z are not placed.
    into : Places
        Written.

    Returns
    -------
    left, right, top, bottom : int
        Smallest box of grid coordinates that holds all vertices.
    unplaced : int
        Number of vertices that are not placed.
    """
    f = np.float32
    m00, m01, m02, m03 = f(matrix[0, 0]), f(matrix[0, 1]), f(matrix[0, 2]), f(matrix[0, 3])
    m10, m11, m12, m13 = f(matrix[1, 0]), f(matrix[1, 1]), f(matrix[1, 2]), f(matrix[1, 3])
    m20, m21, m22, m23 = f(matrix[2, 0]), f(matrix[2, 1]), f(matrix[2, 2]), f(matrix[2, 3])
    near, guard = f(near_m), f(GUARD)
    left, right, top, bottom = np.int32(GUARD), np.int32(-GUARD), np.int32(GUARD), np.int32(-GUARD)
    unplaced = np.int32(0)
    for i in range(positions.shape[1]):
        x, y, z = positions[0, i], positions[1, i], positions[2, i]
        depth = m20 * x + m21 * y + m22 * z + m23
        inverse = _ONE / max(depth, near)
        u = np.floor((m00 * x + m01 * y + m02 * z + m03) * inverse + _HALF)
        v = np.floor((m10 * x + m11 * y + m12 * z + m13) * inverse + _HALF)
        placed = (depth >= near) & (abs(u) < guard) & (abs(v) < guard)
        column, row = np.int32(min(max(u, -guard), guard)), np.int32(min(max(v, -guard), guard))
        into.grid_x[i], into.grid_y[i] = column, row
        into.inverse_z[i] = inverse if placed else _ZERO
        unplaced += np.int32(not placed)
        left, right, top, bottom = min(left, column), max(right, column), min(top, row), max(bottom, row)
    return left, right, top, bottom, unplaced

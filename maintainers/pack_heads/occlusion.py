"""Ambient occlusion of the base head: how much of the sky above its surface each vertex sees."""

from __future__ import annotations

import numpy as np
from basemesh import BaseMesh

_DIRECTIONS = 96
_SIZE = 384
_BIAS_DM = 0.012


def ambient_occlusion(base: BaseMesh, kept: np.ndarray) -> np.ndarray:
    """Return 0..1 per base vertex by shadow maps from many directions, cosine weighted (1: sees everything)."""
    quads = base.faces[kept]
    normals = vertex_normals(base.vertices, quads)
    used = np.unique(quads)
    seen, total = np.zeros(len(base.vertices)), np.full(len(base.vertices), 1e-9)
    for direction in _sphere(_DIRECTIONS):
        cosine = np.clip(normals[used] @ direction, 0, None)
        lit = _lit(base.vertices, quads, used, normals, direction)
        seen[used] += cosine * lit
        total[used] += cosine
    result = np.ones(len(base.vertices))
    result[used] = (seen / total)[used]
    return result


def vertex_normals(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Return unit normals (V, 3) of quads, area weighted."""
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(b - a, c - a))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _sphere(count: int) -> np.ndarray:
    # Fibonacci lattice
    step = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1 - 2 * step / count), np.pi * (1 + 5**0.5) * step
    return np.column_stack([np.cos(azimuth) * np.sin(polar), np.cos(polar), np.sin(azimuth) * np.sin(polar)])


def _lit(vertices, quads, used, normals, direction) -> np.ndarray:
    """Whether each used vertex is the nearest thing along `direction`, with a depth map splatted from the quads."""
    side = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    axes = np.column_stack([side, np.cross(direction, side), direction])
    steps = (np.arange(8) + 0.5) / 8
    s, t = (axis.ravel() for axis in np.meshgrid(steps, steps))
    mix = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])
    points = (np.einsum("qcx,cn->qnx", vertices[quads], mix).reshape(-1, 3)) @ axes
    low = points[:, :2].min(axis=0) - 0.02
    scale = (_SIZE - 1) / (points[:, :2].max(axis=0) + 0.02 - low).max()
    depth = np.full((_SIZE, _SIZE), -np.inf)
    column, row = ((points[:, :2] - low) * scale).astype(int).T
    np.maximum.at(depth, (row, column), points[:, 2])
    query = (vertices[used] + _BIAS_DM * normals[used]) @ axes
    column, row = np.clip(((query[:, :2] - low) * scale).astype(int), 0, _SIZE - 1).T
    return query[:, 2] + 2 * _BIAS_DM >= depth[row, column]

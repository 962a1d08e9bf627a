"""Compiled look-ups of alpha in a head's mip chains."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import inlined

_HALF, _ONE, _ZERO, _FOUR = np.float32(0.5), np.float32(1), np.float32(0), np.float32(4)
# Footprint in texels from which on the next smaller level is nearer: its side is 1.5, halfway between 1 and 2.
_NEXT = np.float32(2.25)
# Footprint below which the texels would be seen as squares.
_COARSE = np.float32(0.5)


@inlined
def alpha_level(mesh, part, texels_per_sample):
    """The level, of all of `mesh.levels`, in which to look for the alpha of a part, and whether to interpolate it.

    The nearest level alone, and where texels are no larger than samples the nearest texel alone: what is compared
    with a threshold, and then averaged over a pixel's samples, gains nothing from a blend.

    Parameters
    ----------
    mesh : PackedHead
    part : int
    texels_per_sample : float32
        Area of a sample in texels of the largest level.
    """
    first, last = mesh.part_level[part, 0], mesh.part_level[part, 1] - 1
    level = 0
    while texels_per_sample > _NEXT and level < last:
        texels_per_sample = texels_per_sample / _FOUR
        level += 1
    return first + level, texels_per_sample < _COARSE


@inlined
def sample_alpha(mesh, level, smooth, u, v):
    """Alpha, 0 to 255, at texture coordinates (u, v) with v down; clamped to the edge."""
    width, height, first = mesh.levels[level, 0], mesh.levels[level, 1], np.int64(mesh.levels[level, 2])
    x, y = u * np.float32(width), v * np.float32(height)
    if not smooth:
        column = min(max(np.int32(x), 0), width - 1)
        row = min(max(np.int32(y), 0), height - 1)
        return np.float32(mesh.alphas[first + np.int64(row) * width + column])
    x = min(max(x - _HALF, _ZERO), np.float32(width - 1))
    y = min(max(y - _HALF, _ZERO), np.float32(height - 1))
    column, row = np.int32(x), np.int32(y)
    fx, fy = x - np.float32(column), y - np.float32(row)
    right = 1 if column < width - 1 else 0
    below = np.int64(width) if row < height - 1 else np.int64(0)
    at = first + np.int64(row) * width + column
    top = np.float32(mesh.alphas[at])
    top += (np.float32(mesh.alphas[at + right]) - top) * fx
    low = np.float32(mesh.alphas[at + below])
    low += (np.float32(mesh.alphas[at + below + right]) - low) * fx
    return top + (low - top) * fy

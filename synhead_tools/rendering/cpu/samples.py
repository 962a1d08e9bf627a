"""The grid of samples: where each one stands in memory.

Samples stand tile by tile, 4 x 4 to a tile: a tile is what is drawn at once, with one vector instruction for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.cpu.aligned import aligned_zeros

#: Tiles are 1 << TILE_BITS samples wide and high, and hold TILE samples.
TILE_BITS = 2
TILE = 1 << 2 * TILE_BITS
_SIDE = 1 << TILE_BITS


class Samples(NamedTuple):
    """What the samples of a picture show; sample (x, y) is number ``row_at[y] + column_at[x]``.

    Attributes
    ----------
    depth : (N,) float32
        1/z of the nearest triangle at each sample, 0 where there is none.
    shown : (N,) uint32
        Twice its number, and 1 more where its back is seen: the side that its normals do not belong to.
    row_at, column_at : (H,) and (W,) uint32
        Of the rows and columns of samples.
    farthest : (N / TILE,) float32
        Least `depth` of each tile: nothing that is farther away can be seen there.
    depth_bits, farthest_bits : (N,) and (N / TILE,) int32
        The same memory as `depth` and `farthest`. Floats that are not negative are ordered as their bits are, of
        which compilers find the least of many at once.
    """

    depth: np.ndarray
    shown: np.ndarray
    row_at: np.ndarray
    column_at: np.ndarray
    farthest: np.ndarray
    depth_bits: np.ndarray
    farthest_bits: np.ndarray


def empty_samples(width: int, height: int) -> Samples:
    """Room for `width` x `height` samples, none of which shows anything."""
    rows, columns = np.arange(height), np.arange(width)
    across, down = -(-width >> TILE_BITS), -(-height >> TILE_BITS)
    row_at = (rows >> TILE_BITS) * (across * TILE) + (rows & _SIDE - 1) * _SIDE
    column_at = (columns >> TILE_BITS) * TILE + (columns & _SIDE - 1)
    count = across * down * TILE
    depth, farthest = aligned_zeros(count, np.float32), aligned_zeros(across * down, np.float32)
    return Samples(
        depth,
        aligned_zeros(count, np.uint32),
        row_at.astype(np.uint32),
        column_at.astype(np.uint32),
        farthest,
        depth.view(np.int32),
        farthest.view(np.int32),
    )

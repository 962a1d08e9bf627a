"""Alpha thresholds of the samples of a tile, as the rasteriser reads them."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.aligned import aligned_copy
from synhead_tools.rendering.cpu.coverage import coverage_thresholds
from synhead_tools.rendering.cpu.mipmap import FULL
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS
from synhead_tools.rendering.cpu.texels import ALPHA_FULL


def tile_thresholds(cutoffs: np.ndarray, size: int) -> np.ndarray:
    """Alpha above which each sample of a tile shows a cutout part; see `coverage_thresholds`.

    Parameters
    ----------
    cutoffs : (P,) array
    size : int
        Samples per pixel along each axis.

    Returns
    -------
    (P, turns, phases, phases, TILE) float32
        0 to 255. For each part; for layer t, whose samples take each other's thresholds in turn, t modulo turns; for
        rows and columns of tiles modulo phases, since three samples do not divide four; for the samples of a tile.
    """
    per_pixel, side = size * size, 1 << TILE_BITS
    by_pixel = coverage_thresholds(cutoffs, per_pixel) * np.float32(ALPHA_FULL / FULL)
    phases = 3 if size == 3 else 1
    place = np.arange(phases * side)
    y, x = np.meshgrid(place, place, indexing="ij")
    block, sample = (y // size & 1) * 2 + (x // size & 1), y % size * size + x % size
    turned = np.stack([by_pixel[:, block, (sample + turn) % per_pixel] for turn in range(per_pixel)], axis=1)
    tiles = turned.reshape(len(by_pixel), per_pixel, phases, side, phases, side).swapaxes(3, 4)
    return aligned_copy(tiles.reshape(*tiles.shape[:4], TILE))

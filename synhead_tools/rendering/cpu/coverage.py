"""At which alpha each sample of a pixel shows a cutout part, such as a card of hair: the same for every renderer."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.mipmap import FULL

# Rank of each sample's threshold: neighbours in the pixel are far apart, so that half coverage is no block.
_THRESHOLD_RANKS = {1: (0,), 4: (0, 2, 3, 1), 9: (0, 5, 7, 3, 8, 1, 6, 2, 4)}
_DITHER_RANKS = (0, 2, 3, 1)


def coverage_thresholds(cutoffs: np.ndarray, samples: int) -> np.ndarray:
    """Alpha above which each sample of a pixel shows a cutout part.

    Spread evenly for a cutoff of one half, so that coverage follows alpha; for another cutoff bent so that half of
    the samples still have a threshold below it. The four pixels of a 2 x 2 block differ by a quarter of a step, so
    that a slow fade shows no contours.

    Parameters
    ----------
    cutoffs : (P,) array
        Alpha cutoff of each part, 0 to 1.
    samples : int
        Samples per pixel: 1, 4 or 9.

    Returns
    -------
    (P, 4, samples) float32
        0 to 65535; the second axis is the pixel's place in its block, row by row.
    """
    dither = (np.array(_DITHER_RANKS)[:, None] + 0.5) / 4 if samples > 1 else np.full((4, 1), 0.5)
    even = (np.array(_THRESHOLD_RANKS[samples]) + dither) / samples
    cutoffs = np.asarray(cutoffs, np.float64)[:, None, None]
    bent = np.where(even < 0.5, 2 * even * cutoffs, cutoffs + (2 * even - 1) * (1 - cutoffs))
    return (bent * FULL).astype(np.float32)

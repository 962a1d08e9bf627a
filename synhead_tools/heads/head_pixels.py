"""Which pixels of a picture show the head, and not the body below it."""

from __future__ import annotations

import numpy as np

from synhead_tools.heads.regions import OTHER_REGIONS, Region

#: Of each region id: 0 background, 1 head, 2 body, or what is held before the head.
REGION_KINDS = np.ones(256, np.uint8)
REGION_KINDS[Region.BACKGROUND] = 0
REGION_KINDS[[int(region) for region in OTHER_REGIONS]] = 2
#: Outlines this near to the body are taken for the body's.
FRINGE_PX = 2


def head_pixels(alpha: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return where the head is (H, W) bool: every pixel with any coverage, except for body and occluders.

    At its outline the body covers pixels that are background for the most part; they are no head either, unless the
    head is beside them. In a picture drawn over a background coverage is the same everywhere; regions decide alone.

    Parameters
    ----------
    alpha : (H, W) uint8
        Coverage by head and body.
    region : (H, W) uint8
        `synhead_tools.heads.regions.Region` of most of each pixel.
    """
    kinds = REGION_KINDS[region]
    body, known = kinds == 2, kinds == 1
    if alpha.all():
        return known
    covered = (alpha > 0) & ~body
    if not body.any():
        return covered
    return covered & (known | ~_spread(body, FRINGE_PX) | _spread(known, 1))


def _spread(mask: np.ndarray, steps_px: int) -> np.ndarray:
    """Grow a mask by a square of so many pixels to every side."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, steps_px + 1):
            ahead, behind = np.moveaxis(grown, axis, 0), np.moveaxis(mask, axis, 0)
            ahead[step:] |= behind[:-step]
            ahead[:-step] |= behind[step:]
        mask = grown
    return mask

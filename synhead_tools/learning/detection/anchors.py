"""Anchors: the squares that boxes are predicted from.

Three per cell of each of five levels, of sides 16 * 2^(k/3) px for k = 0 to 14: 16 to 406 px, 102,300 of them at
640 x 640 px, three quarters on the finest level. Coordinates are continuous, (0, 0) the corner of the top-left pixel,
so anchors are centred on their cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

STRIDES = (4, 8, 16, 32, 64)
SIZES_PER_CELL = 3
SMALLEST_PX = 16.0
_CACHED_SIZES = 32


def anchor_sizes_px(level: int) -> list[float]:
    """Sides of the anchors of a level, the finest counted as 0."""
    steps = range(SIZES_PER_CELL * level, SIZES_PER_CELL * (level + 1))
    return [SMALLEST_PX * 2.0 ** (k / SIZES_PER_CELL) for k in steps]


def level_sizes(height_px: int, width_px: int, strides: Sequence[int] = STRIDES) -> list[tuple[int, int]]:
    """Rows and columns of each level's map: the picture's sides over the stride, rounded up."""
    return [(-(-height_px // stride), -(-width_px // stride)) for stride in strides]


@lru_cache(maxsize=_CACHED_SIZES)
def make_anchors(
    height_px: int,
    width_px: int,
    strides: tuple[int, ...] = STRIDES,
    device: torch.device | str = "cpu",
) -> Tensor:
    """All anchors of a picture, made once for each size; do not write into the result, it is shared.

    Parameters
    ----------
    height_px, width_px : int
        Any size.
    strides : tuple of int
        Of the levels that are used, out of `STRIDES`.
    device : torch.device or str
        Where they are wanted.

    Returns
    -------
    Tensor, shape (A, 4)
        Centre x, centre y, width, height, pixels, float32; level by level from the finest, row by row, within a cell
        from the smallest. They may reach beyond the picture.
    """
    with torch.inference_mode(False):  # what is made while predicting shall serve training too
        return _make(height_px, width_px, strides).to(device)


def _make(height_px: int, width_px: int, strides: tuple[int, ...]) -> Tensor:
    levels = []
    for stride, (rows, columns) in zip(strides, level_sizes(height_px, width_px, strides), strict=True):
        sizes = torch.tensor(anchor_sizes_px(STRIDES.index(stride)))
        y, x = ((torch.arange(count) + 0.5) * stride for count in (rows, columns))
        grid = torch.empty(rows, columns, SIZES_PER_CELL, 4)
        grid[..., 0], grid[..., 1] = x[None, :, None], y[:, None, None]
        grid[..., 2] = grid[..., 3] = sizes
        levels.append(grid.reshape(-1, 4))
    return torch.cat(levels)


def corners(boxes: Tensor) -> Tensor:
    """Boxes (..., 4) given by centre and size, as xyxy."""
    half = boxes[..., 2:] / 2
    return torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], dim=-1)


def centres(boxes_xyxy: Tensor) -> Tensor:
    """Boxes (..., 4) xyxy as centre and size."""
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    return torch.cat([(low + high) / 2, high - low], dim=-1)

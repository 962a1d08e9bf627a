"""Colours of corners, and pictures that repeat, as the one picture per part that renderers draw."""

from __future__ import annotations

import numpy as np

MANY_TRIANGLES = 30_000
"""From here on triangles are so small that one colour each is enough."""

_CELL = 4  # texels across the place of a triangle
_TILE = 1e-5  # of a picture's side; what sticks out less is rounding


def bake_corner_colours(corner_rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paint the colours of triangles' corners into a picture.

    Each triangle gets a place of 4 x 4 texels, on whose plane of colours the filter of a renderer makes exactly those
    between the corners, in the picture's half-size version too. In still smaller versions neighbours in the picture
    mix that are none on the head. So of a mesh of `MANY_TRIANGLES`, seen in those versions, each triangle gets one
    texel, and its corners one point: without area in the picture it is always looked up in the largest version.

    Parameters
    ----------
    corner_rgba : (T, 3, 4) uint8

    Returns
    -------
    picture : (H, W, 4) uint8
    uv : (T, 3, 2) float64
        Texture coordinates of the corners, v down.
    """
    count = len(corner_rgba)
    cell = 1 if count >= MANY_TRIANGLES else _CELL
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    colours = corner_rgba.astype(np.float64)
    if cell == 1:
        planes, corners = colours.mean(axis=1)[:, None, None], np.full((3, 2), 0.5)
    else:
        corners = np.array([(1.5, 1.5), (2.5, 1.5), (1.5, 2.5)])
        steps = np.arange(_CELL) - 1.0
        right, down = colours[:, 1] - colours[:, 0], colours[:, 2] - colours[:, 0]
        planes = colours[:, None, None, 0] + steps[:, None, None] * down[:, None, None]
        planes = planes + steps[None, :, None] * right[:, None, None]
    cells = np.zeros((rows * columns, cell, cell, 4))
    cells[:count], cells[count:] = planes, colours.mean(axis=(0, 1))
    picture = cells.reshape(rows, columns, cell, cell, 4).swapaxes(1, 2).reshape(rows * cell, columns * cell, 4)
    places = np.stack([np.arange(count) % columns, np.arange(count) // columns], axis=1) * cell
    uv = (places[:, None] + corners) / (columns * cell, rows * cell)
    return np.clip(picture, 0, 255).round().astype(np.uint8), uv


def unrepeat(uv: np.ndarray, triangles: np.ndarray, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring texture coordinates, outside of whose unit square the picture repeats, into it.

    Parameters
    ----------
    uv : (V, 2) float64
    triangles : (T, 3) int array
    picture : (H, W, 4) uint8

    Returns
    -------
    corner_uv : (T, 3, 2) float64
        In 0..1.
    picture : (H, W, 4) uint8
        The same, or two by two of it where triangles cross its border.
    crossing : int
        Triangles that cover more than that, whose coordinates were cut off.
    """
    corner_uv = uv[triangles]
    corner_uv = corner_uv - np.floor(corner_uv.min(axis=1, keepdims=True) + _TILE)
    furthest = corner_uv.max(axis=(1, 2))
    if (furthest > 1 + _TILE).any():
        picture, corner_uv, furthest = np.tile(picture, (2, 2, 1)), corner_uv / 2, furthest / 2
    return np.clip(corner_uv, 0, 1), picture, int((furthest > 1 + _TILE).sum())

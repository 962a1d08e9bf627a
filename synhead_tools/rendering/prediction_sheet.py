"""A contact sheet of pictures with a predicted and a true rotation drawn on each."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.sample import SampleSource, can_composite
from synhead_tools.geometry.boxes import scale_box
from synhead_tools.rendering.background import composite

AXIS_SHARE = 0.42
"""Length of a drawn axis as a share of the tile."""

PREDICTED = ((230, 60, 50), (60, 200, 70), (70, 110, 255))
"""Colours of the predicted axes: subject's left, down, out of the face."""

TRUE = (255, 255, 255)
GREY = np.full(3, 140, np.uint8)


def prediction_sheet(
    source: SampleSource,
    rows: np.ndarray,
    predictions: dict[str, np.ndarray],
    path: str | os.PathLike,
    tile_px: int = 160,
    overwrite: bool = False,
) -> None:
    """Write face crops as PNG, one row of tiles per predictor, with predicted axes in colour and true ones in white.

    Axes are drawn orthographically from the rotation alone, so a head away from the optical axis looks slightly off
    its axes; both sets of axes are drawn the same way.

    Parameters
    ----------
    source : SampleSource
        With ``image``, ``face_box_xyxy`` and ``rotmat``.
    rows : int array, shape (n,)
        Samples to draw.
    predictions : dict of str to array (len(source), 3, 3)
        Predictor to its rotations of all samples.
    path : path
        PNG to write.
    tile_px : int
        Side of a tile.
    overwrite : bool
        Replace a file that is already there.
    """
    boxes, true = source.read("face_box_xyxy", rows), source.read("rotmat", rows)
    pictures = source.read("image", rows)
    if can_composite(source):
        pictures = composite(pictures, source.read("alpha", rows), GREY)
    crops = [_crop(*pair, tile_px) for pair in zip(pictures, scale_box(boxes, 1.1), strict=True)]
    sheet = Image.new("RGB", (tile_px * len(rows), (tile_px + 14) * len(predictions)), tuple(GREY))
    pen = ImageDraw.Draw(sheet)
    for line, (name, rotmat) in enumerate(predictions.items()):
        top = line * (tile_px + 14)
        pen.text((3, top), name, fill=(0, 0, 0))
        for column, (crop, truth) in enumerate(zip(crops, true, strict=True)):
            tile = crop.copy()
            tile_pen = ImageDraw.Draw(tile)
            _draw_axes(tile_pen, truth, tile_px, (TRUE,) * 3, 3)
            _draw_axes(tile_pen, rotmat[rows[column]], tile_px, PREDICTED, 2)
            sheet.paste(tile, (column * tile_px, top + 14))
    with atomic_file(path, overwrite) as file:
        sheet.save(file, "PNG")


def _crop(picture: np.ndarray, box_xyxy: np.ndarray, tile_px: int) -> Image.Image:
    image = Image.fromarray(picture)
    edges = tuple(float(edge) for edge in box_xyxy)
    size = (tile_px, tile_px)
    data = (edges[0], edges[1], edges[2], edges[3])
    return image.transform(size, Image.Transform.EXTENT, data, Image.Resampling.BILINEAR)


def _draw_axes(
    pen: ImageDraw.ImageDraw, rotmat: np.ndarray, tile_px: int, colours: tuple[tuple[int, int, int], ...], width: int
) -> None:
    """Head axes from the middle of the tile; the last points out of the face."""
    middle, length = tile_px / 2, AXIS_SHARE * tile_px
    for axis, sign, colour in zip(range(3), (1, 1, -1), colours, strict=True):
        end = middle + length * sign * rotmat[:2, axis]
        pen.line((middle, middle, *end.tolist()), fill=colour, width=width)

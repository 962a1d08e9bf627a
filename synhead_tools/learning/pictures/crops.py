"""Face crops: the square around a face box, resampled to one size.

Coordinates are continuous, origin at the top-left corner of the top-left pixel, so a box is its four edges.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from synhead_tools.errors import TrainingError


def square_crop_xyxy(box_xyxy: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """The square that is cut out for a face box.

    Parameters
    ----------
    box_xyxy : array-like, shape (..., 4)
        Face boxes, pixels.
    scale : float
        Side of the square over the longer side of the box.

    Returns
    -------
    array, shape (..., 4)
        Squares around the same centres, xyxy, pixels.
    """
    box = np.asarray(box_xyxy, float)
    centre = (box[..., :2] + box[..., 2:]) / 2
    half = (box[..., 2:] - box[..., :2]).max(axis=-1, keepdims=True) * scale / 2
    return np.concatenate([centre - half, centre + half], axis=-1)


def ruled_crop_xyxy(
    box_xyxy: np.ndarray, scale: float, shift: tuple[float, float] = (0.0, 0.0), stretched: bool = False
) -> np.ndarray:
    """What is cut out for a face box by the rule of another estimator.

    Parameters
    ----------
    box_xyxy : array-like, shape (..., 4)
        Face boxes, pixels.
    scale : float
        Side of the crop over that of the box.
    shift : tuple of 2 float
        Way of the middle to the right and down, in sides of the box.
    stretched : bool
        Scale either side of the box, so that the crop need not be square; otherwise both sides are the longer one's.

    Returns
    -------
    array, shape (..., 4)
        xyxy, pixels.
    """
    box = np.asarray(box_xyxy, float)
    sides = box[..., 2:] - box[..., :2]
    if not stretched:
        sides = np.broadcast_to(sides.max(axis=-1, keepdims=True), sides.shape)
    centre = (box[..., :2] + box[..., 2:]) / 2 + np.asarray(shift) * sides
    return np.concatenate([centre - sides * scale / 2, centre + sides * scale / 2], axis=-1)


def resample_crop(picture: np.ndarray, crop_xyxy: np.ndarray, side_px: int) -> np.ndarray:
    """One crop of one picture, low-pass filtered where it shrinks.

    Parameters
    ----------
    picture : array, shape (H, W, 3 or 4)
        uint8. Four channels are colour premultiplied by alpha, and alpha; there the outside is transparent.
        With three channels the outside repeats the picture's edge.
    crop_xyxy : array-like, shape (4,)
        Edges of the crop, pixels; may reach beyond the picture. What is not square is stretched.
    side_px : int
        Side of the result.

    Returns
    -------
    array, shape (side_px, side_px, 3 or 4)
        uint8.
    """
    height, width, channels = picture.shape
    left, top, right, bottom = (float(edge) for edge in crop_xyxy)
    # The filter's footprint needs a little more than the crop itself.
    rim = int(np.ceil(max(right - left, bottom - top) / side_px)) + 1
    x0, x1 = int(np.floor(left)) - rim, int(np.ceil(right)) + rim
    y0, y1 = int(np.floor(top)) - rim, int(np.ceil(bottom)) + rim
    if channels == 4:
        window = _transparent_window(picture, x0, y0, x1, y1)
    else:
        rows = np.clip(np.arange(y0, y1), 0, height - 1)
        columns = np.clip(np.arange(x0, x1), 0, width - 1)
        window = picture[rows[:, None], columns]
    # RGBX, not RGBA: Pillow would premultiply a second time.
    image = Image.fromarray(window) if channels == 3 else _four_plain_channels(window)
    box = (left - x0, top - y0, right - x0, bottom - y0)
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BILINEAR, box=box))


def _transparent_window(picture: np.ndarray, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    height, width, channels = picture.shape
    window = np.zeros((y1 - y0, x1 - x0, channels), np.uint8)
    left, right, top, bottom = max(x0, 0), min(x1, width), max(y0, 0), min(y1, height)
    if left < right and top < bottom:
        window[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    return window


def _four_plain_channels(window: np.ndarray) -> Image.Image:
    height, width, _ = window.shape
    return Image.frombuffer("RGBX", (width, height), np.ascontiguousarray(window), "raw", "RGBX", 0, 1)


LARGEST_BOX_PX = 16384
"""A face box may reach this far from the picture's corner; pixels beyond would be invented by the gigabyte."""


def check_boxes(box_xyxy: np.ndarray, what: str, first_row: int = 0) -> None:
    """Raise TrainingError at the first face box that has no area or is far outside any picture.

    `what` names the dataset.
    """
    box = np.asarray(box_xyxy, float)
    # also false for NaN
    good = (np.abs(box) <= LARGEST_BOX_PX).all(axis=1) & (box[:, 2:] > box[:, :2]).all(axis=1)
    if not good.all():
        row = int(np.argmin(good))
        raise TrainingError(
            f"{what}, row {first_row + row}: face box {box[row].tolist()} has no area or lies far outside; boxes are "
            "x0, y0, x1, y1 in pixels"
        )

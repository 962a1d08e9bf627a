"""Fitting a picture into the network's input, with room around it, and taking coordinates back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from synhead_tools.errors import PictureError, TrainingError

LARGEST_SIDE_PX, MOST_PIXELS = 16384, 1 << 25
"""Inputs beyond these (8192 x 4096 px) would take gigabytes, a small network's too."""
FILL = (124, 116, 104)
"""The mean picture that inputs are standardised by, so that the border is 0 to the network."""


@dataclass(frozen=True)
class Letterbox:
    """How a picture lies in an input.

    Attributes
    ----------
    scale : float
        Input pixels per picture pixel.
    left_px, top_px : float
        Where the picture begins in the input.
    """

    scale: float
    left_px: float
    top_px: float

    def to_picture(self, points_px: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the input in pixels of the picture; of (..., 3) the third is only scaled."""
        points = np.asarray(points_px, float).copy()
        points[..., 0] -= self.left_px
        points[..., 1] -= self.top_px
        return points / self.scale

    def boxes_to_picture(self, boxes_xyxy: np.ndarray) -> np.ndarray:
        """Boxes (..., 4) xyxy of the input in pixels of the picture."""
        boxes = np.asarray(boxes_xyxy, float)
        return self.to_picture(boxes.reshape(*boxes.shape[:-1], 2, 2)).reshape(boxes.shape)


def letterbox(
    picture: np.ndarray, longest_px: int | None = None, border: float = 0.0, multiple: int = 64
) -> tuple[np.ndarray, Letterbox]:
    """Scale a picture and put it in the middle of an input.

    Parameters
    ----------
    picture : array, shape (H, W, 3)
        uint8 RGB.
    longest_px : int, optional
        Longer side of the scaled picture with its border; None keeps its size.
    border : float
        Room on every side, over the longer side of the picture: a face that fills the picture is then one among
        others for the network. 0.5 makes a face as tall as the picture half as tall as the input.
    multiple : int
        Sides of the input are multiples of this, the rest is filled at the right and at the bottom. The network needs
        none; equal sizes make anchors and memory be found again.

    Returns
    -------
    array, shape (H', W', 3)
        uint8.
    Letterbox

    Raises
    ------
    TrainingError
        The picture is none.
    PictureError
        The input would be larger than `LARGEST_SIDE_PX` or `MOST_PIXELS`.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise TrainingError(f"a picture has shape {picture.shape} of {picture.dtype}; give (H, W, 3) of uint8, RGB")
    height, width = picture.shape[:2]
    scale, (new_width, new_height), room, (side_x, side_y) = _sizes(height, width, longest_px, border, multiple)
    scaled = picture
    if scale != 1.0:
        # whole pixels of one and the same scale both ways: less than one of them is left out at the edges
        part = (0, 0, min(new_width / scale, width), min(new_height / scale, height))
        scaled = np.asarray(
            Image.fromarray(picture).resize((new_width, new_height), Image.Resampling.BILINEAR, box=part)
        )
    canvas = np.empty((side_y, side_x, 3), np.uint8)
    canvas[:] = FILL
    canvas[room : room + new_height, room : room + new_width] = scaled
    return canvas, Letterbox(scale, room, room)


def check_input_size(height_px: int, width_px: int, longest_px: int | None = None, border: float = 0.0) -> None:
    """Raise the PictureError that `letterbox` would for a picture of that size."""
    _sizes(height_px, width_px, longest_px, border, 64)


def _sizes(
    height: int, width: int, longest_px: int | None, border: float, multiple: int
) -> tuple[float, tuple[int, int], int, tuple[int, int]]:
    """Scale, width and height of the scaled picture, room on every side, width and height of the input."""
    longest = max(height, width)
    scale = 1.0 if longest_px is None else longest_px / (longest * (1.0 + 2.0 * border))
    new_width, new_height = (max(int(length * scale + 1e-6), 1) for length in (width, height))
    room = round(longest * border * scale)
    side_x, side_y = (_up_to_multiple(length + 2 * room, multiple) for length in (new_width, new_height))
    if max(side_x, side_y) > LARGEST_SIDE_PX or side_x * side_y > MOST_PIXELS:
        raise PictureError(
            f"an input of {side_x} x {side_y} px is larger than {LARGEST_SIDE_PX} px on a side or {MOST_PIXELS >> 20} "
            "million px; scale the picture"
        )
    return scale, (new_width, new_height), room, (side_x, side_y)


def _up_to_multiple(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple

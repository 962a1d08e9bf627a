"""Squares of pictures as inputs of a network: any place, size and turn; what is beyond the picture is plain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from synhead_tools.learning.detection.letterbox import FILL


@dataclass(frozen=True, eq=False)
class Square:
    """A square of a picture, scaled to an input.

    Attributes
    ----------
    centre_px : (2,) float64
        Its middle in the picture.
    scale : float
        Input pixels per picture pixel.
    side_px : int
        Of the input.
    turn_rad : float
        How far what stands upright in the input is turned in the picture, clockwise positive.
    """

    centre_px: np.ndarray
    scale: float
    side_px: int
    turn_rad: float = 0.0

    def to_picture(self, points_px: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the input in pixels of the picture; of (..., 3) the third is only scaled."""
        points = np.asarray(points_px, float) - self._middle(points_px)
        points[..., :2] = points[..., :2] @ self._turn().T
        return points / self.scale + self._centre(points)

    def to_input(self, points_px: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the picture in pixels of the input; of (..., 3) the third is only scaled."""
        points = (np.asarray(points_px, float) - self._centre(points_px)) * self.scale
        points[..., :2] = points[..., :2] @ self._turn()
        return points + self._middle(points)

    def boxes_to_picture(self, boxes_xyxy: np.ndarray) -> np.ndarray:
        """Boxes (..., 4) xyxy of the input in pixels of the picture; of a turned square those around them."""
        return boxes_around(self.to_picture(_corners(boxes_xyxy)))

    def boxes_to_input(self, boxes_xyxy: np.ndarray) -> np.ndarray:
        """Boxes (..., 4) xyxy of the picture in pixels of the input; in a turned square those around them."""
        return boxes_around(self.to_input(_corners(boxes_xyxy)))

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The square (side_px, side_px, 3) of a picture (H, W, 3) uint8 RGB."""
        if self.turn_rad == 0.0:
            return _cut(picture, self.centre_px, self.scale, self.side_px)
        # scaled first, with all pixels that fall into one, then turned: a turn alone would skip pixels of large faces
        room_px = int(np.ceil(self.side_px * np.sqrt(2) / 2)) * 2 + 2
        upright = _cut(picture, self.centre_px, self.scale, room_px)
        turn = self._turn()
        corner = room_px / 2 - turn @ np.full(2, self.side_px / 2)
        coefficients = (*turn[0], corner[0], *turn[1], corner[1])
        turned = Image.fromarray(upright).transform(
            (self.side_px, self.side_px), Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BICUBIC
        )
        return np.asarray(turned)

    def _turn(self) -> np.ndarray:
        cos, sin = np.cos(self.turn_rad), np.sin(self.turn_rad)
        return np.array([[cos, -sin], [sin, cos]])

    def _middle(self, points: np.ndarray) -> np.ndarray:
        return np.append(np.full(2, self.side_px / 2), np.zeros(np.shape(points)[-1] - 2))

    def _centre(self, points: np.ndarray) -> np.ndarray:
        return np.append(self.centre_px, np.zeros(np.shape(points)[-1] - 2))


def boxes_around(points_px: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) xyxy around points (..., n, 2 or more)."""
    return np.concatenate([points_px[..., :2].min(axis=-2), points_px[..., :2].max(axis=-2)], axis=-1)


def _corners(boxes_xyxy: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = np.moveaxis(np.asarray(boxes_xyxy, float), -1, 0)
    return np.stack([np.stack(corner, axis=-1) for corner in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))], axis=-2)


def _cut(picture: np.ndarray, centre: np.ndarray, scale: float, side_px: int) -> np.ndarray:
    height, width = picture.shape[:2]
    left, top = np.asarray(centre, float) - side_px / scale / 2
    canvas = np.empty((side_px, side_px, 3), np.uint8)
    canvas[:] = FILL
    # whole pixels of the square that lie within the picture
    (x0, x1), (y0, y1) = (_within(low, length, scale, side_px) for low, length in ((left, width), (top, height)))
    if x1 > x0 and y1 > y0:
        part = np.array([left + x0 / scale, top + y0 / scale, left + x1 / scale, top + y1 / scale])
        part = np.clip(part, 0, (width, height, width, height))  # sums that round up
        # only what is needed of a picture that may have many million pixels
        (first_x, first_y), (last_x, last_y) = np.floor(part[:2]).astype(int), np.ceil(part[2:]).astype(int)
        own = Image.fromarray(np.ascontiguousarray(picture[first_y:last_y, first_x:last_x]))
        place = tuple(part - np.tile([first_x, first_y], 2))
        canvas[y0:y1, x0:x1] = np.asarray(own.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=place))
    return canvas


def _within(low: float, length: int, scale: float, side_px: int) -> tuple[int, int]:
    first = int(np.ceil(max(-low, 0.0) * scale - 1e-6))
    last = int(np.floor((length - low) * scale + 1e-6))
    return min(first, side_px), max(min(last, side_px), 0)

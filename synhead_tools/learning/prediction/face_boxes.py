"""Where the faces are in a picture: as a file lists, as somebody says, as a detector finds, or everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from synhead_tools.errors import PictureError

_LARGEST_BOX = 4.0  # sides of the picture


class FaceBoxes(Protocol):
    """Something that knows, or finds, the faces of pictures."""

    @property
    def description(self) -> str:
        """Where the boxes are from, in a few words."""

    def find(self, picture: np.ndarray, path: Path, frame_number: int | None) -> np.ndarray:
        """Boxes (n, 4) xyxy in px of an upright picture (H, W, 3); none where there is no face."""


@dataclass(frozen=True)
class WholePicture:
    """The picture is the face."""

    description: str = "the whole picture"

    def find(self, picture: np.ndarray, path: Path, frame_number: int | None) -> np.ndarray:
        """One box."""
        height, width = picture.shape[:2]
        return np.array([[0.0, 0.0, width, height]])


@dataclass(frozen=True)
class SameBox:
    """The same place in every picture.

    Attributes
    ----------
    box_xyxy : tuple of 4 float
        Edges, px.
    """

    box_xyxy: tuple[float, float, float, float]

    @property
    def description(self) -> str:
        """The box."""
        return "the box {:g},{:g},{:g},{:g}".format(*self.box_xyxy)

    def find(self, picture: np.ndarray, path: Path, frame_number: int | None) -> np.ndarray:
        """One box."""
        return check_boxes(np.array([self.box_xyxy], float), picture.shape, path)


@dataclass(frozen=True)
class DetectedFaces:
    """Whatever a detector finds.

    Attributes
    ----------
    find_faces : callable
        Boxes (n, 4) xyxy in px of a picture (H, W, 3), uint8 RGB.
    description : str
        Its name.
    """

    find_faces: Callable[[np.ndarray], np.ndarray]
    description: str = "face detector"

    def find(self, picture: np.ndarray, path: Path, frame_number: int | None) -> np.ndarray:
        """All of them."""
        boxes = np.asarray(self.find_faces(picture), float).reshape(-1, 4)
        return boxes[np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


def check_boxes(box_xyxy: np.ndarray, shape: tuple[int, ...], path: Path) -> np.ndarray:
    """Boxes (n, 4) that show something of a picture of that shape.

    Raises
    ------
    PictureError
        One has no area, lies outside of the picture or is far larger; names it and the picture.
    """
    height, width = shape[:2]
    for box in box_xyxy.tolist():
        x1, y1, x2, y2 = box
        side = max(x2 - x1, y2 - y1)
        inside = all(map(math.isfinite, box)) and max(x1, 0) < min(x2, width) and max(y1, 0) < min(y2, height)
        if not inside or side > _LARGEST_BOX * max(width, height):
            shown = ", ".join(f"{edge:g}" for edge in box)
            raise PictureError(
                f"{path}: box {shown} has no area in a picture of {width} x {height}, or is far larger; boxes are x1, "
                "y1, x2, y2 in px of the upright picture"
            )
    return box_xyxy

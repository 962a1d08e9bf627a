"""Faces that somebody has marked in pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError

ANNOTATION_BYTES_LIMIT = 512 << 20
PICTURES_LIMIT = 1_000_000
FACES_LIMIT = 10_000_000
LARGEST_PLACE_PX = 1e6


@dataclass(frozen=True, eq=False)
class AnnotatedPicture:
    """The faces of one picture, n from 0 on.

    Attributes
    ----------
    name : str
        Of the picture's file, relative to the folder of all; never leads out of it.
    boxes_xyxy : (n, 4) float32
        Edges, pixels, (0, 0) the corner of the top-left one.
    ignored : (n,) bool
        Faces that the annotation calls invalid or wants ignored.
    points5 : (n, 5, 2) float32
        Subject's right eye (left in the picture), left eye, nose tip, right and left mouth corner; NaN where not
        marked.
    landmarks68 : (n, 68, 2) float32 or None
        iBUG order, NaN where not marked; None in formats without.
    """

    name: str
    boxes_xyxy: np.ndarray
    ignored: np.ndarray
    points5: np.ndarray
    landmarks68: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    @property
    def height_px(self) -> np.ndarray:
        """Heights of the boxes (n,), by which subsets of difficulty are often told."""
        return self.boxes_xyxy[:, 3] - self.boxes_xyxy[:, 1]


@dataclass(frozen=True, eq=False)
class FaceAnnotations:
    """All pictures of a file, in its order.

    Attributes
    ----------
    path : Path
        The file.
    pictures : tuple of AnnotatedPicture
    """

    path: Path
    pictures: tuple[AnnotatedPicture, ...]

    def __len__(self) -> int:
        return len(self.pictures)


def safe_name(name: str, path: Path, line: int) -> str:
    """`name`, if it is a relative path that stays inside its folder.

    Raises
    ------
    LabelFormatError
        It is not.
    """
    parts = Path(name.replace("\\", "/")).parts
    if not name or "\0" in name or Path(name).is_absolute() or name.startswith(("/", "\\")) or ".." in parts:
        raise LabelFormatError(
            f"{path}: line {line}: picture {name!r:.80} must be a path inside the folder of pictures"
        )
    return name


def no_points(count: int) -> np.ndarray:
    """Five unknown points of each of `count` faces."""
    return np.full((count, 5, 2), np.nan, np.float32)

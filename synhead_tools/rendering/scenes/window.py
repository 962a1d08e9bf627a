"""The part of a scene's picture that one head takes up: only that is rendered for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.heads.head import Head
from synhead_tools.rendering.backend import NEAR_M
from synhead_tools.rendering.scene import Camera

#: Windows have sides that are multiples of this, so that renderers meet few sizes.
STEP_PX = 32
_BORDER_PX = 2


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of a picture, which may reach beyond it.

    Attributes
    ----------
    left, top : int
        First column and row.
    width, height : int
    """

    left: int
    top: int
    width: int
    height: int

    def camera(self, camera: Camera) -> Camera:
        """The camera whose whole picture is this part of that of `camera`."""
        intrinsics = camera.intrinsics.copy()
        intrinsics[:2, 2] -= (self.left, self.top)
        return Camera(self.width, self.height, intrinsics)

    def overlap(self, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Rows and columns that window and picture have in common: those of the window, and those of the picture."""
        inside, there = [], []
        for first, length, whole in ((self.top, self.height, shape[0]), (self.left, self.width, shape[1])):
            start, stop = max(first, 0), min(first + length, whole)
            stop = max(start, stop)
            there.append(slice(start, stop))
            inside.append(slice(start - first, stop - first))
        return tuple(inside), tuple(there)


def window_of(
    head: Head, face_box_xyxy: np.ndarray, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera
) -> Window:
    """The window in which everything of a head lies that is in the picture, and the whole of its face.

    Parameters
    ----------
    head : Head
        As it is drawn: dressed, its neck bent.
    face_box_xyxy : (4,) array
        Tight box of its face, pixels of the picture.
    rotmat, translation_m : (3, 3) and (3,) arrays
        Its pose.
    camera : Camera
        Of the scene.
    """
    picture = np.array([0, 0, camera.width_px, camera.height_px], np.float64)
    face = np.asarray(face_box_xyxy, np.float64)
    limits = np.concatenate([np.minimum(picture[:2], face[:2]), np.maximum(picture[2:], face[2:])])
    box = _projected_box(head, rotmat, translation_m, camera.intrinsics)
    low = np.floor(np.maximum(box[:2], limits[:2])).astype(int) - _BORDER_PX
    high = np.ceil(np.minimum(box[2:], limits[2:])).astype(int) + _BORDER_PX
    sides = [-(-max(int(length), 1) // STEP_PX) * STEP_PX for length in high - low]
    return Window(int(low[0]), int(low[1]), *sides)


def _projected_box(head: Head, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Box (4,) around all vertices; endless on the sides of which vertices are behind the camera."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for part in head.parts:
        if not len(part.vertices_m):
            continue
        a, b, c = part.vertices_m.T.astype(np.float64)
        # sums written out: a matrix product's order depends on the machine
        x, y, z = (row[0] * a + row[1] * b + row[2] * c + t for row, t in zip(rotmat, translation_m, strict=True))
        if z.min() < NEAR_M:
            return np.array([-np.inf, -np.inf, np.inf, np.inf])
        for axis, value in enumerate((x, y)):
            places = intrinsics[axis, axis] * value / z + intrinsics[axis, 2]
            low[axis], high[axis] = min(low[axis], places.min()), max(high[axis], places.max())
    return np.concatenate([low, high])

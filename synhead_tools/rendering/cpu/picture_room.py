"""Room for the pictures of frames, used again when nobody has the frames any more.

New memory is given by the system page by page, zeroed, when it is first written: at these sizes that takes longer than
to clear old memory.
"""

from __future__ import annotations

import sys

import numpy as np

from synhead_tools.rendering.cpu.surfaces import Pictures

#: Pictures kept in all, bytes: those of the frames that a shard's renderer holds at once, up to some 320 px a side.
MAX_KEPT_BYTES = 16 << 20
_BYTES_PER_PIXEL = 13


class PictureRoom:
    """Blank pictures of one size at a time."""

    def __init__(self) -> None:
        self._shape: tuple[int, int] = (0, 0)
        self._kept: list[Pictures] = []

    def blank(self, height_px: int, width_px: int) -> Pictures:
        """Return pictures that nobody else has: nothing covered, triangle_id -1."""
        if (height_px, width_px) != self._shape:
            self._shape, self._kept = (height_px, width_px), []
        for pictures in self._kept:
            # a view of an array refers to the array itself, so that one which anybody can still see has more references
            if _references(pictures) == _OWN_REFERENCES:
                for array in pictures[:4]:
                    array.fill(0)
                pictures.triangle_id.fill(-1)
                return Pictures(*pictures)  # a tuple of its own, which counts as somebody who has them
        pictures = _new_pictures(height_px, width_px)
        if (len(self._kept) + 1) * height_px * width_px * _BYTES_PER_PIXEL <= MAX_KEPT_BYTES:
            self._kept.append(Pictures(*pictures))
        return pictures

    def clear(self) -> None:
        """Forget all pictures."""
        self._kept = []


def _new_pictures(height_px: int, width_px: int) -> Pictures:
    shape = (height_px, width_px)
    return Pictures(
        np.zeros((height_px * width_px, 3), np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        np.full(shape, -1, np.int32),
    )


def _references(pictures: Pictures) -> int:
    """The most references that any of the arrays has."""
    return max(sys.getrefcount(array) for array in pictures)


# Of arrays that nobody else has; how many that is depends on Python's version.
_OWN_REFERENCES = _references(_new_pictures(1, 1))

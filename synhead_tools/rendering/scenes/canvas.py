"""A picture to which heads are added from the nearest to the farthest: what is there already covers what comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synhead_tools.rendering.backend import NEAR_M, Frame
from synhead_tools.rendering.scenes.window import Window

#: Where the nearer heads cover at least this much of a pixel, of 255, it shows them and not what is behind.
_SHOWN = 128


class Canvas:
    """The scene so far.

    Parameters
    ----------
    width_px, height_px : int

    Attributes
    ----------
    image, alpha, region, depth_m
        As in `synhead_tools.rendering.backend.Frame`, of all heads together.
    instance : (H, W) uint8
        Which head a pixel shows, counted from 1 in the order in which they were added; 0 for none.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        shape = (height_px, width_px)
        self.image = np.zeros((*shape, 3), np.uint8)
        self.alpha, self.region, self.instance = (np.zeros(shape, np.uint8) for _ in range(3))
        self.depth_m = np.zeros(shape, np.float32)
        self._added = 0

    def add(self, frame: Frame, window: Window) -> Frame:
        """Put a head behind those that are there.

        Parameters
        ----------
        frame : Frame
            The head alone, seen through its window.
        window : Window
            Where that is; may reach beyond the picture.

        Returns
        -------
        Frame
            What the scene shows of the head, in the window: empty where it is covered or outside of the picture, and
            where it is covered as near as anything can be, so that no point is seen there.
        """
        self._added += 1
        inside, there = window.overlap(self.alpha.shape)
        seen = replace(frame, region=np.zeros_like(frame.region), triangle_id=np.full_like(frame.triangle_id, -1))
        seen = replace(seen, depth_m=frame.depth_m.copy(), alpha=np.zeros_like(frame.alpha))
        if min(there[0].stop - there[0].start, there[1].stop - there[1].start) > 0:
            self._put(frame, inside, there, seen)
        return seen

    def _put(self, frame: Frame, inside: tuple[slice, slice], there: tuple[slice, slice], seen: Frame) -> None:
        """`inside` are the rows and columns of the window, `there` the same ones of the picture."""
        alpha = self.alpha[there]
        free = alpha < _SHOWN
        seen.region[inside] = np.where(free, frame.region[inside], 0)
        seen.triangle_id[inside] = np.where(free, frame.triangle_id[inside], -1)
        seen.depth_m[inside] = np.where(free, frame.depth_m[inside], np.float32(NEAR_M))
        left = 255 - alpha.astype(np.uint32)  # in whole numbers, so that it is the same everywhere
        added = (left * frame.alpha[inside] + 127) // 255
        seen.alpha[inside] = added
        shown = free & (frame.region[inside] > 0)
        self.instance[there][shown] = self._added
        self.region[there][shown] = frame.region[inside][shown]
        self.depth_m[there][shown] = frame.depth_m[inside][shown]
        colour = self.image[there] + (left[..., None] * frame.image[inside] + 127) // 255
        self.image[there] = np.minimum(colour, 255)
        self.alpha[there] = np.minimum(alpha + added, 255)

    def frame(self) -> Frame:
        """The scene as one frame."""
        no_triangles = np.full(self.alpha.shape, -1, np.int32)
        return Frame(self.image, self.alpha, self.region, self.depth_m, no_triangles)

"""The face boxes of 300W-LP and AFLW2000-3D as Hopenet cuts them: the extent of the points ``pt2d``, widened.

Source: natanielruiz/deep-head-pose code/datasets.py, classes ``Pose_300W_LP`` and ``AFLW2000``; 6DRepNet and others
took them over. The sides are moved one after another, so that the right and the lower one grow by a share of a
width and height that have already grown on the other side; then all are cut to whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.formats.datasets.w300lp_mat import UNSEEN_X


@dataclass(frozen=True)
class Widening:
    """By which shares of width and height the sides of a box move out.

    Attributes
    ----------
    left, top, right, bottom : float
        Of the width (left, right) or height (top, bottom).
    said : str
        What it is, for ``describe``.
    """

    left: float
    top: float
    right: float
    bottom: float
    said: str


AFLW2000 = Widening(0.4, 0.4, 0.4, 0.12, "Hopenet's AFLW2000 crop (k = 0.2) of pt2d")
"""Of the 21 points of AFLW2000-3D, for tests."""

W300LP = Widening(0.18, 0.6, 0.18, 0.18, "Hopenet's 300W-LP crop of pt2d, its random k of 0.2 to 0.4 fixed at 0.3")
"""Of the 68 points of 300W-LP, for training."""

LEAST_EXTENT_PX = 2.0


def point_extent_xyxy(points_px: np.ndarray, with_unseen: bool) -> np.ndarray | None:
    """Extent (4,) of the points (2, n): least x, y, greatest x, y; None if they span less than `LEAST_EXTENT_PX`.

    Parameters
    ----------
    points_px : array, shape (2, n)
        ``pt2d``, in the file's numbers.
    with_unseen : bool
        Whether unseen points count as if they were where they stand, at (-1, 452). Hopenet's code does so.
    """
    if not with_unseen:
        points_px = points_px[:, points_px[0] != UNSEEN_X]
    if points_px.shape[1] < 2:
        return None
    extent = np.concatenate([points_px.min(axis=1), points_px.max(axis=1)])
    return extent if (extent[2:] - extent[:2] >= LEAST_EXTENT_PX).all() else None


def hopenet_box_xyxy(extent_xyxy: np.ndarray, widening: Widening) -> np.ndarray:
    """Boxes xyxy (..., 4) of extents (..., 4), in whole px, not clipped to the picture.

    The numbers are those that Hopenet's code hands to the cropping function as edges. It does not take MATLAB's half
    pixel off, nor is that done here: these are its boxes.
    """
    left, top, right, bottom = np.moveaxis(np.asarray(extent_xyxy, float), -1, 0)
    left = left - widening.left * (right - left)
    top = top - widening.top * (bottom - top)
    right = right + widening.right * (right - left)
    bottom = bottom + widening.bottom * (bottom - top)
    return np.trunc(np.stack([left, top, right, bottom], axis=-1))

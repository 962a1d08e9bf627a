"""Whether a picture has enough margin to be turned: a crop must show no corner that was never rendered."""

from __future__ import annotations

import numpy as np

from synhead_tools.matching.in_plane import turn_about_optical_axis


def crop_stays_inside(
    box_xyxy: np.ndarray, in_plane_deg: np.ndarray, principal_point_px: np.ndarray, width_px: int, height_px: int,
    crop_to_box: float = 1.0,
) -> np.ndarray:  # fmt: skip
    """Say of turned pictures whether every pixel of a square crop comes from inside the picture that was turned.

    It does if the crop lies in the turned picture, and, turned back, in the one that was turned.

    Parameters
    ----------
    box_xyxy : array-like, shape (n, 4)
        Face boxes after the turn, pixels.
    in_plane_deg : array-like, shape (n,)
        Turns about the principal point, positive clockwise.
    principal_point_px : array-like, shape (n, 2)
    width_px, height_px : int
        Size of the pictures.
    crop_to_box : float
        Side of the crop over the longer side of the box.

    Returns
    -------
    bool array, shape (n,)
    """
    box, principal = np.asarray(box_xyxy, float), np.asarray(principal_point_px, float)
    centre = (box[:, :2] + box[:, 2:]) / 2
    half = (box[:, 2:] - box[:, :2]).max(axis=1) * crop_to_box / 2
    corners = centre[:, None] + half[:, None, None] * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    back = turn_about_optical_axis(-np.asarray(in_plane_deg, float))[:, :2, :2]
    # a turned square is convex: it lies inside the picture if its corners do
    source = (corners - principal[:, None]) @ np.swapaxes(back, -1, -2) + principal[:, None]
    both, rounding = np.concatenate([corners, source], axis=1), 1e-6
    return ((both >= -rounding) & (both <= np.array([width_px, height_px]) + rounding)).all(axis=(1, 2))

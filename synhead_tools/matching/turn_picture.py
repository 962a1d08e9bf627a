"""Turn a rendered frame in its image plane, with everything that is known about it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from synhead_tools.formats.sample import HIDDEN, LIGHT_COLUMNS, OUTSIDE
from synhead_tools.geometry.boxes import face_box_xyxy, tight_box_xyxy
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.heads.head_pixels import head_pixels
from synhead_tools.matching.in_plane import turn_about_optical_axis

NO_TURN_DEG = 1e-9
"""Smaller turns, degrees, leave the picture as it is, byte for byte."""


def turn_picture(
    picture: np.ndarray, in_plane_deg: float, principal_point_px: np.ndarray, smooth: bool = True
) -> np.ndarray:
    """Turn one picture about its principal point; what comes from outside is 0.

    Parameters
    ----------
    picture : array, shape (H, W) or (H, W, 3), uint8 or float32
        float32 only with one channel.
    in_plane_deg : float
        Positive is clockwise in the picture (x towards y).
    principal_point_px : array-like, shape (2,)
        Image coordinates (origin at the corner of the first pixel).
    smooth : bool
        Bicubic for colour and alpha; False takes the nearest pixel, for region ids and depth.

    Returns
    -------
    array of the same shape and dtype
    """
    if abs(in_plane_deg) < NO_TURN_DEG:
        return picture.copy()
    cosine, sine = np.cos(np.radians(in_plane_deg)), np.sin(np.radians(in_plane_deg))
    x, y = principal_point_px
    # Pillow asks where each output point comes from: the inverse turn about (x, y).
    backward = (cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y)
    resample = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    image = Image.fromarray(picture)
    return np.array(image.transform(image.size, Image.Transform.AFFINE, backward, resample))


def turn_composed(picture: np.ndarray, in_plane_deg: float, principal_point_px: np.ndarray) -> np.ndarray:
    """Turn a picture (H, W, 3) uint8 with a background; what comes from outside is its mirror image at the edge."""
    height, width = picture.shape[:2]
    x, y = (float(value) for value in principal_point_px)
    farthest = np.hypot(max(x, width - x), max(y, height - y))
    margin = int(np.ceil(max(farthest - min(x, width - x, y, height - y), 0)))
    wide = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    turned = turn_picture(wide, in_plane_deg, (x + margin, y + margin))
    return turned[margin : margin + height, margin : margin + width]


def turn_points(points: np.ndarray, in_plane_deg: np.ndarray, principal_point_px: np.ndarray) -> np.ndarray:
    """Turn x, y of points (n, N, 3) = (x_px, y_px, depth_m) by `in_plane_deg` (n,) about (n, 2); depth stays."""
    centre = np.asarray(principal_point_px, float)[:, None]
    offset = points[..., :2] - centre
    turned = points.copy()
    turned[..., :2] = offset @ np.swapaxes(turn_about_optical_axis(in_plane_deg)[:, :2, :2], -1, -2) + centre
    return turned


def turn_samples(
    columns: dict[str, np.ndarray], in_plane_deg: np.ndarray, composed: bool = False
) -> dict[str, np.ndarray]:
    """Turn a block of samples about their principal points.

    Parameters
    ----------
    columns : dict of str to array, each (n, ...)
        Columns of the sample schema: ``image``, ``alpha`` and the label columns; ``region`` and ``depth_m`` if there.
    in_plane_deg : array, shape (n,)
        One turn per sample, positive clockwise.
    composed : bool
        Whether the pictures stand over a background for good; corners then show its mirror image, not black.

    Returns
    -------
    dict of str to array
        The same columns after the turn: R -> Rz R, t -> Rz t, points and boxes with them. Points that leave the
        picture become visibility 0. The columns that say from where light falls are left out: a light from above is
        none after a turn.
    """
    # a tight box does not turn: the box around the turned face follows from its mesh, which is not at hand
    left_out = (*LIGHT_COLUMNS, "tight_face_box_xyxy")
    turned = {name: column for name, column in columns.items() if name not in left_out}
    intrinsics = columns["intrinsics"]
    principal = intrinsics[:, :2, 2]
    for name in ("image", "alpha", "region", "depth_m"):
        if name in columns:
            smooth = name in ("image", "alpha")
            stack = zip(columns[name], in_plane_deg, principal, strict=True)
            if composed and name == "image":
                turned[name] = np.stack([turn_composed(p, float(a), c) for p, a, c in stack])
            else:
                turned[name] = np.stack([turn_picture(p, float(a), c, smooth) for p, a, c in stack])
    if not composed:
        # Bicubic overshoot must not make a premultiplied colour brighter than its alpha allows.
        turned["image"] = np.minimum(turned["image"], turned["alpha"][..., None])
    turn = turn_about_optical_axis(in_plane_deg)
    if "infrared" in turned:  # its lamp stands beside the lens, and turns about it
        lamp = (turn[:, :2, :2] @ columns["infrared"][:, 4:, None])[..., 0]
        turned["infrared"] = np.concatenate([columns["infrared"][:, :4], lamp], axis=1).astype("f4")
    turned["rotmat"] = turn @ columns["rotmat"]
    turned["quat_xyzw"] = quat_xyzw_from_rotmat(turned["rotmat"])
    turned["translation_m"] = (turn @ columns["translation_m"][..., None])[..., 0]
    turned["face_box_xyxy"] = face_box_xyxy(turned["rotmat"], turned["translation_m"], intrinsics).astype("f4")
    turned["head_box_xyxy"] = np.stack([tight_box_xyxy(mask) for mask in _covered(columns, turned)]).astype("f4")
    height, width = columns["alpha"].shape[1:]
    for name in ("points5", "landmarks68"):
        turned[name] = turn_points(columns[name].astype(float), in_plane_deg, principal).astype("f4")
        x, y = turned[name][..., 0], turned[name][..., 1]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        seen = columns[f"{name}_visibility"]
        turned[f"{name}_visibility"] = np.where(inside, np.maximum(seen, HIDDEN), OUTSIDE).astype(seen.dtype)
    return turned


def _covered(columns: dict[str, np.ndarray], turned: dict[str, np.ndarray]) -> np.ndarray:
    """Which pixels of the turned pictures show the head: (n, H, W), 0 where they do not."""
    if "region" not in columns:
        return turned["alpha"]
    drawn_over = columns["alpha"].all()  # a background: alpha does not tell the head from it
    alpha = np.full_like(turned["alpha"], 255) if drawn_over else turned["alpha"]
    return np.stack([head_pixels(*pair) for pair in zip(alpha, turned["region"], strict=True)])

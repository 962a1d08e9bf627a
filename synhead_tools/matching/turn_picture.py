"""Turn a rendered frame in its image plane, with everything that is known about it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from synhead_tools.formats.sample import HIDDEN, LIGHT_COLUMNS, OUTSIDE, PICTURE_COLUMNS
from synhead_tools.geometry.boxes import tight_box_xyxy
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.heads.head_pixels import head_pixels
from synhead_tools.matching.in_plane import turn_about_optical_axis

NO_TURN_DEG = 1e-9
"""Smaller turns, degrees, leave the picture as it is, byte for byte."""

RIM_PX = 2
"""So far beyond its edges a picture goes on as it is there: resampling a crop that ends at an edge looks beyond it."""


def turn_picture(
    picture: np.ndarray, in_plane_deg: float, principal_point_px: np.ndarray, smooth: bool = True
) -> np.ndarray:
    """Turn one picture about its principal point; what comes from outside, but for the next `RIM_PX`, is 0.

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
    size_px, rim = picture.shape[1::-1], ((RIM_PX, RIM_PX),) * 2
    picture = np.pad(picture, rim + ((0, 0),) * (picture.ndim - 2), "edge")
    x, y = (RIM_PX + float(value) for value in principal_point_px)
    # Pillow asks where each output point comes from: the inverse turn about (x, y).
    backward = (cosine, sine, x - cosine * x - sine * y, -sine, cosine, y + sine * x - cosine * y)
    a, b, c, d, e, f = backward  # of the padded picture, for the pixels inside its rim
    backward = (a, b, c + (a + b) * RIM_PX, d, e, f + (d + e) * RIM_PX)
    if not smooth or picture.dtype != np.uint8:
        resample = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        return _resampled(picture, size_px, backward, resample)
    # in floats: of whole numbers Pillow cuts off the fraction, which costs half a step, or 0.6 dB
    channels = np.moveaxis(np.atleast_3d(picture), -1, 0).astype(np.float32)
    turned = [_resampled(channel, size_px, backward, Image.Resampling.BICUBIC) for channel in channels]
    whole = np.rint(np.clip(np.stack(turned, axis=-1), 0, 255)).astype(np.uint8)
    return whole if picture.ndim == 3 else whole[..., 0]


def _resampled(
    picture: np.ndarray, size_px: tuple[int, int], backward: tuple[float, ...], resample: Image.Resampling
) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.array(image.transform(size_px, Image.Transform.AFFINE, backward, resample))


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
    """Turn x, y of points (n, N, 2 or 3), x_px, y_px and depth_m, by `in_plane_deg` (n,) about (n, 2); depth stays."""
    centre = np.asarray(principal_point_px, float)[:, None]
    offset = points[..., :2] - centre
    turned = points.copy()
    turned[..., :2] = offset @ np.swapaxes(turn_about_optical_axis(in_plane_deg)[:, :2, :2], -1, -2) + centre
    return turned


def turn_boxes(box_xyxy: np.ndarray, in_plane_deg: np.ndarray, principal_point_px: np.ndarray) -> np.ndarray:
    """Turn the centres of boxes (n, 4) by `in_plane_deg` (n,) about (n, 2); their sides stay as they are.

    That is exact for the square face boxes of a head's size at its depth (`synhead_tools.geometry.boxes`).
    """
    box = np.asarray(box_xyxy, float)
    centre, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]) / 2
    centre = turn_points(centre[:, None], in_plane_deg, principal_point_px)[:, 0]
    return np.concatenate([centre - half, centre + half], axis=1)


def principal_points(columns: Mapping[str, np.ndarray], size_px: tuple[int, int] | None) -> np.ndarray | None:
    """What pictures are turned about, (n, 2) px: the principal points, or else their middle; None if neither is known.

    Parameters
    ----------
    columns : mapping of str to array
        With ``intrinsics``, if they are known, and ``rotmat``.
    size_px : tuple of 2 int or None
        Width and height of the pictures.
    """
    if "intrinsics" in columns:
        return columns["intrinsics"][:, :2, 2]
    return None if size_px is None else np.tile(np.array(size_px) / 2.0, (len(columns["rotmat"]), 1))


def turn_samples(
    columns: Mapping[str, np.ndarray],
    in_plane_deg: np.ndarray,
    composed: bool = False,
    size_px: tuple[int, int] | None = None,
) -> dict[str, np.ndarray]:
    """Turn a block of samples about their principal points.

    Parameters
    ----------
    columns : mapping of str to array, each (n, ...)
        Columns of the sample schema, ``rotmat`` among them, with or without pictures.
    in_plane_deg : array, shape (n,)
        One turn per sample, positive clockwise.
    composed : bool
        Whether the pictures stand over a background for good; corners then show its mirror image, not black.
    size_px : tuple of 2 int, optional
        Width and height of the pictures, where they are not among the columns.

    Returns
    -------
    dict of str to array
        The same columns after the turn: R -> Rz R, t -> Rz t, points and boxes with them. Points that leave the
        picture become visibility 0. Left out is what does not follow: from where light falls (a light from above is
        none after a turn), the tight box of the face (its mesh is not at hand), and that of the head where there is
        no picture. What no turn changes is carried; ``visible_fraction`` counts no part that the picture's edge cuts.
    """
    turned = {name: column for name, column in columns.items() if name not in _NEVER_TURNED}
    if "image" in columns:
        size_px = columns["image"].shape[2:0:-1]
    principal = principal_points(columns, size_px)
    turned |= _turned_pictures(columns, in_plane_deg, principal, composed)
    turn = turn_about_optical_axis(in_plane_deg)
    if "infrared" in turned:  # its lamp stands beside the lens, and turns about it
        lamp = (turn[:, :2, :2] @ columns["infrared"][:, 4:, None])[..., 0]
        turned["infrared"] = np.concatenate([columns["infrared"][:, :4], lamp], axis=1).astype("f4")
    turned["rotmat"] = turn @ columns["rotmat"]
    turned["quat_xyzw"] = quat_xyzw_from_rotmat(turned["rotmat"])
    if "translation_m" in columns:
        turned["translation_m"] = (turn @ columns["translation_m"][..., None])[..., 0]
    if "alpha" in columns or "region" in columns:
        turned["head_box_xyxy"] = _head_boxes(columns, in_plane_deg, principal)
    return turned | _turned_places(columns, in_plane_deg, principal, size_px)


_NEVER_TURNED = frozenset(
    {*LIGHT_COLUMNS, "tight_face_box_xyxy", "head_box_xyxy", "face_box_xyxy", "euler_deg", *PICTURE_COLUMNS}
    | {f"{name}{what}" for name in ("points5", "landmarks68") for what in ("", "_visibility")}
)
"""Columns that are computed anew or left out, never carried."""


def _turned_pictures(
    columns: Mapping[str, np.ndarray], in_plane_deg: np.ndarray, principal: np.ndarray | None, composed: bool
) -> dict[str, np.ndarray]:
    turned = {}
    for name in (name for name in PICTURE_COLUMNS if name in columns):
        stack = zip(columns[name], in_plane_deg, principal, strict=True)
        if composed and name == "image":
            turned[name] = np.stack([turn_composed(p, float(a), c) for p, a, c in stack])
        else:
            smooth = name in ("image", "alpha")
            turned[name] = np.stack([turn_picture(p, float(a), c, smooth) for p, a, c in stack])
    if not composed and "alpha" in turned and "image" in turned:
        # Bicubic overshoot must not make a premultiplied colour brighter than its alpha allows.
        turned["image"] = np.minimum(turned["image"], turned["alpha"][..., None])
    return turned


def _turned_places(
    columns: Mapping[str, np.ndarray],
    in_plane_deg: np.ndarray,
    principal: np.ndarray | None,
    size_px: tuple[int, int] | None,
) -> dict[str, np.ndarray]:
    """Face boxes and points of turned samples; none where the turn's centre is not known."""
    if principal is None:
        return {}
    turned = {}
    if "face_box_xyxy" in columns:
        turned["face_box_xyxy"] = turn_boxes(columns["face_box_xyxy"], in_plane_deg, principal).astype("f4")
    for name in (name for name in ("points5", "landmarks68") if name in columns):
        turned[name] = turn_points(columns[name].astype(float), in_plane_deg, principal).astype("f4")
        seen = columns.get(f"{name}_visibility")
        if seen is not None and size_px is not None:
            inside = ((turned[name][..., :2] >= 0) & (turned[name][..., :2] < np.array(size_px))).all(axis=-1)
            turned[f"{name}_visibility"] = np.where(inside, np.maximum(seen, HIDDEN), OUTSIDE).astype(seen.dtype)
    return turned


def _head_boxes(columns: Mapping[str, np.ndarray], in_plane_deg: np.ndarray, principal: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) around what of the head is in the turned pictures.

    What is head is decided before the turn: afterwards the body's outline is covered faintly a pixel farther out.
    """
    if "region" not in columns or "alpha" not in columns:
        masks = columns.get("alpha", columns.get("region")) > 0
    else:
        masks = [head_pixels(*pair) for pair in zip(columns["alpha"], columns["region"], strict=True)]
    stack = zip(masks, in_plane_deg, principal, strict=True)
    turned = (turn_picture(mask.astype(np.uint8), float(a), c, smooth=False) for mask, a, c in stack)
    return np.stack([tight_box_xyxy(mask) for mask in turned]).astype("f4")

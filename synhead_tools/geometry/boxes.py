"""Boxes in image coordinates. ``xyxy``: left, top, right, bottom edges; ``xywh``: left, top, width, height; pixels."""

from __future__ import annotations

import numpy as np

FACE_BOX_SIDE_M = 0.245
"""Side of the Biwi+-like square at the depth of the head, metres.

A detector's boxes come in steps of its image pyramid: three in five Biwi+ boxes are 132 px wide, nearly all others 157
or 190, each step a factor of 1.2. So one and the same head gets boxes that take from 0.22 m (measured on frames of
sequences 01, 02, 09 and 12, whose head centres are known) to 0.27 m (sequence 19, by eye against rendered heads) of
its surroundings. This is the geometric mean of the two.
"""

FACE_BOX_CENTRE_M = np.array([0.0, 0.025, 0.022])
"""Head-frame point the square is centred on: 25 mm below and 22 mm behind the midpoint of the eyes, metres.

It lies 34 mm below in the frames that were measured, and some 17 mm in sequence 19.
"""


def face_box_xyxy(rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """The square box around a head that matches the Biwi+ detector boxes.

    Biwi+ boxes come from a detector; as geometry they are close to a square of `FACE_BOX_SIDE_M`, give or take a
    tenth, at the head's depth, centred on the projection of the head-frame point `FACE_BOX_CENTRE_M`.

    Parameters
    ----------
    rotmat, translation_m, intrinsics
        Shapes (..., 3, 3), (..., 3), (..., 3, 3); see `synhead_tools.geometry.projection`.

    Returns
    -------
    array, shape (..., 4)
        xyxy in pixels, not clipped to the picture.
    """
    rotmat, translation_m = np.asarray(rotmat, float), np.asarray(translation_m, float)
    intrinsics = np.asarray(intrinsics, float)
    centre_m = rotmat @ FACE_BOX_CENTRE_M + translation_m
    centre = (intrinsics @ (centre_m / centre_m[..., 2:])[..., None])[..., :2, 0]
    half = 0.5 * FACE_BOX_SIDE_M * intrinsics[..., 0, 0] / translation_m[..., 2]
    return np.concatenate([centre - half[..., None], centre + half[..., None]], axis=-1)


def tight_box_xyxy(mask: np.ndarray) -> np.ndarray:
    """The tight xyxy box, pixels, around everything in a mask (H, W) that is not 0; all 0 where there is nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.zeros(4)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


def xywh_to_xyxy(box_xywh: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) given by corner and size, as edges."""
    box = np.asarray(box_xywh, float)
    return np.concatenate([box[..., :2], box[..., :2] + box[..., 2:]], axis=-1)


def xyxy_to_xywh(box_xyxy: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) given by edges, as corner and size."""
    box = np.asarray(box_xyxy, float)
    return np.concatenate([box[..., :2], box[..., 2:] - box[..., :2]], axis=-1)


def scale_box(box_xyxy: np.ndarray, factor: float) -> np.ndarray:
    """Boxes (..., 4) enlarged by `factor` about their centres."""
    box = np.asarray(box_xyxy, float)
    centre = 0.5 * (box[..., :2] + box[..., 2:])
    half = 0.5 * factor * (box[..., 2:] - box[..., :2])
    return np.concatenate([centre - half, centre + half], axis=-1)


def box_iou(a_xyxy: np.ndarray, b_xyxy: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (..., 4), element by element; 0 where both are empty."""
    a, b = np.asarray(a_xyxy, float), np.asarray(b_xyxy, float)
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    intersection = np.prod(np.clip(size, 0.0, None), axis=-1)
    area_a = np.prod(np.clip(a[..., 2:] - a[..., :2], 0.0, None), axis=-1)
    area_b = np.prod(np.clip(b[..., 2:] - b[..., :2], 0.0, None), axis=-1)
    union = area_a + area_b - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)

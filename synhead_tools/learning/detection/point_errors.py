"""Errors of points, meshes and rotations of faces that were found."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.learning.detection.detections import Detections

FAILURE = 0.1
"""A face whose normalised error is larger has failed."""

AFLW2000_EDGES_DEG = (30.0, 60.0)


def matched_faces(
    found: Detections, faces_xyxy: np.ndarray, iou_threshold: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of detections and of the faces they found, one to one, each (M,) int64.

    The surest detection first, each takes the face of its highest IoU among those that are left, if that reaches
    `iou_threshold`.
    """
    faces = np.asarray(faces_xyxy, float).reshape(-1, 4)
    overlap = box_iou(found.boxes_xyxy[:, None], faces[None])
    pairs = []
    for i in np.argsort(-found.scores, kind="stable"):
        if len(faces) and (best := int(overlap[i].argmax())) >= 0 and overlap[i, best] >= max(iou_threshold, 1e-12):
            pairs.append((int(i), best))
            overlap[:, best] = -1.0
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def points5_error(predicted: np.ndarray, true: np.ndarray, boxes_xyxy: np.ndarray) -> np.ndarray:
    """Mean distance of the five points over sqrt(W H) of the face's box, (n,); points that are NaN are left out.

    Parameters
    ----------
    predicted, true : arrays, shape (n, 5, 2)
        Pixels.
    boxes_xyxy : array, shape (n, 4)
        True boxes.
    """
    boxes = np.asarray(boxes_xyxy, float)
    size = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    return _mean_known(np.linalg.norm(np.asarray(predicted, float) - np.asarray(true, float), axis=-1)) / size


def landmarks68_error(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Mean distance of the 68 points in x and y over sqrt(W H) of the true points' own box, (n,), as for AFLW2000-3D.

    X. Zhu et al., "Face Alignment Across Large Poses: A 3D Solution", CVPR 2016.

    Parameters
    ----------
    predicted, true : arrays, shape (n, 68, 2 or more)
        Pixels; what follows x and y is not looked at.
    """
    predicted, true = np.asarray(predicted, float)[..., :2], np.asarray(true, float)[..., :2]
    size = np.sqrt(np.prod(true.max(axis=1) - true.min(axis=1), axis=-1))
    return np.linalg.norm(predicted - true, axis=-1).mean(axis=1) / size


def failure_rate(errors: np.ndarray, limit: float = FAILURE) -> float:
    """Share of `errors` above `limit`; NaN where there are none."""
    errors = np.asarray(errors, float)
    return float((errors > limit).mean()) if len(errors) else float("nan")


def cumulative_errors(errors: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Share of `errors` that do not exceed each of `limits`: the cumulative error distribution."""
    return np.searchsorted(np.sort(np.asarray(errors, float)), limits, side="right") / max(len(errors), 1)


def by_yaw_bin(
    values: np.ndarray, yaw_deg: np.ndarray, edges_deg: tuple[float, ...] = AFLW2000_EDGES_DEG
) -> dict[str, float]:
    """Means by the size of the true yaw, and ``mean``, which is that of the bins, not of all faces.

    Bins are [0, 30], (30, 60] and above 60 degrees, as for AFLW2000-3D; a bin without faces is left out.
    """
    yaw, values = np.abs(np.asarray(yaw_deg, float)), np.asarray(values, float)
    number = np.searchsorted(edges_deg, yaw, side="left")
    names = [f"|yaw| to {edges_deg[0]:g} deg"]
    names += [f"|yaw| {low:g} to {high:g} deg" for low, high in zip(edges_deg[:-1], edges_deg[1:], strict=True)]
    names.append(f"|yaw| above {edges_deg[-1]:g} deg")
    means = {name: float(values[number == i].mean()) for i, name in enumerate(names) if (number == i).any()}
    return {**means, "mean": float(np.mean(list(means.values()))) if means else float("nan")}


def _mean_known(distance: np.ndarray) -> np.ndarray:
    known = np.isfinite(distance)
    total = np.where(known, distance, 0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.full(len(distance), np.nan), where=known.any(axis=1))

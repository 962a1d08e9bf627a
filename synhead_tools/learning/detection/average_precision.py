"""Average precision as WIDER FACE takes it (S. Yang et al., "WIDER FACE: A Face Detection Benchmark", CVPR 2016).

What is particular about it: scores are stretched to 0..1 over the whole set; each detection belongs to the face of its
highest IoU and to no other; one that belongs to a face outside of the subset that is scored counts neither for nor
against; precision and recall are taken at 1000 thresholds; sides are differences of edges plus one pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synhead_tools.learning.detection.detections import Detections

THRESHOLDS = 1000
IOU_STEPS = tuple(np.round(np.arange(0.5, 1.0, 0.05), 2).tolist())


def average_precision(
    found: Sequence[Detections],
    faces_xyxy: Sequence[np.ndarray],
    counted: Sequence[np.ndarray] | None = None,
    iou_threshold: float = 0.5,
    *,
    count_empty_pictures: bool = True,
) -> float:
    """Average precision of detections.

    Parameters
    ----------
    found : sequence of Detections
        Of each picture, at a low score threshold (0.02 by habit): what is left out cannot be recalled.
    faces_xyxy : sequence of arrays (n, 4)
        All faces of each picture, xyxy, pixels.
    counted : sequence of bool arrays (n,), optional
        The subset that is scored, such as WIDER FACE's easy, medium or hard; all faces by default.
    iou_threshold : float
        From which IoU on a face is found.
    count_empty_pictures : bool
        Whether detections in pictures without any face count against. WIDER FACE's own code leaves such pictures out
        (it has none); pass False to score exactly as it does.

    Returns
    -------
    float
        0 to 1; NaN if there is no face to be found.
    """
    if counted is None:
        counted = [np.ones(len(boxes), bool) for boxes in faces_xyxy]
    total = int(sum(keep.sum() for keep in counted))
    if total == 0:
        return float("nan")
    proposals, recalled = np.zeros(THRESHOLDS), np.zeros(THRESHOLDS)
    for scores, detections, boxes, keep in zip(_stretched(found), found, faces_xyxy, counted, strict=True):
        if len(scores) == 0 or (len(boxes) == 0 and not count_empty_pictures):
            continue
        order = np.argsort(-scores, kind="stable")
        own_recalled, own_proposals = _cumulated(detections.boxes_xyxy[order], np.asarray(boxes, float), keep,
                                                 iou_threshold)  # fmt: skip
        last = np.searchsorted(-scores[order], -_thresholds(), side="right") - 1
        some = last >= 0
        proposals[some] += own_proposals[last[some]]
        recalled[some] += own_recalled[last[some]]
    precision = np.divide(recalled, proposals, out=np.zeros(THRESHOLDS), where=proposals > 0)
    return _area(recalled / total, precision)


def mean_average_precision(
    found: Sequence[Detections], faces_xyxy: Sequence[np.ndarray], counted: Sequence[np.ndarray] | None = None,
    *, count_empty_pictures: bool = True,
) -> float:  # fmt: skip
    """Mean of `average_precision` over IoU thresholds 0.5, 0.55 ... 0.95, as in the WIDER Challenge."""
    options = {"count_empty_pictures": count_empty_pictures}
    return float(np.mean([average_precision(found, faces_xyxy, counted, iou, **options) for iou in IOU_STEPS]))


def iou_plus_one(a_xyxy: np.ndarray, b_xyxy: np.ndarray) -> np.ndarray:
    """IoU (A, B) of boxes (A, 4) and (B, 4) whose sides count the pixels of both edges: x2 - x1 + 1."""
    a, b = np.asarray(a_xyxy, float)[:, None], np.asarray(b_xyxy, float)[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + 1
    common = np.prod(np.clip(size, 0, None), axis=-1)
    areas = [np.prod(boxes[..., 2:] - boxes[..., :2] + 1, axis=-1) for boxes in (a, b)]
    return common / (areas[0] + areas[1] - common)


def _stretched(found: Sequence[Detections]) -> list[np.ndarray]:
    """Scores of each picture, stretched so that those of the whole set go from 0 to 1."""
    each = [detections.scores for detections in found]
    every = np.concatenate(each) if each else np.empty(0)
    low, high = min(every.min(initial=1.0), 1.0), max(every.max(initial=0.0), 0.0)
    return [(scores - low) / (high - low) if high > low else np.ones(len(scores)) for scores in each]


def _thresholds() -> np.ndarray:
    return 1.0 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS


def _cumulated(
    boxes: np.ndarray, faces: np.ndarray, keep: np.ndarray, iou_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Faces recalled, and detections that count, among the first 1, 2, ... of a picture's detections."""
    recalled, counts = np.zeros(len(boxes)), np.ones(len(boxes))
    if len(faces) == 0:
        return recalled, np.cumsum(counts)
    overlap = iou_plus_one(boxes, faces)
    best = overlap.argmax(axis=1)
    hit = overlap[np.arange(len(boxes)), best] >= iou_threshold
    counts[hit & ~keep[best]] = 0
    good = np.flatnonzero(hit & keep[best])
    recalled[good[np.unique(best[good], return_index=True)[1]]] = 1  # the first of each face; others stay against
    return np.cumsum(recalled), np.cumsum(counts)


def _area(recall: np.ndarray, precision: np.ndarray) -> float:
    """Area under the curve whose precision is the best at that recall or a higher one (PASCAL VOC, all points)."""
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope[1:]))

"""Whether an exported detector answers as the checkpoint does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.face_detector import FaceDetector

LARGEST_PX, LARGEST_SCORE = 0.05, 1e-3
"""Larger differences than these are none of rounding: the model is not written."""

_OTHER_LEADER_PX = 2.0
SIZES_PX = ((240, 320), (130, 97), (64, 64))


@dataclass(frozen=True)
class DetectorParity:
    """How near the exported detector's answers are to the checkpoint's.

    Attributes
    ----------
    pictures, answers : int
        How many pictures of different sizes were compared, and how many boxes in all.
    largest_px : float
        Largest difference of boxes, points and meshes.
    largest_score : float
        Of scores.
    """

    pictures: int
    answers: int
    largest_px: float
    largest_score: float


def check_detector_parity(exported: FaceDetector, detector: Detector) -> DetectorParity:
    """Compare both on noise of several sizes: all that is said of the surest thousand boxes, and what is left of them.

    Of the smallest picture those are nearly all there are, of all levels and anchors.

    Raises
    ------
    CheckpointError
        They differ by more than `LARGEST_PX` or `LARGEST_SCORE`.
    """
    pictures = trial_pictures()
    options = {"longest_px": None, "score_threshold": 0.0, "close_up_score": None, "batch_size": 1}
    answers, largest = 0, np.zeros(2)
    for limits in ({"nms_iou": 1.0, "vote_iou": 1.0}, {}):
        pairs = zip(detector.detect(pictures, **options, **limits), exported.detect(pictures, **options, **limits),
                    strict=True)  # fmt: skip
        for own, other in pairs:
            if not limits and len(own):
                own = _led_alike(own, other)
            answers += len(own)
            largest = np.maximum(largest, _differences(own, other))
    if not (largest <= (LARGEST_PX, LARGEST_SCORE)).all():  # NaN fails as well
        raise CheckpointError(
            f"the exported detector differs from the checkpoint by up to {largest[0]:.3g} px and {largest[1]:.3g} of "
            "score; it is not written"
        )
    return DetectorParity(len(pictures), answers, float(largest[0]), float(largest[1]))


def trial_pictures(sizes_px: Sequence[tuple[int, int]] = SIZES_PX, seed: int = 0) -> list[np.ndarray]:
    """Pictures (H, W, 3) uint8 of those heights and widths: coarse colours under fine noise."""
    rng, pictures = np.random.default_rng(seed), []
    for height, width in sizes_px:
        coarse = rng.integers(0, 224, (9, 12, 3))
        rows, columns = np.arange(height) * 9 // height, np.arange(width) * 12 // width
        noise = rng.integers(0, 32, (height, width, 3))
        pictures.append((coarse[rows[:, None], columns] + noise).astype(np.uint8))
    return pictures


def _led_alike(own: Detections, other: Detections) -> Detections:
    """The faces for which the same box is the surest in both: of two that are as sure, rounding may choose another.

    All if these are less than nine tenths.
    """
    if not len(other):
        return own
    alike = np.abs(own.scores[:, None] - other.scores[None]).min(axis=1) <= LARGEST_SCORE
    alike &= np.abs(own.boxes_xyxy[:, None] - other.boxes_xyxy[None]).max(axis=2).min(axis=1) <= _OTHER_LEADER_PX
    if alike.mean() < 0.9:
        return own
    mesh = None if own.mesh is None else own.mesh[alike]
    return Detections(own.boxes_xyxy[alike], own.scores[alike], own.points5[alike], mesh)


def _parts(found: Detections) -> tuple[np.ndarray | None, ...]:
    return found.boxes_xyxy, found.scores, found.points5, found.mesh


def _differences(own: Detections, other: Detections) -> tuple[float, float]:
    """Largest difference in px and in score; equal scores may come in another order, so partners are looked for."""
    if not len(other):
        return np.inf, np.inf
    apart = np.abs(own.boxes_xyxy[:, None] - other.boxes_xyxy[None]).max(axis=2)
    partner = apart.argmin(axis=1)
    pairs = [(mine, its[partner]) for mine, its in zip(_parts(own), _parts(other), strict=True) if mine is not None]
    differences = [float(np.abs(mine - its).max()) for mine, its in pairs]
    return float(np.max([differences[0], *differences[2:]])), differences[1]  # NaN stays NaN

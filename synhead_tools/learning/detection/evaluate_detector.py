"""Score a detector on pictures whose faces are known, with its protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.average_precision import average_precision, mean_average_precision
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.point_errors import (
    by_yaw_bin,
    failure_rate,
    landmarks68_error,
    matched_faces,
    points5_error,
)
from synhead_tools.learning.detection.region_iou import region_iou
from synhead_tools.learning.detection.scene_sample import SceneSample, SceneSource
from synhead_tools.learning.detection.voting import VOTE_IOU
from synhead_tools.learning.scores.metrics import pitch_yaw_roll_deg

AP_SCORE_THRESHOLD = 0.02

HEIGHTS_PX = (50, 30, 10)
"""Faces of at least these heights are what WIDER FACE's easy, medium and hard subsets are mostly made of."""


@dataclass(frozen=True)
class DetectionReport:
    """Scores and what they mean.

    Attributes
    ----------
    protocol : dict
        Everything that decides the figures.
    scores : dict of str to float
        ``ap50``, ``map`` (IoU 0.5 to 0.95), ``recall50`` and, of the faces that were found at the reporting
        threshold, ``points5_nme``, ``points5_failure_rate``; with a mesh ``landmarks68_nme``,
        ``pose_geodesic_deg``, ``pose_below_30_deg`` (mean geodesic error below 30 degrees yaw). NaN where nothing could
        be measured.
    parts : dict of str to dict
        The same by yaw bin, AP50 of faces of at least some height, and IoU by region.
    """

    protocol: dict[str, Any]
    scores: dict[str, float]
    parts: dict[str, dict[str, float]] = field(default_factory=dict)

    def to_json(self) -> str:
        """All of it; NaN becomes null."""
        return json.dumps(
            _without_nan({"protocol": self.protocol, "scores": self.scores, "parts": self.parts}), indent=2
        )

    def lines(self) -> list[str]:
        """All of it for a reader."""
        text = ["protocol: " + ", ".join(f"{key} {value}" for key, value in self.protocol.items())]
        text += [f"{name:<22} {value:.4f}" for name, value in self.scores.items()]
        for title, values in self.parts.items():
            text.append(f"{title}: " + ", ".join(f"{name} {value:.4f}" for name, value in values.items()))
        return text


def evaluate_detector(
    detector: Detector,
    source: SceneSource,
    *,
    longest_px: int | None = None,
    nms_iou: float = 0.4,
    vote_iou: float = VOTE_IOU,
    point_score_threshold: float = 0.5,
    close_ups: bool = True,
    regions: bool = False,
    batch_size: int = 8,
    subsets: Mapping[str, Sequence[np.ndarray]] | None = None,
) -> DetectionReport:
    """Score a detector.

    Parameters
    ----------
    detector : Detector
    source : SceneSource
        Pictures and faces; ignored faces are WIDER FACE's "outside of the subset".
    longest_px, nms_iou, vote_iou, batch_size
        See `Detector.detect`.
    point_score_threshold : float
        Detections of this score or above are asked for points, mesh and pose; average precision takes all from 0.02.
    close_ups : bool
        Whether those detections get close-ups (`synhead_tools.learning.detection.close_ups`); what they score without
        is told beside.
    regions : bool
        Also measure IoU by region, some 50 ms per face.
    subsets : mapping of str to sequence of (n,) bool, optional
        By name, which faces of each picture count (WIDER FACE's easy, medium and hard); AP50 of each is added, in
        which detections of other faces count neither way.

    Raises
    ------
    TrainingError
        There is no picture.
    """
    if len(source) == 0:
        raise TrainingError("there are no pictures to score on")
    found: list[Detections] = []
    faces, counted, errors, plain = [], [], _Errors(regions), _Errors(False)
    limits = {"nms_iou": nms_iou, "vote_iou": vote_iou}
    for start in range(0, len(source), batch_size):
        samples = [source[k] for k in range(start, min(start + batch_size, len(source)))]
        images = [sample.image for sample in samples]
        answers = detector.detect(
            images, longest_px=longest_px, score_threshold=AP_SCORE_THRESHOLD, close_up_score=None,
            batch_size=batch_size, **limits,
        )  # fmt: skip
        surer = [_surer(answer, point_score_threshold) for answer in answers]
        closer = detector.close_ups(surer, images, **limits) if close_ups else surer
        for sample, answer, close_up in zip(samples, surer, closer, strict=True):
            errors.add(sample, close_up)
            plain.add(sample, answer)
        for sample, answer in zip(samples, answers, strict=True):
            faces.append(sample.boxes_xyxy)
            counted.append(~sample.ignored)
            # meshes of a thousand pictures would fill the memory
            found.append(Detections(answer.boxes_xyxy, answer.scores, answer.points5))
    total = int(sum(keep.sum() for keep in counted))
    protocol = {
        "pictures": len(source), "faces": total, "ignored_faces": int(sum(map(len, faces))) - total,
        "longest_px": longest_px or "as they are", "ap_score_threshold": AP_SCORE_THRESHOLD, "nms_iou": nms_iou,
        "vote_iou": vote_iou, "point_score_threshold": point_score_threshold, "close_ups": close_ups,
        "multi_scale": False, "flip": "of close-ups" if close_ups else False,
    }  # fmt: skip
    scores = {
        "ap50": average_precision(found, faces, counted),
        "map": mean_average_precision(found, faces, counted),
        "recall50": len(errors.points) / total if total else float("nan"),
        **errors.scores(),
    }
    pairs = list(zip(counted, faces, strict=True))
    tall = {f"from {height} px": [keep & (_heights(boxes) >= height) for keep, boxes in pairs] for height in HEIGHTS_PX}
    parts = {"ap50 by height": {name: average_precision(found, faces, masks) for name, masks in tall.items()}}
    if subsets:
        parts["ap50 by subset"] = {name: average_precision(found, faces, masks) for name, masks in subsets.items()}
    if close_ups:
        parts["without close-ups"] = plain.scores()
    return DetectionReport(protocol, scores, {**parts, **errors.parts()})


class _Errors:
    """Errors of the faces that were found, gathered picture by picture."""

    def __init__(self, regions: bool) -> None:
        self._with_regions = regions
        self.points: list[float] = []
        self._landmarks, self._landmark_yaw, self._pose, self._pose_yaw = [], [], [], []
        self._regions: list[dict[str, float]] = []

    def add(self, sample: SceneSample, answer: Detections) -> None:
        found, face = matched_faces(answer, sample.boxes_xyxy)
        counts = ~sample.ignored[face]
        found, face = found[counts], face[counts]
        if not len(found):
            return
        points = points5_error(answer.points5[found], sample.points5[face], sample.boxes_xyxy[face])
        self.points += points.tolist()
        if answer.mesh is None:
            return
        yaw = None
        if sample.rotmat is not None:
            yaw = np.abs(pitch_yaw_roll_deg(sample.rotmat[face])[:, 1])
            rotmat = answer.rotmat(sample.intrinsics)[found]
            self._pose += geodesic_distance_deg(rotmat, sample.rotmat[face]).tolist()
            self._pose_yaw += yaw.tolist()
        rows = load_face_mesh().landmarks68
        if sample.mesh is not None:
            self._add_landmarks(answer.mesh[found][:, rows], sample.mesh[face][:, rows], yaw)
            if self._with_regions:
                self._regions += [region_iou(answer.mesh[a], sample.mesh[b]) for a, b in zip(found, face, strict=True)]
        elif sample.landmarks68 is not None:
            self._add_landmarks(answer.mesh[found][:, rows, :2], sample.landmarks68[face], yaw)

    def _add_landmarks(self, predicted: np.ndarray, true: np.ndarray, yaw: np.ndarray | None) -> None:
        self._landmarks += landmarks68_error(predicted, true).tolist()
        self._landmark_yaw += [np.nan] * len(true) if yaw is None else yaw.tolist()

    def scores(self) -> dict[str, float]:
        pose, yaw = np.array(self._pose), np.array(self._pose_yaw)
        frontal = pose[yaw < 30] if len(pose) else pose
        return {
            "points5_nme": _mean(self.points), "points5_failure_rate": failure_rate(np.array(self.points)),
            "landmarks68_nme": _mean(self._landmarks), "pose_geodesic_deg": _mean(pose),
            "pose_below_30_deg": _mean(frontal),
        }  # fmt: skip

    def parts(self) -> dict[str, dict[str, float]]:
        parts = {}
        if self._landmarks and np.isfinite(self._landmark_yaw).all():
            parts["landmarks68_nme by yaw"] = by_yaw_bin(self._landmarks, self._landmark_yaw)
        if self._pose:
            parts["pose_geodesic_deg by yaw"] = by_yaw_bin(self._pose, self._pose_yaw)
        if self._regions:
            names = self._regions[0]
            parts["region IoU"] = {name: _mean([values[name] for values in self._regions]) for name in names}
        return parts


def _heights(boxes_xyxy: np.ndarray) -> np.ndarray:
    return boxes_xyxy[:, 3] - boxes_xyxy[:, 1]


def _surer(answer: Detections, threshold: float) -> Detections:
    keep = answer.scores >= threshold
    mesh = None if answer.mesh is None else answer.mesh[keep]
    return Detections(answer.boxes_xyxy[keep], answer.scores[keep], answer.points5[keep], mesh)


def _mean(values: Sequence[float]) -> float:
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value

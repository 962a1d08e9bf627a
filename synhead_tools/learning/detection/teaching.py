"""What a picture's faces teach each anchor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from synhead_tools.learning.detection.anchors import centres, corners
from synhead_tools.learning.detection.config import DetectionLossConfig
from synhead_tools.learning.detection.matching import IGNORED, Matches, match_pictures
from synhead_tools.learning.detection.targets import encode_boxes, encode_points


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces of one picture, on the training device; see `synhead_tools.learning.detection.scene_sample`.

    Attributes
    ----------
    boxes_xyxy : (n, 4) float32
        Of those that are to be found.
    ignored_xyxy : (m, 4) float32
        Of those that are neither found nor missed.
    points : (n, 5, 2) float32
        NaN where not known.
    mesh : (n, V, 3) float32 or None
        NaN where not known.
    """

    boxes_xyxy: Tensor
    ignored_xyxy: Tensor
    points: Tensor
    mesh: Tensor | None = None


@dataclass(frozen=True, eq=False)
class FirstHeadTargets:
    """What the first head is taught about one picture.

    Attributes
    ----------
    label : (A,) int64
        1 face, 0 background, -1 nothing.
    box_anchor, boxes : (K,) int64, (K, 4)
        Anchors that are taught a box, and that box, encoded.
    point_anchor, points : (L,) int64, (L, 5, 2)
        Anchors that are taught points and mesh, and the points, encoded; NaN where not known.
    mesh : (L, V, 3) or None
        Encoded; NaN where not known.
    """

    label: Tensor
    box_anchor: Tensor
    boxes: Tensor
    point_anchor: Tensor
    points: Tensor
    mesh: Tensor | None


@dataclass(frozen=True, eq=False)
class SecondHeadTargets:
    """What the second head is taught about one picture.

    Attributes
    ----------
    label : (A,) int64
        1 face, 0 background, -1 nothing.
    face : (A,) int64
        Face of each anchor, negative where it stands for none.
    box_anchor, boxes : (K,) int64, (K, 4)
        Anchors that are taught a box, and that box, encoded against the moved anchors.
    """

    label: Tensor
    face: Tensor
    box_anchor: Tensor
    boxes: Tensor


@torch.no_grad()
def first_head_targets(
    anchors: Tensor,
    faces: Sequence[Faces],
    config: DetectionLossConfig,
    second: Sequence[SecondHeadTargets] | None = None,
) -> list[FirstHeadTargets]:
    """Match the regular anchors (A, 4), centre and size, with the faces of each picture and encode what they stand for.

    With the second head's targets, points and mesh are also taught on anchors that stand for a face there only.
    """
    matches = match_pictures(
        corners(anchors), [of.boxes_xyxy for of in faces], config.positive_iou, config.negative_iou,
        ignored_xyxy=[of.ignored_xyxy for of in faces], force_best=config.force_best,
    )  # fmt: skip
    return [
        _first_targets(anchors, own, of, config, then)
        for own, of, then in zip(matches, faces, second or [None] * len(faces), strict=True)
    ]


@torch.no_grad()
def second_head_targets(moved: Tensor, faces: Sequence[Faces], config: DetectionLossConfig) -> list[SecondHeadTargets]:
    """The same for anchors (N, A, 4) that the first head has moved, and the second head."""
    matches = match_pictures(
        corners(moved), [of.boxes_xyxy for of in faces], config.cascade_positive_iou, config.cascade_negative_iou,
        ignored_xyxy=[of.ignored_xyxy for of in faces],
    )  # fmt: skip
    return [_second_targets(*parts) for parts in zip(moved, matches, faces, strict=True)]


def _first_targets(
    anchors: Tensor, matches: Matches, faces: Faces, config: DetectionLossConfig, second: SecondHeadTargets | None
) -> FirstHeadTargets:
    face = matches.face
    if len(faces.boxes_xyxy):
        near = (face < 0) & (matches.best_iou >= config.regression_iou)
        face = torch.where(near, matches.best_face, face)
    box_anchor = torch.nonzero(face >= 0).flatten()
    boxes = encode_boxes(centres(faces.boxes_xyxy[face[box_anchor]]), anchors[box_anchor])
    if second is not None:
        face = torch.where(face < 0, second.face, face)
    point_anchor = torch.nonzero(face >= 0).flatten()
    of, own = face[point_anchor], anchors[point_anchor]
    return FirstHeadTargets(
        label=_labels(matches.face),
        box_anchor=box_anchor,
        boxes=boxes,
        point_anchor=point_anchor,
        points=encode_points(faces.points[of], own),
        mesh=None if faces.mesh is None else encode_points(faces.mesh[of], own),
    )


def _second_targets(moved: Tensor, matches: Matches, faces: Faces) -> SecondHeadTargets:
    anchor = torch.nonzero(matches.positive).flatten()
    boxes = encode_boxes(centres(faces.boxes_xyxy[matches.face[anchor]]), moved[anchor])
    return SecondHeadTargets(_labels(matches.face), matches.face, anchor, boxes)


def _labels(face: Tensor) -> Tensor:
    return torch.where(face >= 0, 1, torch.where(face == IGNORED, -1, 0))

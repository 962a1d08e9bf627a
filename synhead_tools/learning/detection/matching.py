"""Which anchors stand for which face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

NEGATIVE, IGNORED = -1, -2
_PAIRS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class Matches:
    """What each of A anchors is matched to.

    Attributes
    ----------
    face : (A,) int64
        Number of the face, `NEGATIVE` for background, `IGNORED` for neither.
    best_face, best_iou : (A,) int64, (A,) float32
        The face of the highest IoU whatever it is, and that IoU; 0 where there is no face.
    """

    face: Tensor
    best_face: Tensor
    best_iou: Tensor

    @property
    def positive(self) -> Tensor:
        """Which anchors stand for a face, (A,) bool."""
        return self.face >= 0

    @property
    def negative(self) -> Tensor:
        """Which anchors stand for background, (A,) bool."""
        return self.face == NEGATIVE


def match_anchors(
    anchors_xyxy: Tensor,
    faces_xyxy: Tensor,
    positive_iou: float,
    negative_iou: float,
    *,
    ignored_xyxy: Tensor | None = None,
    force_best: bool = False,
) -> Matches:
    """Match anchors to faces by their overlap.

    Parameters
    ----------
    anchors_xyxy : Tensor, shape (A, 4)
        Regular anchors, or those a first head has moved.
    faces_xyxy : Tensor, shape (F, 4)
        Any number; memory stays bounded, F x A is never held.
    positive_iou, negative_iou : float
        An anchor stands for the face of its highest IoU from the first on, for background below the second, for
        nothing between. 0.7 and 0.3 for the first head, 0.5 and 0.4 for the second.
    ignored_xyxy : Tensor, shape (I, 4), optional
        Faces that are neither to be found nor background: anchors that would be background and lie in one of them by
        half of their own area or more are ignored.
    force_best : bool
        Whether the anchor of highest IoU of every face stands for it in any case, as in SSD. RetinaFace does not: then
        a face that fits no anchor by `positive_iou` is not learnt by that head. Of two faces with the same best anchor
        the one of higher IoU has it.
    """
    best_iou, best_face, best_anchor = _best_overlaps(anchors_xyxy, faces_xyxy)
    face = torch.full_like(best_face, IGNORED)
    face[best_iou < negative_iou] = NEGATIVE
    chosen = best_iou >= positive_iou if len(faces_xyxy) else torch.zeros_like(best_iou, dtype=torch.bool)
    face = torch.where(chosen, best_face, face)
    if ignored_xyxy is not None and len(ignored_xyxy):
        inside = _largest_share_inside(anchors_xyxy, ignored_xyxy) >= 0.5
        face[inside & (face == NEGATIVE)] = IGNORED
    if force_best and len(faces_xyxy):
        of_anchor = iou_matrix(anchors_xyxy[best_anchor], faces_xyxy).diagonal()
        order = torch.argsort(of_anchor)  # the highest is written last
        kept = order[of_anchor[order] > 0]
        for number in kept.tolist():  # one by one: the last write to an anchor must win on every device
            face[best_anchor[number]] = number
    return Matches(face, best_face, best_iou)


def match_pictures(
    anchors_xyxy: Tensor,
    faces_xyxy: Sequence[Tensor],
    positive_iou: float,
    negative_iou: float,
    *,
    ignored_xyxy: Sequence[Tensor],
    force_best: bool = False,
) -> list[Matches]:
    """What `match_anchors` gives for each of N pictures, computed at once where all their pairs fit into memory.

    Parameters
    ----------
    anchors_xyxy : Tensor, shape (A, 4) or (N, A, 4)
        The same for all pictures, or of each.
    faces_xyxy, ignored_xyxy : sequences of N Tensors (F, 4), (I, 4)
    positive_iou, negative_iou, force_best
        See `match_anchors`.
    """
    pictures, anchors = len(faces_xyxy), anchors_xyxy.shape[-2]
    of_each = anchors_xyxy.expand(pictures, anchors, 4)
    most = max((len(boxes) for boxes in (*faces_xyxy, *ignored_xyxy)), default=0)
    if most == 0 or pictures * anchors * most > _PAIRS_AT_ONCE:
        return [
            match_anchors(own, faces, positive_iou, negative_iou, ignored_xyxy=ignored, force_best=force_best)
            for own, faces, ignored in zip(of_each, faces_xyxy, ignored_xyxy, strict=True)
        ]
    padded, has_faces = pad_sequence(list(faces_xyxy), batch_first=True), [len(boxes) > 0 for boxes in faces_xyxy]
    face = of_each.new_full((pictures, anchors), NEGATIVE, dtype=torch.int64)
    best_face, best_iou = torch.zeros_like(face), of_each.new_zeros(pictures, anchors)
    if padded.shape[1]:  # what was padded is empty and overlaps nothing
        iou = iou_matrix(of_each, padded)
        best_iou, best_face = iou.max(dim=2)
        face[best_iou >= negative_iou] = IGNORED
        chosen = (best_iou >= positive_iou) & torch.tensor(has_faces, device=face.device)[:, None]
        face = torch.where(chosen, best_face, face)
    ignored = pad_sequence(list(ignored_xyxy), batch_first=True)
    if ignored.shape[1]:
        common = _common_areas(of_each, ignored).amax(dim=2)
        inside = common >= 0.5 * _areas(of_each).clamp_min(torch.finfo(common.dtype).tiny)
        face[inside & (face == NEGATIVE)] = IGNORED
    if force_best and padded.shape[1]:
        value, best_anchor = (part.tolist() for part in iou.max(dim=1))
        for number, own in enumerate(value):
            for of in sorted(range(len(faces_xyxy[number])), key=own.__getitem__):  # the highest is written last
                if own[of] > 0:
                    face[number, best_anchor[number][of]] = of
    return [Matches(*parts) for parts in zip(face, best_face, best_iou, strict=True)]


def iou_matrix(a_xyxy: Tensor, b_xyxy: Tensor) -> Tensor:
    """Intersection over union (..., A, B) of all pairs of boxes (..., A, 4) and (..., B, 4); 0 where both are empty."""
    common = _common_areas(a_xyxy, b_xyxy)
    union = _areas(a_xyxy)[..., None] + _areas(b_xyxy)[..., None, :] - common
    return common / union.clamp_min(torch.finfo(common.dtype).tiny)


def _best_overlaps(anchors: Tensor, faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Best IoU and face of each anchor, best anchor of each face; faces are taken a few at a time."""
    best_iou = anchors.new_zeros(len(anchors))
    best_face = torch.zeros(len(anchors), dtype=torch.int64, device=anchors.device)
    best_anchor = []
    step = max(_PAIRS_AT_ONCE // max(len(anchors), 1), 1)
    for start in range(0, len(faces), step):
        iou = iou_matrix(anchors, faces[start : start + step])
        value, index = iou.max(dim=1)
        better = value > best_iou
        best_iou = torch.where(better, value, best_iou)
        best_face = torch.where(better, index + start, best_face)
        best_anchor.append(iou.argmax(dim=0))
    return best_iou, best_face, torch.cat(best_anchor) if best_anchor else best_face[:0]


def _largest_share_inside(anchors: Tensor, boxes: Tensor) -> Tensor:
    """The largest share (A,) of each anchor's own area that lies in one of `boxes`."""
    share = anchors.new_zeros(len(anchors))
    area = _areas(anchors).clamp_min(torch.finfo(anchors.dtype).tiny)
    step = max(_PAIRS_AT_ONCE // max(len(anchors), 1), 1)
    for start in range(0, len(boxes), step):
        common = _common_areas(anchors, boxes[start : start + step]).amax(dim=1)
        share = torch.maximum(share, common / area)
    return share


def _common_areas(a: Tensor, b: Tensor) -> Tensor:
    a, b = a[..., :, None, :], b[..., None, :, :]
    width = torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])
    height = torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])
    return width.clamp_min(0) * height.clamp_min(0)


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]).clamp_min(0) * (boxes[..., 3] - boxes[..., 1]).clamp_min(0)

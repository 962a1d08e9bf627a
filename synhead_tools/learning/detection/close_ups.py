"""A second look at faces that were found: cut out so that they have the size that is measured best, then upright."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections, rotations_of_meshes
from synhead_tools.learning.detection.scene_augment import MIRRORED_POINTS
from synhead_tools.learning.detection.squares import Square

SIDE_PX, FACE_PX = 128, 72.0
"""A close-up, and the face's size in it, sqrt(width x height) of its tight box."""

LEAST_IOU = 0.4
"""Between what was found and what the close-up shows; below it, it shows something else."""

CONFIRMED = 0.35
"""Least score, averaged over all looks, 0 where one shows something else: below it there is no face. Of 167 held-out
faces all had more, of 55 boxes that are none at least 30 less."""

SAME_IOU = 0.5
"""Two that close-ups show at places which overlap by more are one face, the surer one."""

MOST = 200
"""Of one picture, the surest faces: close-ups take some 50 ms of a core each."""

_LEAST_SCORE = 0.1
_AT_ONCE = 8  # exported models weigh all that is said of a batch against each other: memory grows with its square

Look = Callable[[np.ndarray, float], list[Detections]]


def with_close_ups(found: Detections, picture: np.ndarray, look: Look, least_score: float = 0.0) -> Detections:
    """Points and meshes from close-ups; boxes and scores stay, faces that close-ups do not show are dropped.

    If they show none of all, nothing changes: then the detector may never have been taught faces of such sizes.

    A face's pixels decide what can be said of it, and one of 16 or of 400 px has few or many of them; trained mostly on
    one size, a small network says more of that. It says more of upright faces too, which most of those are that it was
    taught: a second close-up is turned by the roll of the mesh that the first one shows. The answers for both and for
    their mirror images are averaged. Of a network without a mesh there is the first alone.

    Parameters
    ----------
    found : Detections
        Of the whole picture.
    picture : array, shape (H, W, 3)
        uint8 RGB.
    look : callable
        Takes inputs (N, 128, 128, 3) and the least score, gives the faces in each.
    least_score : float
        Less sure faces get no close-up, and stay as they are.
    """
    numbers = [n for n in range(len(found)) if found.scores[n] >= least_score and _has_area(found.boxes_xyxy[n])]
    numbers = sorted(numbers, key=lambda n: -found.scores[n])[:MOST]
    if not numbers:
        return found
    points, mesh = found.points5.copy(), None if found.mesh is None else found.mesh.copy()
    stays, places = np.ones(len(found), bool), np.full((len(found), 4), np.nan)
    vertices = 0 if mesh is None else mesh.shape[1]
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        for n, told in zip(some, _close_ups(picture, found.boxes_xyxy[some], vertices, look), strict=True):
            stays[n] = told.score >= CONFIRMED
            if told.faces:
                places[n] = told.box_xyxy
                points[n] = told.mean("points5")
            if told.faces and mesh is not None:
                mesh[n] = told.mean("mesh")
    if not stays[numbers].any():
        return found
    _drop_the_same(stays, places, numbers)
    mesh = None if mesh is None else mesh[stays]
    return Detections(found.boxes_xyxy[stays], found.scores[stays], points[stays], mesh)


def close_up(box_xyxy: Sequence[float], turn_rad: float = 0.0) -> Square:
    """The square, 128 px as an input, with a box in its middle that is 72 px large there."""
    box = np.asarray(box_xyxy, float)
    scale = FACE_PX / float(np.sqrt(np.prod(box[2:] - box[:2])))
    return Square((box[:2] + box[2:]) / 2, scale, SIDE_PX, turn_rad)


@dataclass(eq=False)
class _Told:
    """What all looks at one face show.

    Attributes
    ----------
    faces : list of Detections
        One face each, in the picture's pixels; none of looks that show something else.
    box_xyxy : (4,) float64 or None
        Of the first close-up.
    score : float
        Mean over all looks.
    """

    faces: list[Detections]
    box_xyxy: np.ndarray | None = None
    score: float = 0.0

    def mean(self, name: str) -> np.ndarray:
        return np.mean([getattr(face, name)[0] for face in self.faces], axis=0)

    def upright(self, box_xyxy: np.ndarray) -> Square:
        """The close-up that is turned as the head leans."""
        x, y, _ = rotations_of_meshes(self.mean("mesh")[None])[0, :, 1]
        return close_up(box_xyxy, float(np.arctan2(-x, y)))


def _close_ups(picture: np.ndarray, boxes_xyxy: np.ndarray, vertices: int, look: Look) -> list[_Told]:
    turnable = vertices == len(load_face_mesh().mirror)
    mirrors = turnable or not vertices
    squares = [close_up(box) for box in boxes_xyxy]
    wanted = [square.boxes_to_input(box) for square, box in zip(squares, boxes_xyxy, strict=True)]
    told = [_Told(faces) for faces in _looks(picture, squares, wanted, look, mirrors)]
    seen = [(one, box) for one, box in zip(told, boxes_xyxy, strict=True) if one.faces]
    for one, _ in seen:
        one.box_xyxy = one.mean("boxes_xyxy")
    if turnable and seen:
        squares = [one.upright(box) for one, box in seen]
        # a box says less of a face that is turned than the mesh does
        wanted = [square.to_input(one.mean("mesh")) for square, (one, _) in zip(squares, seen, strict=True)]
        for (one, _), faces in zip(seen, _looks(picture, squares, wanted, look, mirrors), strict=True):
            one.faces += faces
    for one in told:
        one.score = sum(float(face.scores[0]) for face in one.faces) / ((1 + turnable) * (1 + mirrors))
    return told


def _looks(
    picture: np.ndarray, squares: Sequence[Square], wanted: Sequence[np.ndarray], look: Look, mirrors: bool
) -> list[list[Detections]]:
    """What each square and its mirror image show of the face at the box (4,) or mesh (V, 3) that is wanted there."""
    inputs = np.stack([square.cut(picture) for square in squares])
    told = [look(inputs, _LEAST_SCORE)]
    if mirrors:
        told.append([_mirrored(each) for each in look(np.ascontiguousarray(inputs[:, :, ::-1]), _LEAST_SCORE)])
    faces: list[list[Detections]] = [[] for _ in squares]
    for number, seen in ((number, one[number]) for one in told for number in range(len(squares))):
        if (face := _same_face(seen, wanted[number])) is not None:
            faces[number].append(_in_picture(face, squares[number]))
    return faces


def _drop_the_same(stays: np.ndarray, places_xyxy: np.ndarray, numbers: Sequence[int]) -> None:
    """Of faces that turn out to be one, only the surest stays; `numbers` are in the order of their scores."""
    kept: list[int] = []
    for n in numbers:
        if not stays[n]:
            continue
        stays[n] = not kept or box_iou(places_xyxy[kept], places_xyxy[n]).max() <= SAME_IOU
        if stays[n]:
            kept.append(n)


def _has_area(box: np.ndarray) -> bool:
    return bool(np.isfinite(box).all() and (box[2:] - box[:2] >= 1e-3).all())


def _same_face(seen: Detections, wanted: np.ndarray) -> Detections | None:
    """The face that overlaps most with a box (4,), or whose mesh does with a mesh (V, 3)."""
    if not len(seen):
        return None
    if wanted.ndim == 1:
        overlap = box_iou(seen.boxes_xyxy, wanted[None])
    else:
        overlap = box_iou(_around(seen.mesh), _around(wanted[None]))
    best = int(overlap.argmax())
    return _one(seen, best) if overlap[best] >= LEAST_IOU else None


def _around(mesh: np.ndarray) -> np.ndarray:
    return np.concatenate([mesh[..., :2].min(axis=1), mesh[..., :2].max(axis=1)], axis=1)


def _one(seen: Detections, number: int) -> Detections:
    row = slice(number, number + 1)
    mesh = None if seen.mesh is None else seen.mesh[row]
    return Detections(seen.boxes_xyxy[row], seen.scores[row], seen.points5[row], mesh)


def _in_picture(face: Detections, square: Square) -> Detections:
    mesh = None if face.mesh is None else square.to_picture(face.mesh)
    boxes = square.boxes_to_picture(face.boxes_xyxy)
    return Detections(boxes, face.scores, square.to_picture(face.points5), mesh)


def _mirrored(seen: Detections) -> Detections:
    """What was found in the mirror image of a close-up, in the close-up."""
    boxes, points = seen.boxes_xyxy.copy(), seen.points5[:, MIRRORED_POINTS]
    boxes[:, [0, 2]] = SIDE_PX - boxes[:, [2, 0]]
    points[..., 0] = SIDE_PX - points[..., 0]
    mesh = seen.mesh
    if mesh is not None:
        mesh = mesh[:, load_face_mesh().mirror]
        mesh[..., 0] = SIDE_PX - mesh[..., 0]
    return Detections(boxes, seen.scores, points, mesh)

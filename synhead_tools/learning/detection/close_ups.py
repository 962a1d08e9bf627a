"""A second look at faces that were found: cut out so that they have the size that is measured best, then upright."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections, rotations_of_meshes
from synhead_tools.learning.detection.scene_augment import MIRRORED_POINTS
from synhead_tools.learning.detection.squares import Square, boxes_around

SIDE_PX, FACE_PX = 128, 72.0
"""A close-up, and the face's size in it, sqrt(width x height) of its tight box."""

LEAST_IOU = 0.4
"""Between what was found and what the close-up shows; below it, it shows something else."""

CONFIRMED = 0.35
"""Least score, averaged over all looks, 0 where one shows something else: below it there is no face. In scenes with
people whom it has never seen, 560 of 561 faces had more, and 71 of 134 boxes that are none had less."""

SAME_IOU = 0.5
"""Two that close-ups show at places which overlap by more are one face."""

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
    their mirror images are averaged. Without a mesh there is the first alone, and of a mesh of another topology no
    mirror image either.

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
    turns = mesh is not None and mesh.shape[1] == len(load_face_mesh().mirror)
    mirrors = turns or mesh is None
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        told = _close_ups(picture, found.boxes_xyxy[some], turns, mirrors, look)
        for n, first, second in zip(some, *told, strict=True):
            faces = first + second
            stays[n] = sum(face.scores[0] for face in faces) >= CONFIRMED * (1 + turns) * (1 + mirrors)
            if faces:
                places[n] = np.mean([face.boxes_xyxy[0] for face in first], axis=0)
                points[n] = np.mean([face.points5[0] for face in faces], axis=0)
            if faces and mesh is not None:
                mesh[n] = _mean_mesh(faces)
    if not stays[numbers].any():
        return found
    _drop_the_same(stays, places, found, numbers)
    mesh = None if mesh is None else mesh[stays]
    return Detections(found.boxes_xyxy[stays], found.scores[stays], points[stays], mesh)


def close_up(box_xyxy: Sequence[float], turn_rad: float = 0.0) -> Square:
    """The square, 128 px as an input, with a box in its middle, 72 px large there if the square is not turned."""
    box = np.asarray(box_xyxy, float)
    scale = FACE_PX / float(np.sqrt(np.prod(box[2:] - box[:2])))
    return Square((box[:2] + box[2:]) / 2, scale, SIDE_PX, turn_rad)


def _close_ups(
    picture: np.ndarray, boxes_xyxy: np.ndarray, turns: bool, mirrors: bool, look: Look
) -> tuple[list[list[Detections]], list[list[Detections]]]:
    """What first and second close-ups of each box show, as `_looks` has it."""
    squares = [close_up(box) for box in boxes_xyxy]
    wanted = [square.boxes_to_input(box) for square, box in zip(squares, boxes_xyxy, strict=True)]
    first = _looks(picture, squares, wanted, False, mirrors, look)
    second: list[list[Detections]] = [[] for _ in first]
    seen = [number for number, faces in enumerate(first) if faces] if turns else []
    if seen:
        meshes = np.stack([_mean_mesh(first[number]) for number in seen])
        up = rotations_of_meshes(meshes)[:, :, 1]
        squares = [close_up(boxes_xyxy[n], float(np.arctan2(-x, y))) for n, (x, y, _) in zip(seen, up, strict=True)]
        wanted = [boxes_around(square.to_input(mesh)) for square, mesh in zip(squares, meshes, strict=True)]
        for number, faces in zip(seen, _looks(picture, squares, wanted, True, mirrors, look), strict=True):
            second[number] = faces
    return first, second


def _looks(
    picture: np.ndarray, squares: Sequence[Square], wanted: Sequence[np.ndarray], by_mesh: bool, mirrors: bool,
    look: Look,
) -> list[list[Detections]]:  # fmt: skip
    """What each square and its mirror image show of the face that is wanted: one face each, or none.

    Faces are in the picture's pixels. The one whose box overlaps most with that of `wanted`, in the square's pixels, or
    `by_mesh` the one whose mesh does: of a face that is turned, and of one that is cut by the picture's edge, the mesh
    says more than the box.
    """
    inputs = np.stack([square.cut(picture) for square in squares])
    told = [look(inputs, _LEAST_SCORE)]
    if mirrors:
        told.append([_mirrored(each) for each in look(np.ascontiguousarray(inputs[:, :, ::-1]), _LEAST_SCORE)])
    faces: list[list[Detections]] = [[] for _ in squares]
    for answers in told:
        for of, seen, box, square in zip(faces, answers, wanted, squares, strict=True):
            number = _same_face(boxes_around(seen.mesh) if by_mesh else seen.boxes_xyxy, box)
            if number is not None:
                of.append(_in_picture(seen, number, square))
    return faces


def _drop_the_same(stays: np.ndarray, places_xyxy: np.ndarray, found: Detections, numbers: Sequence[int]) -> None:
    """Of faces that turn out to be one, only the surest stays whose box is where close-ups show the face."""
    told = [n for n in numbers if stays[n]]
    fits = found.scores[told] * box_iou(found.boxes_xyxy[told], places_xyxy[told])
    kept: list[int] = []
    for n in (told[k] for k in np.argsort(-fits, kind="stable")):
        stays[n] = not kept or box_iou(places_xyxy[kept], places_xyxy[n]).max() <= SAME_IOU
        if stays[n]:
            kept.append(n)


def _has_area(box: np.ndarray) -> bool:
    return bool(np.isfinite(box).all() and (box[2:] - box[:2] >= 1e-3).all())


def _same_face(boxes_xyxy: np.ndarray, wanted_xyxy: np.ndarray) -> int | None:
    if not len(boxes_xyxy):
        return None
    overlap = box_iou(boxes_xyxy, wanted_xyxy[None])
    best = int(overlap.argmax())
    return best if overlap[best] >= LEAST_IOU else None


def _mean_mesh(faces: Sequence[Detections]) -> np.ndarray:
    return np.mean([face.mesh[0] for face in faces], axis=0)


def _in_picture(seen: Detections, number: int, square: Square) -> Detections:
    one = slice(number, number + 1)
    mesh = None if seen.mesh is None else square.to_picture(seen.mesh[one])
    boxes = square.boxes_to_picture(seen.boxes_xyxy[one])
    return Detections(boxes, seen.scores[one], square.to_picture(seen.points5[one]), mesh)


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

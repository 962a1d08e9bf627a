"""A second look at faces that were found, each cut out so that it has the sizes that are measured best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.letterbox import FILL, Letterbox
from synhead_tools.learning.detection.scene_augment import MIRRORED_POINTS

SIDE_PX, FACES_PX = 128, (60.0, 84.0)
"""A close-up, and the face's sizes in it, sqrt(width x height) of its tight box: one for each of two close-ups."""

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
    one size, a small network says more of that. The answers for two close-ups and their mirror images are averaged.

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
    mirrors = found.mesh is None or found.mesh.shape[1] == len(load_face_mesh().mirror)
    numbers = [n for n in range(len(found)) if found.scores[n] >= least_score and _has_area(found.boxes_xyxy[n])]
    numbers = sorted(numbers, key=lambda n: -found.scores[n])[:MOST]
    if not numbers:
        return found
    points, mesh = found.points5.copy(), None if found.mesh is None else found.mesh.copy()
    stays, places = np.ones(len(found), bool), np.full((len(found), 4), np.nan)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        shown: dict[int, list[Detections]] = {n: [] for n in some}
        for face_px in FACES_PX:
            cut = [close_up(picture, found.boxes_xyxy[n], face_px) for n in some]
            inputs = np.stack([canvas for canvas, _ in cut])
            told = [look(inputs, _LEAST_SCORE)]
            if mirrors:
                told.append([_mirrored(each) for each in look(np.ascontiguousarray(inputs[:, :, ::-1]), _LEAST_SCORE)])
            for n, (_, place), *seen in zip(some, cut, *told, strict=True):
                faces = (_same_face(each, place, found.boxes_xyxy[n]) for each in seen)
                shown[n] += [face for face in faces if face is not None]
        looks = len(FACES_PX) * (2 if mirrors else 1)
        for n, faces in shown.items():
            stays[n] = sum(float(face.scores[0]) for face in faces) / looks >= CONFIRMED
            if faces:
                places[n] = np.mean([face.boxes_xyxy[0] for face in faces], axis=0)
                points[n] = np.mean([face.points5[0] for face in faces], axis=0)
            if faces and mesh is not None:
                mesh[n] = np.mean([face.mesh[0] for face in faces], axis=0)
    if not stays[numbers].any():
        return found
    _drop_the_same(stays, places, numbers)
    mesh = None if mesh is None else mesh[stays]
    return Detections(found.boxes_xyxy[stays], found.scores[stays], points[stays], mesh)


def _drop_the_same(stays: np.ndarray, places_xyxy: np.ndarray, numbers: Sequence[int]) -> None:
    """Of faces that turn out to be one, only the surest stays; `numbers` are in the order of their scores."""
    kept: list[int] = []
    for n in numbers:
        if not stays[n]:
            continue
        stays[n] = not kept or box_iou(places_xyxy[kept], places_xyxy[n]).max() <= SAME_IOU
        if stays[n]:
            kept.append(n)


def close_up(
    picture: np.ndarray, box_xyxy: Sequence[float], face_px: float = FACES_PX[0]
) -> tuple[np.ndarray, Letterbox]:
    """The square (128, 128, 3) with a box in its middle, `face_px` large; what is beyond the picture is plain."""
    box = np.asarray(box_xyxy, float)
    height, width = picture.shape[:2]
    scale = face_px / float(np.sqrt(np.prod(box[2:] - box[:2])))
    left, top = (box[:2] + box[2:]) / 2 - SIDE_PX / scale / 2
    canvas = np.empty((SIDE_PX, SIDE_PX, 3), np.uint8)
    canvas[:] = FILL
    # whole pixels of the close-up that lie within the picture
    (x0, x1), (y0, y1) = (_within(low, length, scale) for low, length in ((left, width), (top, height)))
    if x1 > x0 and y1 > y0:
        part = np.array([left + x0 / scale, top + y0 / scale, left + x1 / scale, top + y1 / scale])
        part = np.clip(part, 0, (width, height, width, height))  # sums that round up
        # only what is needed of a picture that may have many million pixels
        (first_x, first_y), (last_x, last_y) = np.floor(part[:2]).astype(int), np.ceil(part[2:]).astype(int)
        own = Image.fromarray(np.ascontiguousarray(picture[first_y:last_y, first_x:last_x]))
        place = tuple(part - np.tile([first_x, first_y], 2))
        seen = own.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=place)
        canvas[y0:y1, x0:x1] = np.asarray(seen)
    return canvas, Letterbox(scale, -left * scale, -top * scale)


def _within(low: float, length: int, scale: float) -> tuple[int, int]:
    first = int(np.ceil(max(-low, 0.0) * scale - 1e-6))
    last = int(np.floor((length - low) * scale + 1e-6))
    return min(first, SIDE_PX), max(min(last, SIDE_PX), 0)


def _has_area(box: np.ndarray) -> bool:
    return bool(np.isfinite(box).all() and (box[2:] - box[:2] >= 1e-3).all())


def _same_face(seen: Detections, place: Letterbox, box: np.ndarray) -> Detections | None:
    if not len(seen):
        return None
    overlap = box_iou(place.boxes_to_picture(seen.boxes_xyxy), box[None])
    best = int(overlap.argmax())
    if overlap[best] < LEAST_IOU:
        return None
    one = slice(best, best + 1)
    mesh = None if seen.mesh is None else place.to_picture(seen.mesh[one])
    boxes = place.boxes_to_picture(seen.boxes_xyxy[one])
    return Detections(boxes, seen.scores[one], place.to_picture(seen.points5[one]), mesh)


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

"""What everything that finds faces does alike: fitting pictures into inputs, batching, and taking answers back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.learning.detection.biwi_boxes import biwi_boxes
from synhead_tools.learning.detection.close_ups import with_close_ups
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.letterbox import Letterbox, letterbox
from synhead_tools.learning.detection.voting import VOTE_IOU

FILLED_BORDER = 0.5
"""Room around a picture, over its longer side, that makes a face that fills it half as large as the input."""

LEAST_CONTRAST = 24
"""Grey levels between the darkest and the brightest value of a picture in which a face may be: a covered lens shows
none, but networks have been seen to find one in black pictures."""

_BATCH_PIXELS = 4 << 20
"""Of inputs that go through together; memory grows with them."""

LONGEST_PX, SCORE_THRESHOLD, NMS_IOU = 512, 0.5, 0.3
"""512 px: of 320, 448, 512 and 640 the bundled detector finds most in rendered scenes so."""


class FaceDetector(ABC):
    """Finds faces in pictures of any size.

    Raises
    ------
    TrainingError
        From `detect`: a picture is none, or a setting is outside its range.
    """

    @abstractmethod
    def answer(self, inputs: np.ndarray, score_threshold: float, nms_iou: float, vote_iou: float) -> list[Detections]:
        """Faces in each of N inputs (N, H, W, 3) uint8 RGB, sides multiples of 64, in their px."""

    def detect(
        self,
        images: Sequence[np.ndarray],
        *,
        longest_px: int | None = LONGEST_PX,
        score_threshold: float = SCORE_THRESHOLD,
        nms_iou: float = NMS_IOU,
        vote_iou: float = VOTE_IOU,
        border: float = 0.0,
        second_border: float | None = None,
        close_up_score: float | None = 0.0,
        batch_size: int = 8,
    ) -> list[Detections]:
        """Faces in each picture, in its own pixels.

        Parameters
        ----------
        images : sequence of arrays, shape (H, W, 3)
            uint8 RGB, any sizes.
        longest_px : int or None
            Longer side that pictures are scaled to, border included, up as well as down; None keeps their sizes. It
            decides which faces are found: anchors are 16 to 406 px wide.
        score_threshold, nms_iou, vote_iou : float
            See `synhead_tools.learning.detection.decode.decode`. Boxes vote on each other from the larger of the two
            overlaps on, so that no face that stays has a vote on another.
        border : float
            Room around the picture, for faces that fill it: see `synhead_tools.learning.detection.letterbox.letterbox`.
        second_border : float, optional
            Pictures in which nothing was found are looked at once more with this border.
        close_up_score : float, optional
            Faces of at least this score are looked at twice more, in close-ups, the second time upright
            (`synhead_tools.learning.detection.close_ups`); None for no close-ups.
        batch_size : int
            Pictures of equal input size that go through the network together; of large ones fewer.

        Returns
        -------
        list of Detections
            One for each picture, with no faces where nothing was found, or nothing can be seen (`LEAST_CONTRAST`).
        """
        if longest_px is not None and not 16 <= longest_px <= 16384:
            raise TrainingError(f"longest_px = {longest_px} must be between 16 and 16384")
        for name, value, high in (
            ("score_threshold", score_threshold, 1),
            ("nms_iou", nms_iou, 1),
            ("vote_iou", vote_iou, 1),
            ("border", border, 4),
            ("second_border", second_border or 0.0, 4),
            ("close_up_score", close_up_score or 0.0, 1),
        ):
            if not 0 <= value <= high:
                raise TrainingError(f"{name} = {value} must be between 0 and {high}")
        # what stays side by side is no other's to vote on
        vote_iou = max(vote_iou, nms_iou)
        limits = (score_threshold, nms_iou, vote_iou)
        found = self._look(images, range(len(images)), longest_px, border, limits, batch_size)
        if second_border is not None:
            empty = [number for number in range(len(images)) if not len(found[number])]
            found |= self._look(images, empty, longest_px, second_border, limits, batch_size)
        answers = [_seen(found[number], image) for number, image in enumerate(images)]
        if close_up_score is None:
            return answers
        return self.close_ups(answers, images, close_up_score, nms_iou=nms_iou, vote_iou=vote_iou)

    def close_ups(
        self, found: Sequence[Detections], images: Sequence[np.ndarray], least_score: float = 0.0, *,
        nms_iou: float = NMS_IOU, vote_iou: float = VOTE_IOU,
    ) -> list[Detections]:  # fmt: skip
        """What was found in each picture, faces of at least `least_score` with points and meshes from close-ups."""

        def look(inputs: np.ndarray, score_threshold: float) -> list[Detections]:
            return self.answer(inputs, score_threshold, nms_iou, vote_iou)

        return [with_close_ups(each, image, look, least_score) for each, image in zip(found, images, strict=True)]

    def find_faces(self, image: np.ndarray, close_ups: bool = True) -> np.ndarray:
        """Square boxes (N, 4) xyxy, px, for estimators, of the faces in a picture (H, W, 3) uint8 RGB, surest first.

        They are those of `synhead_tools.learning.detection.biwi_boxes`. A picture in which nothing is found is looked
        at once more with a border, in case a face fills it. Without `close_ups` meshes, and so boxes, are those of the
        first look.
        """
        found = self.detect([image], second_border=FILLED_BORDER, close_up_score=None)
        if close_ups and found[0].mesh is not None:  # else the boxes are all that counts, and close-ups leave them
            found = self.close_ups(found, [image])
        return biwi_boxes(found[0])

    def _look(
        self, images: Sequence[np.ndarray], numbers: Sequence[int], longest_px: int | None, border: float,
        limits: tuple[float, float, float], batch_size: int,
    ) -> dict[int, Detections]:  # fmt: skip
        """Answers by the numbers of pictures."""
        found: dict[int, Detections] = {}
        waiting: dict[tuple[int, ...], list[tuple[int, np.ndarray, Letterbox]]] = {}
        for number in numbers:
            canvas, place = letterbox(images[number], longest_px, border)
            group = waiting.setdefault(canvas.shape, [])
            group.append((number, canvas, place))
            if len(group) == batch_size or len(group) * canvas.size >= 3 * _BATCH_PIXELS:
                found |= self._answer_group(waiting.pop(canvas.shape), limits)
        for group in waiting.values():
            found |= self._answer_group(group, limits)
        return found

    def _answer_group(
        self, group: list[tuple[int, np.ndarray, Letterbox]], limits: tuple[float, float, float]
    ) -> dict[int, Detections]:
        answers = self.answer(np.stack([canvas for _, canvas, _ in group]), *limits)
        return {
            number: Detections(
                place.boxes_to_picture(answer.boxes_xyxy), answer.scores, place.to_picture(answer.points5),
                None if answer.mesh is None else place.to_picture(answer.mesh),
            )
            for (number, _, place), answer in zip(group, answers, strict=True)
        }  # fmt: skip


def _seen(found: Detections, image: np.ndarray) -> Detections:
    """What was found and is made of numbers, or nothing where the picture is all but one colour."""
    told = [part for part in (found.boxes_xyxy, found.points5, found.mesh) if part is not None]
    keep = np.all([np.isfinite(part).all(axis=tuple(range(1, part.ndim))) for part in told], axis=0)
    if len(found) and np.ptp(image) < LEAST_CONTRAST:
        keep = np.zeros(len(found), bool)
    if keep.all():
        return found
    mesh = None if found.mesh is None else found.mesh[keep]
    return Detections(found.boxes_xyxy[keep], found.scores[keep], found.points5[keep], mesh)

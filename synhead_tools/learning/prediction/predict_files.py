"""From files to answers: pictures are read one at a time, their faces answered batch by batch, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import torch
from PIL import Image

from synhead_tools.errors import CheckpointError, LabelFormatError, PictureError
from synhead_tools.geometry.projection import scale_intrinsics
from synhead_tools.learning.pictures.crops import LARGEST_BOX_PX
from synhead_tools.learning.pictures.data import DomainCrops
from synhead_tools.learning.pose_estimator import PoseEstimator
from synhead_tools.learning.prediction.answer_files import AnswerWriter
from synhead_tools.learning.prediction.answers import CAMERA, CROP_RAY, Answer
from synhead_tools.learning.prediction.camera_choice import UNKNOWN_CAMERA, CameraChoice
from synhead_tools.learning.prediction.drawn_output import DrawnOutput
from synhead_tools.learning.prediction.face_boxes import FaceBoxes
from synhead_tools.learning.prediction.input_list import InputFile
from synhead_tools.learning.prediction.picture_file import read_picture
from synhead_tools.learning.prediction.pose_drawing import draw_answers
from synhead_tools.learning.prediction.video_file import open_video

_KEPT_BYTES = 192 << 20
"""Pictures that wait to be drawn upon, all together."""
_KEPT_PICTURES = 1024
_LARGE_CROP_PX = 4096


@dataclass
class PredictionCounts:
    """What there was.

    Attributes
    ----------
    pictures : int
        Pictures and frames that were looked at.
    faces, without_face : int
        Answers; pictures and frames without any.
    failed : list of str
        For each input that could not be used, or not to its end, why; at most `KEPT_FAILURES` of them.
    n_failed : int
        How many those are.
    missed : list
        Pictures without any face, by name, frames of videos as name and number; at most `KEPT_MISSED`.
    """

    pictures: int = 0
    faces: int = 0
    without_face: int = 0
    failed: list[str] = field(default_factory=list)
    n_failed: int = 0
    missed: list[str | tuple[str, int]] = field(default_factory=list)

    def summary(self) -> dict[str, int]:
        """The numbers alone."""
        return {
            "pictures": self.pictures, "faces": self.faces, "without_face": self.without_face,
            "passed_over": self.n_failed,
        }  # fmt: skip

    def note_missed(self, name: str, frame_number: int | None) -> None:
        """Count a picture without any face."""
        self.without_face += 1
        if len(self.missed) < KEPT_MISSED:
            self.missed.append(name if frame_number is None else (name, frame_number))


KEPT_FAILURES, KEPT_MISSED = 100, 1000


@dataclass(eq=False)
class _Waiting:
    """A picture whose faces have been cut out and not been answered yet."""

    source: InputFile
    boxes: np.ndarray
    crops: DomainCrops | None
    picture: np.ndarray | None
    intrinsics: np.ndarray | None
    frame_number: int | None
    time_s: float | None
    rate: Fraction | None


class FilePredictor:
    """Answers for every face in picture and video files; memory does not grow with their number.

    Parameters
    ----------
    estimator : PoseEstimator
        Gives the rotations.
    boxes : FaceBoxes
        Says where faces are.
    writer : AnswerWriter
        Takes the answers.
    camera : CameraChoice
        Of the pictures, where it is known.
    drawn : DrawnOutput, optional
        Takes the pictures with the poses drawn on them.
    drawing : str
        How: of `synhead_tools.learning.prediction.pose_drawing.DRAWINGS`.
    batch_size : int
        Faces per pass.
    every : int
        Take every so many frames of a video.
    flip_average : bool
        Answer midway between a picture's and its mirror image's answers.
    """

    def __init__(
        self, estimator: PoseEstimator, boxes: FaceBoxes, writer: AnswerWriter, *,
        camera: CameraChoice = UNKNOWN_CAMERA, drawn: DrawnOutput | None = None, drawing: str = "axes",
        batch_size: int = 64, every: int = 1, flip_average: bool = False,
    ) -> None:  # fmt: skip
        self._estimator, self._boxes, self._writer = estimator, boxes, writer
        self._camera, self._drawn, self._drawing = camera, drawn, drawing
        self._batch_size, self._every, self._flip_average = batch_size, every, flip_average
        self._waiting: list[_Waiting] = []
        self._waiting_faces = self._waiting_bytes = 0
        self.counts = PredictionCounts()
        self.rotation_frame = rotation_frame(estimator, camera)

    def run(
        self, inputs: Iterable[InputFile], total: int, *, skipped: Callable[[str], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> PredictionCounts:  # fmt: skip
        """Go through `inputs`, of which there are `total`.

        Parameters
        ----------
        inputs : iterable of InputFile
            In the order of the answers.
        total : int
            For the progress; a single input that cannot be used at all ends the run.
        skipped : callable, optional
            Told of each input that could not be used, in one line.
        progress : callable, optional
            Called with pictures and frames (done, to do in all, as far as known).

        Raises
        ------
        PictureError, LabelFormatError
            The only input cannot be used, or none of them can.
        """
        done, ahead = 0, total
        for file in inputs:
            try:
                for extra in self._look_at(file):
                    ahead, done = ahead + extra, done + 1
                    if progress is not None:
                        progress(done, max(ahead, done))
            except (PictureError, LabelFormatError) as error:
                if total == 1 and not self.counts.pictures:
                    raise
                self._note_failure(str(error), skipped)
        self._answer()
        if not self.counts.pictures and self.counts.n_failed:
            raise PictureError(f"none of the {total} inputs can be used; of the first: {self.counts.failed[0]}")
        return self.counts

    def _note_failure(self, reason: str, skipped: Callable[[str], None] | None) -> None:
        self.counts.n_failed += 1
        if len(self.counts.failed) < KEPT_FAILURES:
            self.counts.failed.append(reason)
        if skipped is not None:
            skipped(reason)

    def _look_at(self, file: InputFile) -> Iterator[int]:
        """Take the pictures of a file, giving after each by how many more than known there are to come."""
        if not file.is_video:
            self._take(file, read_picture(file.path))
            yield 0
            return
        with open_video(file.path) as video:
            extra = 0 if video.frames is None else -(-video.frames // self._every) - 1
            for frame in video.read(self._every):
                self._take(file, frame.picture, frame.number, frame.time_s, video.rate / self._every)
                yield extra
                extra = 0

    def _take(
        self, file: InputFile, picture: np.ndarray, frame_number: int | None = None, time_s: float | None = None,
        rate: Fraction | None = None,
    ) -> None:  # fmt: skip
        height, width = picture.shape[:2]
        boxes = self._boxes.find(picture, file.path, frame_number)
        intrinsics = self._camera.intrinsics(width, height)
        crops = _merged([self._crop(picture, box, intrinsics) for box in boxes]) if len(boxes) else None
        kept = picture if self._drawn is not None else None
        self._waiting.append(_Waiting(file, boxes, crops, kept, intrinsics, frame_number, time_s, rate))
        self.counts.pictures += 1
        if not len(boxes):
            self.counts.note_missed(str(file.path), frame_number)
        self._waiting_faces += len(boxes)
        self._waiting_bytes += 0 if kept is None else kept.nbytes
        full = self._waiting_faces >= self._batch_size or self._waiting_bytes >= _KEPT_BYTES
        if full or len(self._waiting) >= _KEPT_PICTURES:
            self._answer()

    def _crop(self, picture: np.ndarray, box_xyxy: np.ndarray, intrinsics: np.ndarray | None) -> DomainCrops:
        """The crop of one face; what is many times larger than any crop is made smaller first, in whole steps."""
        side = float((box_xyxy[2:] - box_xyxy[:2]).max()) * self._estimator.crop_margin
        step = int(side // (_LARGE_CROP_PX // 2)) if side > _LARGE_CROP_PX else 1
        step = max(step, int(np.ceil(np.abs(box_xyxy).max() / LARGEST_BOX_PX)))
        if step > 1:
            picture = np.asarray(Image.fromarray(picture).reduce(step))
            box_xyxy = box_xyxy / step
            intrinsics = None if intrinsics is None else scale_intrinsics(intrinsics, 1 / step)
        return self._estimator.crop_pictures([picture], box_xyxy[None], intrinsics=intrinsics)

    def _answer(self) -> None:
        """Answer for all faces that wait, in order."""
        waiting, self._waiting = self._waiting, []
        self._waiting_faces = self._waiting_bytes = 0
        rotmat = self._rotations([item.crops for item in waiting if item.crops is not None])
        answers, place = [], 0
        for item in waiting:
            name = str(item.source.path)
            own = [
                Answer(name, item.frame_number, item.time_s, face, box, rotmat[place + face], self.rotation_frame)
                for face, box in enumerate(item.boxes)
            ]
            place += len(own)
            answers += own
            if self._drawn is not None:
                drawn = draw_answers(item.picture, own, item.intrinsics, self._drawing)
                self._drawn.add(item.source, drawn, item.time_s, item.rate)
        self._writer.write(answers)
        self.counts.faces += len(answers)

    def _rotations(self, crops: list[DomainCrops]) -> np.ndarray:
        if not crops:
            return np.empty((0, 3, 3))
        merged, parts = _merged(crops), []
        for start in range(0, len(merged), self._batch_size):  # one picture may show many faces
            rows = slice(start, start + self._batch_size)
            rays = None if merged.ray_rotmat is None else merged.ray_rotmat[rows]
            part = DomainCrops(merged.pictures[rows], rays, merged.description)
            parts.append(self._estimator.predict(part, flip_average=self._flip_average))
        rotmat = np.concatenate(parts)
        if not np.isfinite(rotmat).all():
            raise CheckpointError("the model answers with what are no numbers; its weights are damaged")
        return rotmat


def rotation_frame(estimator: PoseEstimator, camera: CameraChoice) -> str:
    """What answers are against: the camera frame, unless they would need intrinsics that nobody gave."""
    return CAMERA if camera.is_known or not estimator.ray_frame else CROP_RAY


def _merged(crops: list[DomainCrops]) -> DomainCrops:
    if len(crops) == 1:
        return crops[0]
    rays = [part.ray_rotmat for part in crops]
    known = None if any(part is None for part in rays) else np.concatenate(rays)
    return DomainCrops(torch.cat([part.pictures for part in crops]), known, crops[0].description)

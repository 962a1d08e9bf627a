"""Finding faces in picture files, folders and videos; memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from synhead_tools.errors import PictureError
from synhead_tools.learning.detection.detection_files import DetectionFile, FoundIn
from synhead_tools.learning.detection.drawing import draw_detections
from synhead_tools.learning.detection.face_detector import LONGEST_PX, FaceDetector
from synhead_tools.learning.detection.letterbox import check_input_size
from synhead_tools.learning.prediction.camera_choice import UNKNOWN_CAMERA, CameraChoice
from synhead_tools.learning.prediction.drawn_output import DrawnOutput
from synhead_tools.learning.prediction.input_list import InputFile
from synhead_tools.learning.prediction.picture_file import read_picture
from synhead_tools.learning.prediction.video_file import open_video

_BATCH_PIXELS = 64 << 20


@dataclass
class DetectionCounts:
    """What there was: pictures and frames looked at, faces found, pictures without any, inputs that failed."""

    pictures: int = 0
    faces: int = 0
    without_face: int = 0
    failed: int = 0


@dataclass(frozen=True, eq=False)
class _Look:
    file: InputFile
    picture: np.ndarray
    frame: int | None = None
    time_s: float | None = None
    rate: Fraction | None = None


def detect_files(
    detector: FaceDetector,
    inputs: Iterable[InputFile],
    total: int,
    writer: DetectionFile,
    *,
    camera: CameraChoice = UNKNOWN_CAMERA,
    drawn: DrawnOutput | None = None,
    every: int = 1,
    batch_size: int = 8,
    skipped: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: float | int | None,
) -> DetectionCounts:
    """Find faces in `inputs`, of which there are `total`.

    Parameters
    ----------
    detector : FaceDetector
    inputs : iterable of InputFile
        In the order of the answers.
    total : int
        A single input of which nothing can be used ends the run; else what is left of it is passed over.
    writer : DetectionFile
        Takes the answers, also for pictures without faces.
    camera : CameraChoice
        Of the pictures, where it is known.
    drawn : DrawnOutput, optional
        Takes a copy of each picture and frame with what was found.
    every : int
        Take every so many frames of a video.
    batch_size : int
    skipped : callable, optional
        Told of each input that could not be used, in one line.
    progress : callable, optional
        Called with pictures and frames (done, to do in all, as far as known).
    **options
        Of `FaceDetector.detect`.

    Raises
    ------
    PictureError
        The only input cannot be used, or none of them can.
    """
    counts, waiting, reason = DetectionCounts(), [], ""

    def answer() -> None:
        answers = detector.detect([look.picture for look in waiting], batch_size=batch_size, **options)
        for look, found in zip(waiting, answers, strict=True):
            height, width = look.picture.shape[:2]
            intrinsics = camera.intrinsics(width, height)
            writer.add(FoundIn(str(look.file.path), look.frame, look.time_s, width, height, found, intrinsics))
            if drawn is not None:
                drawn.add(look.file, draw_detections(look.picture, found), look.time_s, look.rate)
            counts.pictures += 1
            counts.faces += len(found)
            counts.without_face += not len(found)
            if progress is not None:
                progress(counts.pictures, max(counts.pictures, total))
        waiting.clear()

    for file in inputs:
        try:
            for look in _looks(file, every):
                _check_size(look, **options)
                waiting.append(look)
                if len(waiting) >= batch_size or sum(of.picture.size for of in waiting) > 3 * _BATCH_PIXELS:
                    answer()
        except PictureError as error:
            if total == 1 and not counts.pictures and not waiting:
                raise
            reason, counts.failed = reason or str(error), counts.failed + 1
            if skipped is not None:
                skipped(str(error))
    answer()
    if not counts.pictures and counts.failed:
        raise PictureError(f"none of the {total} inputs can be used; of the first: {reason}")
    return counts


def _looks(file: InputFile, every: int) -> Iterator[_Look]:
    if not file.is_video:
        yield _Look(file, read_picture(file.path))
        return
    with open_video(file.path) as video:
        for frame in video.read(every):
            yield _Look(file, frame.picture, frame.number, frame.time_s, video.rate / every)


def _check_size(look: _Look, longest_px: int | None = LONGEST_PX, **options: float | None) -> None:
    """Raise PictureError for a picture that is too large for the network as it is to be looked at."""
    for name in ("border", "second_border"):
        try:
            check_input_size(*look.picture.shape[:2], longest_px, options.get(name) or 0.0)
        except PictureError as error:
            raise PictureError(f"{look.file.path}: {error}") from None

"""The whole of a prediction: from paths to a file of answers and drawn copies, all of it there or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.learning.pose_estimator import PoseEstimator
from synhead_tools.learning.prediction.answer_files import writer_of
from synhead_tools.learning.prediction.answers import AnswerStyle
from synhead_tools.learning.prediction.box_table import BoxTable
from synhead_tools.learning.prediction.camera_choice import UNKNOWN_CAMERA, CameraChoice
from synhead_tools.learning.prediction.drawn_output import drawn_output, refuse_input, refuse_one_place
from synhead_tools.learning.prediction.face_boxes import FaceBoxes
from synhead_tools.learning.prediction.input_list import count_inputs, list_inputs
from synhead_tools.learning.prediction.predict_files import FilePredictor, PredictionCounts, rotation_frame


@dataclass(frozen=True)
class PredictionOptions:
    """How files are looked at.

    Attributes
    ----------
    camera : CameraChoice
        Of the pictures, where it is known.
    batch_size : int
        Faces per pass.
    every : int
        Take every so many frames of a video.
    flip_average : bool
        Answer midway between a picture's and its mirror image's answers.
    """

    camera: CameraChoice = UNKNOWN_CAMERA
    batch_size: int = 64
    every: int = 1
    flip_average: bool = False


def predict_to_file(
    estimator: PoseEstimator, inputs: Sequence[str | os.PathLike], boxes: FaceBoxes, out: str | os.PathLike | BinaryIO,
    *, style: AnswerStyle | None = None, options: PredictionOptions | None = None, stream_suffix: str = ".csv",
    draw: str | os.PathLike | None = None, drawing: str = "axes", facts: Mapping[str, Any] | None = None,
    overwrite: bool = False, skipped: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PredictionCounts:  # fmt: skip
    """Answer for every face in pictures, videos and folders of them.

    Parameters
    ----------
    estimator : PoseEstimator
        Gives the rotations.
    inputs : sequence of path
        See `synhead_tools.learning.prediction.input_list.list_inputs`.
    boxes : FaceBoxes
        Says where faces are.
    out : path or binary file
        A ``.csv``, ``.json`` or ``.jsonl`` to write whole or not at all; or an open file, written as answers come.
    style : AnswerStyle, optional
        How rotations are written; whether there are frame numbers follows from the inputs.
    options : PredictionOptions, optional
        How the files are looked at.
    stream_suffix : str
        What is written to an open file.
    draw, drawing : path, str
        See `synhead_tools.learning.prediction.drawn_output.drawn_output` and
        `synhead_tools.learning.prediction.pose_drawing.DRAWINGS`.
    facts : mapping, optional
        What a JSON document says before the answers; what they are against is added.
    overwrite : bool
        Replace what is at the outputs.
    skipped, progress : callable
        See `FilePredictor.run`.

    Returns
    -------
    PredictionCounts
        With what could not be used, unless that was all there is.

    Raises
    ------
    PictureError
        There are no inputs, or none can be used.
    LabelFormatError
        The table of boxes lists none of the pictures.
    OutputExistsError
        Something is at an output, or it is an input.
    """
    options, inputs = options or PredictionOptions(), list(inputs)
    n_pictures, n_videos = count_inputs(inputs)
    total = n_pictures + n_videos
    style = replace(style or AnswerStyle(), with_frames=n_videos > 0)
    only = next(list_inputs(inputs)) if total == 1 else None
    told = {**(facts or {}), "boxes": boxes.description, "rotation_frame": rotation_frame(estimator, options.camera)}
    with ExitStack() as stack:
        file, suffix = out, stream_suffix
        if isinstance(out, (str, os.PathLike)):
            suffix = Path(out).suffix
            writer_of(str(out))
            refuse_input(Path(out), inputs)
            refuse_one_place(Path(out), draw)
            file = stack.enter_context(atomic_file(out, overwrite))
        drawn = None
        if draw is not None:
            what = f"{drawing} drawn by synhead predict"
            drawn = stack.enter_context(drawn_output(draw, what, inputs, only, overwrite))
        writer = writer_of(f"answers{suffix}")(file, style, told)
        predictor = FilePredictor(
            estimator, boxes, writer, camera=options.camera, drawn=drawn, drawing=drawing,
            batch_size=options.batch_size, every=options.every, flip_average=options.flip_average,
        )  # fmt: skip
        counts = predictor.run(list_inputs(inputs), total, skipped=skipped, progress=progress)
        if isinstance(boxes, BoxTable) and not counts.faces:
            raise LabelFormatError(
                f"{boxes.description} are of none of the {counts.pictures} pictures; a name must be the end of a path"
            )
        writer.finish({**counts.summary(), "pictures_without_face": counts.missed})
    return counts

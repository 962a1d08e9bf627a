"""``synhead predict``."""

from __future__ import annotations

import json
import logging
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import SectionedCommand, section
from synhead_tools.cli.speaker import speaker

if TYPE_CHECKING:
    from synhead_tools.learning.prediction.camera_choice import CameraChoice
    from synhead_tools.learning.prediction.face_boxes import FaceBoxes

KINDS = {"euler": "euler", "quat": "quat_xyzw", "rotmat": "rotmat"}
DRAWINGS = ("axes", "cube")  # as the drawing's; a test compares, so that --help needs no pictures
_NUMBER = r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*"
_FOUR_NUMBERS = re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{3}}")


@click.command(cls=SectionedCommand, short_help="Say how heads are turned in pictures, folders and videos.")
@click.argument("inputs", metavar="INPUTS...", nargs=-1, required=True, type=options.path_in)
@section(
    "What to ask, and where the faces are",
    click.option(
        "--model",
        default="small",
        show_default=True,
        help="Folder of a checkpoint, a .toml or .onnx (docs/onnx-models.md), or the name of a bundled model.",
    ),
    click.option(
        "--boxes",
        metavar="FILE|whole|X1,Y1,X2,Y2|DETECTOR",
        help="Face boxes: a CSV or JSON of image, x1, y1, x2, y2 or a Biwi+ .npz; the whole picture; one box, px; or "
        "what a detector finds (its folder or .onnx). By default what the bundled detector finds, or the whole picture "
        "where there is none.",
    ),
    click.option(
        "--close-ups/--no-close-ups",
        default=True,
        show_default=True,
        help="Let the detector look at every face twice more: boxes are made of better meshes, at some 50 ms of a core "
        "for each face.",
    ),
    click.option(
        "--intrinsics",
        metavar="FX,FY,CX,CY|FILE",
        help="Of the camera, px, or a file of them (JSON as OpenCV's, or CSV): answers are then in its frame.",
    ),
    click.option("--fov", "fov_deg", type=click.FloatRange(1, 150), help="Horizontal field of view, degrees, instead."),
    click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Of videos, every Nth frame."),
    click.option("--flip", is_flag=True, help="Average the answers for each face and its mirror image."),
)
@section(
    "What to write",
    click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Answers as .csv, .json or .jsonl; else CSV on stdout, or with --json a JSON document.",
    ),
    click.option(
        "--convention",
        "conventions",
        multiple=True,
        default=("biwi+",),
        show_default=True,
        help="Euler convention of the angles; may be repeated.",
    ),
    click.option(
        "--write",
        "kinds",
        type=click.Choice((*KINDS, "all")),
        multiple=True,
        default=("euler", "quat"),
        show_default=True,
        help="Forms of the rotation; may be repeated.",
    ),
    click.option(
        "--draw",
        type=options.path_out,
        metavar="DIR|FILE",
        help="Copies of pictures and videos with the poses drawn on them: a folder, or a file for one input.",
    ),
    click.option("--drawing", type=click.Choice(DRAWINGS), default="axes", show_default=True, help="What to draw."),
)
@click.option("--batch-size", type=click.IntRange(1, 4096), default=64, show_default=True, help="Faces per pass.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def predict(
    ctx: click.Context, inputs: tuple[Path, ...], model: str, device: str, boxes: str | None, close_ups: bool,
    every: int, flip: bool, out: Path | None, conventions: tuple[str, ...], kinds: tuple[str, ...], draw: Path | None,
    drawing: str, batch_size: int, intrinsics: str | None, fov_deg: float | None, overwrite: bool, as_json: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Answer for every face in INPUTS: picture files, videos, and folders of them, which are searched through.

    One row per face: file, for videos frame number and time, number of the face, its box in px of the upright picture
    (as EXIF or the video's metadata turn it), and the rotation as Euler angles and quaternion or matrix
    (R_head_to_camera). What it is against stands in rotation_frame: camera where the intrinsics are known, else
    "crop ray", the line of sight to the face (docs/design.md).

    Drawn axes: red to the subject's left, green down to the chin, blue out of the face. The cube's face is yellow, its
    edge at the chin red.

    An input that cannot be used is named on stderr and passed over, and the exit status is then 1.

    \b
    Examples:
      synhead predict photo.jpg
      synhead predict photos --out poses.csv --draw drawn --convention hopenet
      synhead predict film.mp4 --every 5 --fov 60 --draw film_drawn.mp4 --out film.jsonl
      synhead predict biwi_frames --model model --boxes Biwi_plus.npz --intrinsics 517.679,517.679,320,240.5
    """
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.load_estimator import load_estimator
    from synhead_tools.learning.prediction.answers import CROP_RAY, AnswerStyle
    from synhead_tools.learning.prediction.predict_files import rotation_frame
    from synhead_tools.learning.prediction.predict_to_file import PredictionOptions, predict_to_file

    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it logs of damaged pictures is said in our own line
    say = speaker(quiet)
    style = AnswerStyle(conventions, tuple(KINDS[kind] for kind in KINDS if {kind, "all"} & set(kinds)))
    if boxes is not None and not _is_detector(boxes):
        options.refuse_given(ctx, ("close_ups",), "--boxes names no detector")
    if "euler" not in style.kinds:
        options.refuse_given(ctx, ("conventions",), "--write asks for no angles")
    if draw is None:
        options.refuse_given(ctx, ("drawing",), "--draw says where to draw")
    where = str(resolve_device(device))
    camera, faces = _camera(intrinsics, fov_deg), _face_boxes(boxes, where, close_ups)
    estimator = load_estimator(model, where)
    if boxes is None:
        say(f"faces: {faces.description}; --boxes says otherwise")
    if rotation_frame(estimator, camera) == CROP_RAY:
        say("rotations are against the line of sight to each face; --intrinsics or --fov takes them to the camera")
    counts = predict_to_file(
        estimator, inputs, faces, sys.stdout.buffer if out is None else out, style=style,
        options=PredictionOptions(camera, batch_size, every, flip), stream_suffix=".json" if as_json else ".csv",
        draw=draw, drawing=drawing, facts={"model": model, "estimator": estimator.describe()}, overwrite=overwrite,
        skipped=speaker(before="passed over: "), progress=options.progress(quiet, "pictures"),
    )  # fmt: skip
    if out is not None:
        told = {"out": str(out), **counts.summary()}
        click.echo(json.dumps(told) if as_json else f"{counts.faces} faces in {out}")
    if counts.without_face:
        say(f"{counts.without_face} of {counts.pictures} pictures have no face by {faces.description}")
    if counts.n_failed:
        click.echo(f"{counts.n_failed} of the inputs could not be used to their end", err=True)
        ctx.exit(1)


def _camera(intrinsics: str | None, fov_deg: float | None) -> CameraChoice:
    from synhead_tools.formats.camera_file import read_camera_file
    from synhead_tools.learning.prediction.camera_choice import CameraChoice

    if intrinsics is None:
        return CameraChoice(fov_x_deg=fov_deg)
    if fov_deg is not None:
        raise click.UsageError("--fov and --intrinsics say the same thing; give one of them")
    if _FOUR_NUMBERS.fullmatch(intrinsics):
        return CameraChoice(intrinsics_px=tuple(float(number) for number in intrinsics.split(",")))
    if not intrinsics or not Path(intrinsics).exists():
        raise click.UsageError(f"--intrinsics {intrinsics!r} is neither FX,FY,CX,CY nor a file that is there")
    return CameraChoice(file=read_camera_file(intrinsics))


def _face_boxes(boxes: str | None, device: str, close_ups: bool) -> FaceBoxes:
    from synhead_tools.learning.face_finders import bundled_face_finder
    from synhead_tools.learning.prediction.box_table import read_box_table
    from synhead_tools.learning.prediction.face_boxes import DetectedFaces, SameBox, WholePicture

    if boxes is None:
        found = bundled_face_finder(device, close_ups)
        return WholePicture() if found is None else DetectedFaces(found[1], f"the bundled {found[0]}")
    if boxes == "whole":
        return WholePicture()
    if _FOUR_NUMBERS.fullmatch(boxes):
        return SameBox(tuple(float(number) for number in boxes.split(",")))
    if not boxes or not Path(boxes).exists():
        raise click.UsageError(f"--boxes {boxes!r} is neither whole, X1,Y1,X2,Y2 nor a file or folder that is there")
    if _is_detector(boxes):
        from synhead_tools.learning.detection.load_detector import load_detector

        detector = load_detector(boxes, device)
        return DetectedFaces(partial(detector.find_faces, close_ups=close_ups), f"detector {boxes}")
    return read_box_table(boxes)


def _is_detector(boxes: str) -> bool:
    return Path(boxes).is_dir() or Path(boxes).suffix == ".onnx"

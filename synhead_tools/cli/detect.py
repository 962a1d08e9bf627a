"""``synhead detect``."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from synhead_tools.cli import options
from synhead_tools.cli.sections import SectionedCommand, section
from synhead_tools.cli.speaker import speaker


@click.command(cls=SectionedCommand, short_help="Find faces in pictures, folders and videos.")
@click.argument("inputs", metavar="INPUTS...", nargs=-1, required=True, type=options.path_in)
@options.detector
@section(
    "How to look",
    click.option(
        "--longest-px",
        type=click.IntRange(16, 16384),
        default=512,
        show_default=True,
        help="Longer side that pictures are scaled to; the bundled detector finds faces of some 20 to 400 px.",
    ),
    click.option("--original-size", is_flag=True, help="Do not scale pictures."),
    click.option("--score", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Least sure face."),
    click.option(
        "--nms", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="Largest IoU of two faces."
    ),
    click.option(
        "--border",
        type=click.FloatRange(0, 4),
        help="Room around pictures, over their longer side. By default none, and 0.5 in a second look at pictures in "
        "which nothing was found: a face may fill them.",
    ),
    click.option(
        "--close-ups/--no-close-ups",
        default=True,
        show_default=True,
        help="Look at every face twice more, at the size that is measured best, then upright: points, mesh and pose "
        "are better, and fewer faces are false.",
    ),
    click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Of videos, every Nth frame."),
    click.option("--fov", "fov_deg", type=click.FloatRange(1, 150), help="Horizontal field of view, degrees."),
)
@section(
    "What to write",
    click.option(
        "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Faces as .csv, .json or .jsonl; else CSV on stdout, or with --json a JSON document.",
    ),
    click.option("--convention", default="biwi+", show_default=True, help="Euler convention of the poses."),
    click.option("--mesh", is_flag=True, help="Write all vertices of the meshes (JSON)."),
    click.option(
        "--draw", type=options.path_out, metavar="DIR|FILE",
        help="Copies of pictures and videos with what was found drawn on them: a folder, or a file for one input.",
    ),  # fmt: skip
)  # fmt: skip
@click.option("--batch-size", type=click.IntRange(1, 1024), default=8, show_default=True, help="Pictures per pass.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def detect(
    ctx: click.Context, inputs: tuple[Path, ...], model: str | None, longest_px: int, original_size: bool, score: float,
    nms: float, border: float | None, close_ups: bool, every: int, fov_deg: float | None, out: Path | None,
    convention: str, mesh: bool, draw: Path | None, batch_size: int, device: str, overwrite: bool, as_json: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Find the faces in INPUTS: picture files, videos, and folders of them.

    Of each face: box and score, the five points (sides are the subject's: right_eye is on the left in the picture)
    and, of detectors with a mesh, 68 points and the rotation R_head_to_camera. Without --fov that is against the ray to
    the face. A picture without faces has an empty list in JSON and no row in CSV.

    \b
    Examples:
      synhead detect photo.jpg --draw drawn
      synhead detect photos film.mp4 --every 5 --out faces.jsonl
      synhead detect film.mp4 --draw film_faces.mp4 --out faces.csv
      synhead detect photos --model my_detector --border 0.5
    """
    from synhead_tools.formats.atomic import atomic_file
    from synhead_tools.learning.detection.bundled_detectors import DEFAULT_DETECTOR
    from synhead_tools.learning.detection.detect_files import detect_files
    from synhead_tools.learning.detection.detection_files import DetectionFile, suffix_of
    from synhead_tools.learning.detection.face_detector import FILLED_BORDER
    from synhead_tools.learning.detection.load_detector import load_detector
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.prediction.camera_choice import CameraChoice
    from synhead_tools.learning.prediction.drawn_output import drawn_output, refuse_input, refuse_one_place
    from synhead_tools.learning.prediction.input_list import count_inputs, list_inputs

    total = sum(count_inputs(inputs))
    suffix = suffix_of(out.name) if out is not None else ".json" if as_json else ".csv"
    look = {
        "longest_px": None if original_size else longest_px, "score_threshold": score, "nms_iou": nms,
        "border": border or 0.0, "second_border": FILLED_BORDER if border is None else None,
        "close_up_score": score if close_ups else None,
    }  # fmt: skip
    facts = {"tool": "synhead detect", "model": DEFAULT_DETECTOR if model is None else model, **look}
    detector = load_detector(model, resolve_device(device))
    with ExitStack() as stack:
        file = sys.stdout.buffer
        if out is not None:
            refuse_input(out, inputs)
            refuse_one_place(out, draw)
            file = stack.enter_context(atomic_file(out, overwrite))
        drawn = None
        if draw is not None:
            only = next(list_inputs(inputs)) if total == 1 else None
            drawn = stack.enter_context(drawn_output(draw, "faces drawn by synhead detect", inputs, only, overwrite))
        writer = DetectionFile(file, suffix, convention, mesh, facts)
        counts = detect_files(
            detector, list_inputs(inputs), total, writer, camera=CameraChoice(fov_x_deg=fov_deg), drawn=drawn,
            every=every, batch_size=batch_size, skipped=speaker(before="passed over: "),
            progress=options.progress(quiet, "pictures"), **look,
        )  # fmt: skip
        writer.finish()
    told = {"pictures": counts.pictures, "faces": counts.faces, "without_face": counts.without_face,
            "passed_over": counts.failed}  # fmt: skip
    if out is not None:
        click.echo(json.dumps({"out": str(out), **told}) if as_json else f"{counts.faces} faces in {out}")
    if counts.failed:
        ctx.exit(1)

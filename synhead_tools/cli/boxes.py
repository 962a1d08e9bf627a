"""``synhead boxes``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options
from synhead_tools.cli.speaker import speaker

SHOWN = 5


@click.command(short_help="Write square face boxes for a folder of pictures.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@options.detector
@click.option(
    "--longest-px",
    type=click.IntRange(16, 16384),
    default=640,
    show_default=True,
    help="Longer side that pictures are scaled to.",
)
@click.option("--score", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Least sure face.")
@click.option(
    "--border",
    type=click.FloatRange(0, 4),
    help="Room around pictures, over their longer side. By default none, and 0.5 in a second look where nothing was "
    "found.",
)
@click.option(
    "--close-ups/--no-close-ups", default=True, show_default=True,
    help="Look at every face twice more, at the size that is measured best, then upright.",
)  # fmt: skip
@click.option("--all", "every_face", is_flag=True, help="All faces of a picture, not the surest alone.")
@click.option("--batch-size", type=click.IntRange(1, 1024), default=8, show_default=True, help="Pictures per pass.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 ...")
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def boxes(
    ctx: click.Context, folder: Path, out: Path, model: str | None, longest_px: int, score: float,
    border: float | None, close_ups: bool, every_face: bool, batch_size: int, device: str, overwrite: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write the CSV file OUT with a square face box for each picture in FOLDER, in the manner of Biwi+.

    The squares are those that rendered heads come with: 0.245 m of the head's surroundings, whatever its pose.
    ``predict --boxes OUT`` takes the file, and so does ``train-padaco SOURCE FOLDER --labels OUT`` as a target without
    labels; called boxes.csv and in FOLDER it needs no --labels. Videos are left out. A picture that cannot be used is
    named on stderr and passed over, and the exit status is then 1.

    \b
    Example:
      synhead boxes photos photos/boxes.csv
    """
    from synhead_tools.errors import PictureError
    from synhead_tools.formats.atomic import atomic_file
    from synhead_tools.learning.detection.box_file import BoxFile
    from synhead_tools.learning.detection.detect_files import detect_files
    from synhead_tools.learning.detection.face_detector import FILLED_BORDER
    from synhead_tools.learning.detection.load_detector import load_detector
    from synhead_tools.learning.device import resolve_device
    from synhead_tools.learning.prediction.input_list import count_inputs, list_inputs

    pictures, videos = count_inputs([folder])
    if not pictures:
        raise PictureError(
            f"there is no picture in {folder}, only {videos} videos; synhead predict finds faces in them"
        )
    detector = load_detector(model, resolve_device(device))
    with atomic_file(out, overwrite) as file:
        writer = BoxFile(file, folder, every_face)
        counts = detect_files(
            detector, (entry for entry in list_inputs([folder]) if not entry.is_video), pictures, writer,
            batch_size=batch_size, skipped=speaker(before="passed over: "),
            progress=options.progress(quiet, "pictures"), longest_px=longest_px, score_threshold=score,
            border=border or 0.0, second_border=FILLED_BORDER if border is None else None,
            close_up_score=score if close_ups else None,
        )  # fmt: skip
    told = {"out": str(out), "pictures": counts.pictures, "without_face": counts.without_face,
            "passed_over": counts.failed}  # fmt: skip
    shown = ", ".join(writer.missed[:SHOWN]) + (" ..." if len(writer.missed) > SHOWN else "")
    if writer.missed:
        speaker(quiet)(f"{counts.without_face} of {counts.pictures} pictures show no face: {shown}")
    click.echo(json.dumps(told) if as_json else f"boxes of {counts.pictures - counts.without_face} pictures in {out}")
    if counts.failed:
        ctx.exit(1)

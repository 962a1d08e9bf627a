"""``synhead export``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options
from synhead_tools.formats.exporters import EXPORTERS

EXTRA_PICTURES = ("alpha", "region", "depth_m")


@click.command(short_help="Write a dataset in a format that other programs read.")
@click.argument("source", metavar="DATASET", type=options.path_in)
@click.argument("out", metavar="OUT", type=options.path_out)
@click.option("--format", "format_name", type=click.Choice(tuple(EXPORTERS)), required=True, help="What to write.")
@click.option(
    "--convention", help="Euler convention to write, where the format leaves it open; the dataset's own by default."
)
@click.option(
    "--picture-format", type=click.Choice(("png", "jpg")), help="png is exact; 300w-lp writes jpg by default."
)
@click.option("--jpg-quality", type=click.IntRange(1, 100), help="Quality of jpg; 95 by default.")
@click.option(
    "--background", metavar="R,G,B", help="Colour behind heads that have an alpha; black by default, as stored."
)
@click.option(
    "--also", type=click.Choice(EXTRA_PICTURES), multiple=True,
    help="Column to write beside the image (webdataset, huggingface; depth_m: webdataset); may be repeated.",
)  # fmt: skip
@click.option("--split", help="Name of the split (webdataset, huggingface); train by default.")
@click.option(
    "--shard-mb", type=click.FloatRange(0, min_open=True),
    help="Size of a shard in megabytes (webdataset, huggingface); 500 by default.",
)  # fmt: skip
@options.labels
@options.labels_convention
@options.overwrite
@options.as_json
@options.common
def export(
    source: Path, out: Path, format_name: str, convention: str | None, picture_format: str | None,
    jpg_quality: int | None, background: str | None, also: tuple[str, ...], split: str | None, shard_mb: float | None,
    labels: Path | None, labels_convention: str | None, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write DATASET, own or foreign, into a new folder OUT for other programs.

    \b
    hopenet-csv     images and the CSV of Hopenet's Synhead reader, which negates yaw
    300w-lp         pictures with MATLAB files: Pose_Para, pt2d, pt3d_68
    coco            images and a JSON file of boxes, keypoints and head poses
    webdataset      tar shards of pictures and JSON labels
    huggingface     Parquet with pictures in it, and a dataset card
    nvidia-synhead  GROUP/HEAD/NN/*.png and GROUP/NN.csv, at most ten heads and 400 tracks

    Every format says in OUT/export.json which convention its angles are in; all of them are restated from the rotation
    matrix. docs/dataset-format.md has the details.

    \b
    Examples:
      synhead export synhead+ coco --format coco --background 128,128,128
      synhead export biwi_frames hopenet --format hopenet-csv --labels Biwi_plus.npz
    """
    from synhead_tools.formats.exporters.export_dataset import export_dataset
    from synhead_tools.formats.exporters.pictures import PictureStyle, parse_colour
    from synhead_tools.formats.open import open_any

    style = PictureStyle(picture_format, jpg_quality, None if background is None else parse_colour(background))
    given = {"convention": convention, "split": split, "shard_mb": shard_mb, "also": also or None}
    result = export_dataset(
        open_any(source, labels=labels, convention=labels_convention),
        out,
        format_name,
        pictures=style,
        overwrite=overwrite,
        progress=options.progress(quiet, "exported"),
        **{name: value for name, value in given.items() if value is not None},
    )
    result = {"out": str(out), **result}
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(f"{result['frames']} frames in {out} as {format_name}, Euler convention {result['convention']}")

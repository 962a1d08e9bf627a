"""``synhead export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.export_detector import export_detector
from synhead_tools.cli.sections import SectionedCommand, section
from synhead_tools.formats.exporters import EXPORTERS

EXTRA_PICTURES = ("alpha", "region", "depth_m")


FOR_MODELS = ("uint8", "licence", "threads", "no_latency")
FOR_DATASETS = (
    "format_name", "convention", "picture_format", "jpg_quality", "background", "also", "split", "shard_mb", "labels",
    "labels_convention",
)  # fmt: skip


@click.command(cls=SectionedCommand, short_help="Write a dataset or a model in a format that other programs read.")
@click.argument("source", metavar="DATASET|MODEL", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=options.path_out)
@section(
    "Datasets",
    click.option("--format", "format_name", type=click.Choice(tuple(EXPORTERS)), help="What to write."),
    click.option(
        "--convention", help="Euler convention to write, where the format leaves it open; the dataset's own by default."
    ),
    click.option(
        "--picture-format", type=click.Choice(("png", "jpg")), help="png is exact; 300w-lp writes jpg by default."
    ),
    click.option("--jpg-quality", type=click.IntRange(1, 100), help="Quality of jpg; 95 by default."),
    click.option(
        "--background", metavar="R,G,B", help="Colour behind heads that have an alpha; black by default, as stored."
    ),
    click.option(
        "--also",
        type=click.Choice(EXTRA_PICTURES),
        multiple=True,
        help="Column to write beside the image (webdataset, huggingface; depth_m: webdataset); may be repeated.",
    ),
    click.option("--split", help="Name of the split (webdataset, huggingface); train by default."),
    click.option(
        "--shard-mb",
        type=click.FloatRange(0, min_open=True),
        help="Size of a shard in megabytes (webdataset, huggingface); 500 by default.",
    ),
    options.labels,
    options.labels_convention,
)
@section(
    "Models (OUT ends with .onnx)",
    click.option("--uint8", is_flag=True, help="Take uint8 NHWC crops: scaling and standardisation are in the graph."),
    click.option("--licence", default="", help="What may be done with the model; goes into the files."),
    click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="To time the model with."),
    click.option("--no-latency", is_flag=True, help="Do not time the model."),
)
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def export(ctx: click.Context, source: Path, out: Path, as_json: bool, quiet: bool, **given: Any) -> None:
    """Write DATASET, own or foreign, into a new folder OUT for other programs; or MODEL into an ONNX file OUT.

    \b
    hopenet-csv     images and the CSV of Hopenet's Synhead reader, which negates yaw
    300w-lp         pictures with MATLAB files: Pose_Para, pt2d, pt3d_68
    coco            images and a JSON file of boxes, keypoints and head poses
    webdataset      tar shards of pictures and JSON labels
    huggingface     Parquet with pictures in it, and a dataset card
    nvidia-synhead  GROUP/HEAD/NN/*.png and GROUP/NN.csv, at most ten heads and 400 tracks

    Every format says in OUT/export.json which convention its angles are in; all of them are restated from the rotation
    matrix. docs/dataset-format.md has the details.

    A model, which is the folder of a checkpoint or the name of a bundled one, becomes OUT.onnx, with any number of
    pictures at a time and all weights inside, and OUT.toml, which says how to ask it; `synhead evaluate OUT.toml`
    scores it. A face detector takes pictures of any size, and decoding is inside; `synhead detect --model OUT.onnx`
    asks it. Nothing is written unless its answers are those of the checkpoint. docs/onnx-models.md has the details.

    \b
    Examples:
      synhead export synhead+ coco --format coco --background 128,128,128
      synhead export biwi_frames hopenet --format hopenet-csv --labels Biwi_plus.npz
      synhead export model model.onnx --uint8
      synhead export detector detector.onnx
    """
    if out.suffix.lower() == ".onnx":
        from synhead_tools.cli.detector_scores import is_detector

        options.refuse_given(ctx, FOR_DATASETS, f"{out} is to be a model")
        if is_detector(str(source)):
            options.refuse_given(ctx, ("uint8",), f"{source} is a face detector, which takes uint8 as it is")
            chosen = {name: given[name] for name in ("licence", "threads", "no_latency", "overwrite")}
            export_detector(source, out, as_json, **chosen)
            return
        _export_model(source, out, as_json, **{name: given[name] for name in (*FOR_MODELS, "overwrite")})
        return
    options.refuse_given(ctx, FOR_MODELS, "models are written to a name that ends with .onnx")
    if not source.exists():
        raise click.BadParameter(f"{str(source)!r} does not exist; give a dataset", param_hint="'DATASET|MODEL'")
    if given["format_name"] is None:
        raise click.UsageError("--format says what to write of a dataset; a model is written to a name with .onnx")
    _export_dataset(source, out, as_json, quiet, **{name: given[name] for name in (*FOR_DATASETS, "overwrite")})


def _export_dataset(
    source: Path, out: Path, as_json: bool, quiet: bool, *, format_name: str, picture_format: str | None,
    jpg_quality: int | None, background: str | None, labels: Path | None, labels_convention: str | None,
    overwrite: bool, **given: Any,
) -> None:  # fmt: skip
    from synhead_tools.formats.exporters.export_dataset import export_dataset
    from synhead_tools.formats.exporters.pictures import PictureStyle, parse_colour
    from synhead_tools.formats.open import open_any

    style = PictureStyle(picture_format, jpg_quality, None if background is None else parse_colour(background))
    given["also"] = given["also"] or None
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


def _export_model(
    source: Path, out: Path, as_json: bool, *, uint8: bool, licence: str, threads: int, no_latency: bool,
    overwrite: bool,
) -> None:  # fmt: skip
    from synhead_tools.learning.load_estimator import load_estimator
    from synhead_tools.learning.onnx.export import export_onnx

    done = export_onnx(
        load_estimator(source), out, takes_uint8=uint8, licence=licence, threads=None if no_latency else threads,
        overwrite=overwrite,
    )  # fmt: skip
    parity = done.parity
    if as_json:
        told = {"pictures": parity.pictures, "largest_difference": parity.largest_difference,
                "largest_deg": parity.largest_deg}  # fmt: skip
        latency = [entry.to_dict() for entry in done.latency]
        files = {"onnx": str(done.onnx_path), "toml": str(done.toml_path), "bytes": done.bytes}
        click.echo(json.dumps({**files, "parity": told, "latency": latency}))
        return
    click.echo(f"{done.onnx_path} ({done.bytes / 1e6:.1f} MB) and {done.toml_path}")
    click.echo(
        f"largest difference from the checkpoint on {parity.pictures} pictures: {parity.largest_difference:.1e} in a "
        f"matrix, {parity.largest_deg:.1e} degrees"
    )
    for entry in done.latency:
        click.echo(str(entry))

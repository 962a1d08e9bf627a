"""``synhead convert-euler``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from synhead_tools.cli import options

LABEL_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".npz", ".h5", ".hdf5")
FOR_DATASETS = ("min_visible_points", "min_visible_fraction")
FOR_LABEL_FILES = (
    "source", "columns", "unit", "to_unit", "write", "scalar_first", "decimal", "rgb_cal", "to_camera", "on_error",
)  # fmt: skip
FOR_BOTH = ("target", "overwrite")


@click.command("convert-euler", short_help="Restate pose labels in another convention, kind or camera.")
@click.argument("labels_in", metavar="IN", type=options.path_in)
@click.argument("out", metavar="OUT", type=options.path_out)
@click.option("--from", "source", help="Convention of IN, where IN does not say it (synhead if nobody does).")
@click.option("--to", "target", default="biwi+", show_default=True, help="Convention to write.")
@click.option(
    "--columns", metavar="A,B,C",
    help="Columns that hold the rotation, by name or number from 1: pitch, yaw, roll; or the 4 of a quaternion; or the "
    "9 of a matrix, row by row; or one array.",
)  # fmt: skip
@click.option("--unit", type=click.Choice(("deg", "rad")), help="Unit of angles that do not state theirs.")
@click.option("--to-unit", type=click.Choice(("deg", "rad")), help="Unit to write; that of IN by default.")
@click.option(
    "--write", type=click.Choice(("euler", "quat", "rotmat", "all")), help="What to write; by default what IN has."
)
@click.option("--scalar-first", is_flag=True, help="The quaternion of --columns is w, x, y, z.")
@click.option(
    "--decimal", type=click.Choice((".", ",")), default=".", show_default=True, help="Decimal sign of a CSV IN."
)
@click.option(
    "--rgb-cal", type=options.path_in,
    help="BIWI's calibration: an rgb.cal, or the folder of the sequences NN with theirs. Rotations are taken to the "
    "colour camera.",
)  # fmt: skip
@click.option(
    "--to-camera", type=click.Choice(("rgb", "depth")), default="rgb", show_default=True,
    help="With --rgb-cal: depth takes rotations of the colour camera back.",
)  # fmt: skip
@click.option(
    "--on-error", type=click.Choice(("stop", "skip")), default="stop", show_default=True,
    help="At a bad row: stop, or put it into OUT.rejects.csv and go on.",
)  # fmt: skip
@click.option(
    "--min-visible-points", type=click.IntRange(0, 5), default=3, show_default=True,
    help="SynHead+: keep frames that show at least so many of the five points.",
)  # fmt: skip
@click.option(
    "--min-visible-fraction", type=click.FloatRange(0, 1), default=0.25, show_default=True,
    help="SynHead+: keep frames that show at least this part of the frontal face area.",
)  # fmt: skip
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def convert_euler(ctx: click.Context, labels_in: Path, out: Path, as_json: bool, quiet: bool, **given: Any) -> None:
    """Restate labels: a SynHead dataset IN becomes SynHead+ OUT, any label file or dataset another label file.

    SynHead+ keeps the frames whose face is visible and refers to the pictures of IN; none is copied.

    Label files are CSV, TSV, Parquet, NPZ and HDF5, whatever their length; OUT's suffix says what to write. IN may also
    be a .mat file of 300W-LP or a folder of BIWI, 300W-LP, AFLW2000-3D or SynHead. Columns are found by their names:
    pitch, yaw, roll (in degrees unless they say rad), qx to qw, r00 to r22. All other columns are kept.

    \b
    Examples:
      synhead convert-euler synhead synhead+
      synhead convert-euler poses.csv poses_biwi.csv
      synhead convert-euler labels.tsv labels.parquet --from hopenet --columns 7,6,8 --on-error skip
      synhead convert-euler Biwi_plus_non_cal.npz calibrated.csv --rgb-cal hpdb
      synhead convert-euler 300W_LP labels.h5 --to "zyx:+--:rad" --write all
    """
    if labels_in.is_dir() and out.suffix.lower() not in LABEL_SUFFIXES:
        _refuse(ctx, FOR_LABEL_FILES, "a SynHead dataset becomes SynHead+")
        result = _convert_dataset(labels_in, out, **{name: given[name] for name in (*FOR_DATASETS, *FOR_BOTH)})
    else:
        _refuse(ctx, FOR_DATASETS, "labels of a file are all kept")
        if given["rgb_cal"] is None:
            _refuse(ctx, ("to_camera",), "without --rgb-cal the camera stays")
        result = _convert_labels(labels_in, out, quiet, **{name: given[name] for name in (*FOR_LABEL_FILES, *FOR_BOTH)})
    text = ", ".join(f"{key} {value}" for key, value in result.items() if value not in (None, 0, [], False))
    click.echo(json.dumps(result) if as_json else text)


def _refuse(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    """Usage error for options that were written down and mean nothing here."""
    for param in ctx.command.params:
        if param.name in names and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{param.opts[0]} means nothing here: {why}")


def _convert_labels(
    path: Path, out: Path, quiet: bool, columns: str | None, write: str | None, rgb_cal: Path | None, to_camera: str,
    **given: Any,
) -> dict[str, object]:  # fmt: skip
    from synhead_tools.formats.label_tables.camera_change import CameraChange
    from synhead_tools.formats.label_tables.convert import convert_labels_file

    done = convert_labels_file(
        path,
        out,
        columns=None if columns is None else tuple(columns.split(",")),
        write={"quat": "quat_xyzw"}.get(write, write),
        camera=None if rgb_cal is None else CameraChange.read(rgb_cal, to_camera),
        **given,
    )
    if done.assumed:
        click.echo(f"{path} does not say its convention: {done.source} was assumed; --from NAME is another", err=True)
    if done.left_out and not quiet:
        click.echo(f"left out: {', '.join(done.left_out)}", err=True)
    rejects = None if done.rejects is None else str(done.rejects)
    return {
        "out": str(done.out), "rows": done.rows, "from": done.source, "to": done.target, "assumed": done.assumed,
        "rejected": done.rejected, "rejects": rejects,
    }  # fmt: skip


def _convert_dataset(
    source: Path, out: Path, target: str, min_visible_points: int, min_visible_fraction: float, overwrite: bool
) -> dict[str, object]:
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.matching.synhead_plus import VisibleFaceRule, build_synhead_plus

    rule = VisibleFaceRule(min_visible_points, min_visible_fraction)
    manifest = build_synhead_plus(source, out, convention=target, rule=rule, overwrite=overwrite)
    kept = len(open_dataset(out))
    return {"out": str(out), "kind": manifest.kind, "frames": kept, "of": len(open_dataset(source)), "to": target}

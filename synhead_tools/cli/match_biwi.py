"""``synhead match-biwi``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command("match-biwi", short_help="Turn the frames nearest to a dataset's poses: SynBiwi+ and SynHead++.")
@click.argument("source", type=options.path_in)
@click.argument("target", type=options.path_in)
@click.argument("out", type=options.path_out)
@click.option(
    "--max-targets", type=click.IntRange(1), help="Draw pictures for so many targets, evenly spread; all are matched."
)
@click.option("--max-residual-deg", type=click.FloatRange(0), help="Leave out matches that stay farther away.")
@options.labels
@options.labels_convention
@options.overwrite
@options.as_json
@options.common
def match_biwi(
    source: Path, target: Path, out: Path, max_targets: int | None, max_residual_deg: float | None,
    labels: Path | None, labels_convention: str | None, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Match SOURCE (SynHead+) to the poses of TARGET (Biwi+ NPZ, BIWI frames or a dataset).

    For each target pose and head, the frame with the nearest viewing direction is turned in its image plane. Writes
    OUT/synbiwi+ (turned pictures), OUT/synhead++ (their union with SOURCE), OUT/matches.parquet and OUT/report.json.
    The target's rotations are used: whatever is trained on the result says so.

    \b
    Example:
      synhead match-biwi synhead+ Biwi_plus.npz matched --max-targets 1500
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.matching.build import build_matched

    poses = open_any(target, labels=labels, convention=labels_convention)
    report = build_matched(
        source, poses, out, max_targets=max_targets, max_residual_deg=max_residual_deg, overwrite=overwrite,
        progress=options.progress(quiet, "pictures"),
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(
        f"{report['targets']} targets x {report['heads']} heads: residual median {report['residual_deg']['50']:.2f}, "
        f"95 % {report['residual_deg']['95']:.2f} degrees"
    )
    click.echo(
        f"{report['synbiwi+_frames']} frames in {out / 'synbiwi+'}, {report['synhead++_frames']} in {out / 'synhead++'}"
    )

"""``synhead match-biwi``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli import options
from synhead_tools.cli.match_options import (
    EXACT,
    match_options,
    output_options,
    settings_from_options,
    target_from_options,
    target_options,
)
from synhead_tools.cli.sections import SectionedCommand


@click.command(
    "match-biwi", cls=SectionedCommand, short_help="Turn the frames nearest to a dataset's poses: SynBiwi+, SynHead++."
)
@click.argument("source", type=options.path_in)
@click.argument("target", type=options.path_in)
@click.argument("out", type=options.path_out)
@match_options
@target_options
@output_options
@options.common
def match_biwi(
    source: Path, target: Path, out: Path, source_convention: str | None, workers: int, resume: bool, overwrite: bool,
    as_json: bool, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Match SOURCE (SynHead+) to the poses of TARGET (Biwi+ NPZ, BIWI frames, any dataset or label file).

    For each target pose and head, the frame with the nearest viewing direction is turned in its image plane. Writes
    OUT/synbiwi+ (turned frames), OUT/synhead++ (their union with SOURCE), OUT/matches.parquet, OUT/report.json and
    OUT/report.png. The target's rotations are used, unless --target-poses gives others: whatever is trained on the
    result says so.

    \b
    Examples:
      synhead match-biwi synhead+ Biwi_plus.npz matched --max-targets 1500 --workers 2
      synhead match-biwi synhead+ Biwi_plus.npz matched --labels-only
      synhead match-biwi synhead+ Biwi_plus.npz matched --target-poses predictions.csv --labels-convention biwi+
      synhead match-biwi synhead+ Biwi_plus.npz exact --mode exact --max-targets 500
    """
    mode = given["mode"]
    settings = settings_from_options(given)
    poses = target_from_options(target, settings.frame, given)
    how = {"workers": workers, "resume": resume, "overwrite": overwrite, "progress": options.progress(quiet, "frames")}
    if mode == EXACT:
        from synhead_tools.cli.match_exact import build_exact

        report = build_exact(source, poses, out, settings.max_targets, **how)
    else:
        from synhead_tools.formats.open import open_any
        from synhead_tools.matching.build import build_matched

        report = build_matched(open_any(source, convention=source_convention), poses, out, settings, **how)
    if as_json:
        click.echo(json.dumps(report))
        return
    for line in _lines(report, out):
        click.echo(line)


def _lines(report: dict[str, Any], out: Path) -> list[str]:
    residual, corners = report["residual_deg"], report["empty_corners"]
    lines = [
        f"{report['targets']} targets x {report['heads']} heads: residual median {residual['50']:.2f}, "
        f"95 % {residual['95']:.2f} degrees"
    ]
    if corners["frames"]:
        done = "kept" if corners["written"] else "left out"
        lines.append(f"{corners['frames']} frames whose crop shows a corner that was never rendered: {done}")
    if report["targets_without_prediction"]:
        lines.append(f"{len(report['targets_without_prediction'])} target frames have no prediction; see report.json")
    union = f", {report['synhead++_frames']} in {out / 'synhead++'}" if "synhead++_frames" in report else ""
    lines.append(f"{report['synbiwi+_frames']} frames in {out / 'synbiwi+'}{union}")
    used = "used" if report["target_labels_used"] else "not used"
    lines.append(f"target labels: {used} ({report['target_poses']})")
    return lines

"""``synhead convert-euler``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command("convert-euler", short_help="Restate pose labels in another Euler convention.")
@click.argument("labels_in", metavar="IN", type=options.path_in)
@click.argument("out", metavar="OUT", type=options.path_out)
@click.option("--from", "source", help="Convention of a CSV; a dataset knows its own.")
@click.option("--to", "target", default="biwi+", show_default=True, help="Convention to write.")
@click.option(
    "--min-visible-points", type=click.IntRange(0, 5), default=3, show_default=True,
    help="Datasets: keep frames that show at least so many of the five points.",
)  # fmt: skip
@click.option(
    "--min-visible-fraction", type=click.FloatRange(0, 1), default=0.25, show_default=True,
    help="Datasets: keep frames that show at least this part of the frontal face area.",
)  # fmt: skip
@options.overwrite
@options.as_json
@options.common
def convert_euler(
    labels_in: Path, out: Path, source: str | None, target: str, min_visible_points: int,
    min_visible_fraction: float, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Restate labels: a SynHead dataset IN becomes SynHead+ OUT, a CSV with pitch, yaw, roll becomes another CSV.

    SynHead+ keeps the frames whose face is visible and refers to the pictures of IN; none is copied.

    \b
    Examples:
      synhead convert-euler synhead synhead+
      synhead convert-euler poses.csv poses_biwi.csv --from hopenet --to biwi+
    """
    if labels_in.is_dir():
        result = _convert_dataset(labels_in, out, target, min_visible_points, min_visible_fraction, overwrite)
    else:
        if source is None:
            raise click.UsageError("a CSV does not say its convention: give --from NAME (see synhead conventions)")
        from synhead_tools.formats.convert_pose_csv import convert_pose_csv

        rows = convert_pose_csv(labels_in, out, source, target, overwrite=overwrite)
        result = {"out": str(out), "rows": rows, "from": source, "to": target}
    text = ", ".join(f"{key} {value}" for key, value in result.items())
    click.echo(json.dumps(result) if as_json else text)


def _convert_dataset(
    source: Path, out: Path, target: str, min_points: int, min_fraction: float, overwrite: bool
) -> dict[str, object]:
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.matching.synhead_plus import VisibleFaceRule, build_synhead_plus

    rule = VisibleFaceRule(min_points, min_fraction)
    manifest = build_synhead_plus(source, out, convention=target, rule=rule, overwrite=overwrite)
    kept = len(open_dataset(out))
    return {"out": str(out), "kind": manifest.kind, "frames": kept, "of": len(open_dataset(source)), "to": target}

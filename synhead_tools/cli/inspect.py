"""``synhead inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="Say what a dataset holds, and check its files.")
@click.argument("dataset", type=options.path_in)
@click.option("--verify", is_flag=True, help="Read every shard again and compare checksums.")
@options.labels
@options.labels_convention
@options.as_json
@options.common
def inspect(
    dataset: Path, verify: bool, labels: Path | None, labels_convention: str | None, as_json: bool, quiet: bool
) -> None:
    """Print kind, frames, columns and the range of the labels of DATASET.

    \b
    Example:
      synhead inspect synhead --verify
    """
    from synhead_tools.formats.open import open_any
    from synhead_tools.geometry.euler import euler_from_rotmat

    opened = open_any(dataset, labels=labels, convention=labels_convention)
    told = {key: value for key, value in opened.describe().items() if key != "frames"}
    result = {**told, "frames": len(opened), "columns": list(opened.columns)}
    if "rotmat" in opened.columns and len(opened):
        angles = euler_from_rotmat(opened.read("rotmat"), "biwi+")
        for column, name in enumerate(("pitch", "yaw", "roll")):
            values = angles[:, column]
            summary = {"min": values.min(), "mean": values.mean(), "max": values.max()}
            result[f"{name}_deg (biwi+)"] = {key: round(float(value), 2) for key, value in summary.items()}
    if verify:
        if not hasattr(opened, "verify"):
            raise click.UsageError(f"{dataset} is not a dataset of ours and has no checksums to verify")
        result["shards_verified"] = opened.verify()
    if as_json:
        click.echo(json.dumps(result, default=str))
        return
    for key, value in result.items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        click.echo(f"{key}: {', '.join(shown) if isinstance(shown, list) else shown}")

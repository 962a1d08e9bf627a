"""``synhead inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="Say what a dataset holds, and what is wrong with it.")
@click.argument("dataset", type=options.path_in)
@click.option("--convention", default="biwi+", show_default=True, help="Euler convention to state rotations in.")
@click.option("--verify", is_flag=True, help="Read every shard again and compare checksums.")
@click.option("--strict", is_flag=True, help="Exit with status 1 if there are problems.")
@click.option("--picture", type=options.path_out, help="Draw histograms of the poses, as PNG.")
@options.labels
@options.labels_convention
@options.overwrite
@options.as_json
@options.common
@click.pass_context
def inspect(
    ctx: click.Context, dataset: Path, convention: str, verify: bool, strict: bool, picture: Path | None,
    labels: Path | None, labels_convention: str | None, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Print what DATASET holds: counts, ranges and histograms of the labels, coverage, and problems found.

    DATASET is a dataset of synhead's, any foreign one it can read, or a label file.

    \b
    Examples:
      synhead inspect synhead --verify
      synhead inspect Biwi_plus.npz --picture stats.png
    """
    from synhead_tools.formats.inspection import inspect_dataset, inspection_text
    from synhead_tools.formats.open import open_any

    opened = open_any(dataset, labels=labels, convention=labels_convention)
    if verify and not hasattr(opened, "verify"):
        raise click.UsageError(f"{dataset} is not a dataset of ours and has no checksums to verify")
    # first: what is damaged need not be looked at, and would be complained of in other words
    verified = {"shards_verified": opened.verify(options.progress(quiet, "shards"))} if verify else {}
    result = {**inspect_dataset(opened, convention), **verified}
    if picture is not None:
        from synhead_tools.rendering.preview import write_stats

        write_stats(opened, picture, overwrite=overwrite, convention=convention)
        result["picture"] = str(picture)
    click.echo(json.dumps(result, default=str) if as_json else inspection_text(result))
    if strict and result["problems"]:
        ctx.exit(1)

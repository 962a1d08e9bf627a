"""``synhead merge``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.command("merge", short_help="Make one dataset of several, without copying pictures.")
@click.argument("out", metavar="OUT", type=options.path_out)
@click.argument("sources", metavar="DATASET DATASET...", type=options.path_in, nargs=-1, required=True)
@options.overwrite
@options.as_json
@options.common
def merge(out: Path, sources: tuple[Path, ...], overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Make the dataset OUT of the samples of several, one after the other.

    OUT refers to their pictures; none is copied. They are of one kind, or SynHead+, SynBiwi+ and SynHead++, which
    become a SynHead++; convention and size of pictures are the same in all. OUT has the columns that all have, and
    says which datasets it came from and whether labels of a target had a part in any.

    \b
    Examples:
      synhead merge more matched/synhead++ people+
      synhead train-padaco more biwi_frames model --labels Biwi_plus.npz
    """
    from synhead_tools.matching.merge_datasets import merge_datasets

    manifest = merge_datasets(sources, out, overwrite)
    told = {"out": str(out), "kind": manifest.kind, "frames": len(manifest), "heads": len(manifest.heads)}
    if as_json:
        click.echo(json.dumps(told))
    elif not quiet:
        click.echo(f"{out}: {manifest.kind} of {len(manifest)} frames, {len(manifest.heads)} heads")

"""``synhead heads``."""

from __future__ import annotations

from pathlib import Path

import click

from synhead_tools.cli import options


@click.command(short_help="List the bundled heads, or draw them.")
@click.option("--show", "picture", type=options.path_out, help="Write a contact sheet to this PNG.")
@click.option("--heads", "names", default="all", show_default=True, help="Comma list of head names or recipe files.")
@click.option("--size", "size_px", type=click.IntRange(32, 1024), default=256, show_default=True, help="Pixels.")
@options.overwrite
@options.common
def heads(picture: Path | None, names: str, size_px: int, overwrite: bool, quiet: bool) -> None:
    """List the bundled heads with their licence, or draw each in three poses.

    \b
    Example:
      synhead heads --show heads.png
    """
    from synhead_tools.cli.plans import head_names
    from synhead_tools.heads.library import load_head

    chosen = head_names(names)
    if picture is None:
        for name in chosen:
            head = load_head(name)
            triangles = sum(len(part.triangles) for part in head.parts)
            click.echo(f"{head.name:12} {triangles:6} triangles  {head.licence}")
        return
    from synhead_tools.rendering.heads_sheet import heads_sheet

    heads_sheet(chosen, picture, size_px=size_px, overwrite=overwrite)
    click.echo(f"{len(chosen)} heads in {picture}")

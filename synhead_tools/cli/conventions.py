"""``synhead conventions``."""

from __future__ import annotations

import click

from synhead_tools.cli import options


@click.command(short_help="List the Euler conventions that labels may be in.")
@options.common
def conventions(quiet: bool) -> None:
    """List the named Euler conventions with their spec and source.

    A spec, SEQUENCE:SIGNS:UNIT:ORDER, may be given wherever a name may: xyz:+--:deg:pitch,yaw,roll. Lower case
    sequences are extrinsic, upper case intrinsic; signs belong to pitch, yaw, roll.
    """
    from synhead_tools.geometry.conventions import CONVENTIONS

    for name in CONVENTIONS:
        convention = CONVENTIONS.load(name)
        click.echo(f"{name:10} {convention.spec:36} {convention.source}")

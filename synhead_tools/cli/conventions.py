"""``synhead conventions``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options


@click.group(invoke_without_command=True, short_help="List the Euler conventions that labels may be in; show one.")
@options.as_json
@options.common
@click.pass_context
def conventions(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List the named conventions of labels: formula, written order, ranges, what + looks like, source.

    A spec, SEQUENCE:SIGNS:UNIT:ORDER, may be given wherever a name may: xyz:+--:deg:pitch,yaw,roll. Lower case
    sequences are extrinsic, upper case intrinsic; signs belong to pitch, yaw, roll, or for sequences such as ZXZ to
    alpha, beta, gamma.

    \b
    Examples:
      synhead conventions
      synhead conventions show hopenet --picture hopenet.png
    """
    if ctx.invoked_subcommand is not None:
        return
    from synhead_tools.geometry.conventions import CONVENTIONS
    from synhead_tools.geometry.conventions.facts import facts
    from synhead_tools.geometry.conventions.listing import short_text

    all_facts = [facts(name) for name in CONVENTIONS]
    click.echo(json.dumps(all_facts) if as_json else "\n\n".join(map(short_text, all_facts)))


@conventions.command(short_help="Say all about one convention, and draw it.")
@click.argument("convention", metavar="NAME|SPEC")
@click.option("--picture", type=options.path_out, help="Draw a head turned by each angle alone, as PNG.")
@options.overwrite
@options.as_json
@options.common
def show(convention: str, picture: Path | None, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Print all about one convention: also gimbal lock, and a rotation written in it.

    \b
    Examples:
      synhead conventions show biwi+
      synhead conventions show ZXZ:+-+ --picture zxz.png
    """
    from synhead_tools.geometry.conventions.facts import facts
    from synhead_tools.geometry.conventions.listing import full_text

    result = facts(convention)
    if picture is not None:
        from synhead_tools.rendering.conventions_sheet import conventions_sheet

        conventions_sheet(convention, picture, overwrite=overwrite)
        result["picture"] = str(picture)
    click.echo(json.dumps(result) if as_json else full_text(result))

"""Lines on stderr beside a command's answer."""

from __future__ import annotations

from collections.abc import Callable

import click


def speaker(quiet: bool = False, before: str = "") -> Callable[[str], None]:
    """A function that says a text on stderr in one line, whatever is in it, after `before`; nothing if `quiet`."""
    from synhead_tools.cli.main import one_line

    return (lambda text: None) if quiet else (lambda text: click.echo(one_line(before + text), err=True))

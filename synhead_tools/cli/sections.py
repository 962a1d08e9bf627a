"""Options under headings: bundles of options that ``--help`` prints together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

OTHER = "Options"


def section(title: str, *decorators: Callable[..., Any]) -> Callable[..., Any]:
    """One decorator for several of click's, whose options stand under `title` in the help of a `SectionedCommand`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        before = len(getattr(function, "__click_params__", ()))
        for decorator in reversed(decorators):
            function = decorator(function)
        for param in function.__click_params__[before:]:
            param.section = title
        return function

    return decorate


class SectionedCommand(click.Command):
    """A command whose help lists options section by section, in the order of the decorators, and the others last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the help."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", OTHER), []).append(record)
        for title in sorted(sections, key=OTHER.__eq__):  # the sort keeps the order of the named ones
            with formatter.section(title):
                formatter.write_dl(sections[title])

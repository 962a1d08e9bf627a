"""Write docs/cli.md from the commands' own --help."""

from __future__ import annotations

from pathlib import Path

import click

from synhead_tools.cli.main import COMMANDS, synhead

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"


def reference() -> str:
    """The page, as Markdown."""
    parts = ["# Command reference\n\nGenerated from `--help` by `make docs`.\n", _section("synhead", synhead)]
    for name in COMMANDS:
        command = COMMANDS.load(name)
        parts.append(_section(f"synhead {name}", command))
        inner = getattr(command, "commands", {})
        parts += [_section(f"synhead {name} {word}", inner[word]) for word in inner]
    return "\n".join(parts)


def _section(title: str, command: click.Command) -> str:
    # the names of --help are the group's: click keeps those of the first context a command was used in
    names = synhead.context_settings["help_option_names"]
    context = click.Context(
        command, info_name=title, max_content_width=100, terminal_width=100, help_option_names=names
    )
    return f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")

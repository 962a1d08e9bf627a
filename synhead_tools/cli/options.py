"""Options that several commands share, worded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from synhead_tools.errors import SynheadError
from synhead_tools.input_files import read_input

SETTINGS_BYTES_LIMIT = 1 << 20

path_in = click.Path(exists=True, path_type=Path)
path_out = click.Path(path_type=Path)

seed = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of everything random.")
workers = click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes; the bytes do not depend on it.",
)
overwrite = click.option("--overwrite", is_flag=True, help="Replace what is at the output.")
resume = click.option("--resume", is_flag=True, help="Go on with an interrupted run; finished shards are kept.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and stop.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
labels = click.option(
    "--labels", type=path_in, help="Biwi+ label file (NPZ) for a folder of BIWI frames: boxes, and rotations to score."
)

detector = click.option(
    "--model", metavar="DETECTOR", help="Folder of a detector (train-retinaface), an .onnx that export made of one, or "
    "the name of a bundled one.  [default: the bundled one]",
)  # fmt: skip

labels_convention = click.option(
    "--labels-convention", help="Euler convention of a CSV with labels, which does not say its own."
)


def _set_verbosity(ctx: click.Context, _param: click.Parameter, value: int) -> int:
    # a subcommand shares these with its group: -v before it counts as well
    ctx.meta["synhead.verbosity"] = ctx.meta.get("synhead.verbosity", 0) + value
    return value


def _load_config(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    """Defaults of this command from a TOML file; what is written on the command line wins."""
    if value is None:
        return
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    try:
        data = read_input(value, SETTINGS_BYTES_LIMIT, SynheadError, "give a TOML file")
    except SynheadError as error:
        raise click.BadParameter(str(error)) from error
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{value} is no TOML file: {error}") from error
    known = _settings_of(ctx.command)
    settings = {key.replace("-", "_"): setting for key, setting in table.items()}
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise click.BadParameter(f"{value}: unknown setting {unknown[0]!r}; see {ctx.command_path} --help")
    typed = {known[name].name: _as_typed(known[name], setting, value) for name, setting in settings.items()}
    ctx.default_map = {**(ctx.default_map or {}), **typed}


def _settings_of(command: click.Command) -> dict[str, click.Parameter]:
    """What a settings file may set: by the names of the options, which users know, and those of the parameters."""
    options = {name.lstrip("-").replace("-", "_"): param for param in command.params for name in param.opts}
    return {**options, **{param.name: param for param in command.params}}


def _as_typed(param: click.Parameter, setting: object, path: Path) -> object:
    """What a setting would be on the command line, so that it is checked like one: text, or a list of texts."""
    if getattr(param, "is_flag", False):
        good = isinstance(setting, bool)
    elif getattr(param, "multiple", False):
        good = isinstance(setting, list) and all(isinstance(item, str) for item in setting)
    else:
        good = isinstance(setting, (str, int, float)) and not isinstance(setting, bool)
        setting = str(setting)
    if not good:
        wanted = "true or false" if getattr(param, "is_flag", False) else f"what {param.opts[0]} takes"
        raise click.BadParameter(f"{path}: {param.name.replace('_', '-')} is {setting!r:.60}; give {wanted}")
    return setting


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--config``, ``-v`` and ``-q``, which every command has."""
    command = click.option(
        "-v", "--verbose", count=True, callback=_set_verbosity, is_eager=True, expose_value=False,
        help="Say more on stderr; -vv shows a traceback on errors.",
    )(command)  # fmt: skip
    command = click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")(command)
    return click.option(
        "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), callback=_load_config,
        is_eager=True, expose_value=False, help="TOML file with settings for this command.",
    )(command)  # fmt: skip


def refuse_given(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    """Usage error for options of these names that were given, on the command line or in a file, and mean nothing."""
    for param in ctx.command.params:
        if param.name in names and ctx.get_parameter_source(param.name) not in (None, ParameterSource.DEFAULT):
            raise click.UsageError(f"{param.opts[0]} means nothing here: {why}")


def progress(quiet: bool, what: str) -> Callable[[int, int], None]:
    """A function (done, total) that says on stderr how far a run is: see `synhead_tools.cli.progress`."""
    import sys

    from synhead_tools.cli.progress import progress_on

    return (lambda done, total: None) if quiet else progress_on(sys.stderr, what)

"""The ``synhead`` command: a group whose subcommands are loaded when they are named."""

from __future__ import annotations

import sys

import click

from synhead_tools import __version__
from synhead_tools.errors import SynheadError
from synhead_tools.registry import Table

_HERE = "synhead_tools.cli"

COMMANDS = Table(
    "command",
    {
        "render": f"{_HERE}.render:render",
        "convert-euler": f"{_HERE}.convert_euler:convert_euler",
        "match-biwi": f"{_HERE}.match_biwi:match_biwi",
        "merge": f"{_HERE}.merge:merge",
        "train-padaco": f"{_HERE}.train_padaco:train_padaco",
        "train-retinaface": f"{_HERE}.train_retinaface:train_retinaface",
        "evaluate": f"{_HERE}.evaluate:evaluate",
        "predict": f"{_HERE}.predict:predict",
        "detect": f"{_HERE}.detect:detect",
        "boxes": f"{_HERE}.boxes:boxes",
        "export": f"{_HERE}.export:export",
        "heads": f"{_HERE}.heads:heads",
        "inspect": f"{_HERE}.inspect:inspect",
        "identify": f"{_HERE}.identify:identify",
        "conventions": f"{_HERE}.conventions:conventions",
        "demo": f"{_HERE}.demo:demo",
        "reproduce": f"{_HERE}.reproduce:reproduce",
    },
)

EXIT_INTERRUPTED = 130
LONGEST_ERROR = 1000


class _LazyGroup(click.Group):
    """Subcommands come from `COMMANDS`; errors of ours become one line; Ctrl-C ends with 130."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return COMMANDS.load(cmd_name) if cmd_name in COMMANDS else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click's own; it also ends quietly when the reader of our output has gone
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            ctx.exit(EXIT_INTERRUPTED)
        except Exception as error:
            _raise_if_wanted(ctx, error)
            raise click.ClickException(one_line(_what_happened(error))) from error


def _raise_if_wanted(ctx: click.Context, error: Exception) -> None:
    """With -vv the traceback is what the user asked for."""
    if ctx.meta.get("synhead.verbosity", 0) >= 2:
        raise error


def _what_happened(error: Exception) -> str:
    """What a user is told of an error."""
    if isinstance(error, SynheadError):
        return str(error)
    if isinstance(error, ImportError):
        return _missing_package(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    # torch says it with a RuntimeError, on the processor and on the GPU in different words
    if isinstance(error, MemoryError) or "t allocate memory" in str(error) or "out of memory" in str(error):
        return "out of memory; ask for fewer or smaller pictures, smaller batches or a smaller network"
    return f"unexpected {type(error).__name__}: {error}; this is a defect of synhead, -vv shows where"


def one_line(text: str) -> str:
    """`text` in one line, not endless, and without characters that a terminal would obey."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
    return line if len(line) <= LONGEST_ERROR else f"{line[: LONGEST_ERROR - 203]}...{line[-200:]}"


def _missing_package(error: ImportError) -> str:
    extras = {
        "torch": "train", "safetensors": "train", "numba": "cpu", "onnx": "export", "onnxruntime": "export",
        "onnxscript": "export", "av": "video", "distributed": "cluster",
    }  # fmt: skip
    extra = extras.get(error.name or "")
    if extra:
        return f"{error.name} is not installed; pip install 'synhead-tools[{extra}]'"
    return f"{error}; is the installation complete?"


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="synhead")
def synhead() -> None:
    """Render 3D heads at known rotations, restate and match head-pose labels, train estimators that adapt.

    \b
    The chain, from bundled heads to an adapted estimator:
      synhead render synhead --grid
      synhead convert-euler synhead synhead+
      synhead match-biwi synhead+ Biwi_plus.npz matched
      synhead train-padaco matched/synhead++ REAL_FRAMES model
      synhead evaluate model REAL_FRAMES
    """


def main() -> None:
    """Entry point of the console script."""
    try:
        sys.exit(synhead(prog_name="synhead"))
    except OSError as error:  # help or version that cannot be written is not met by any command
        sys.exit(f"Error: {one_line(_what_happened(error))}")

"""The folder an export makes: whole or not at all, and recognised by its ``export.json``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from synhead_tools import __version__
from synhead_tools.errors import ExportError, OutputExistsError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.new_folder import new_folder
from synhead_tools.formats.sample import SampleSource
from synhead_tools.input_files import read_input

EXPORT_NAME = "export.json"
EXPORT_BYTES_LIMIT = 16 << 20


@contextmanager
def export_folder(
    dataset: SampleSource, out: str | os.PathLike, facts: dict[str, Any], files: str, overwrite: bool
) -> Iterator[Path]:
    """Yield a folder to fill, which becomes `out` when the block ends well and vanishes when it does not.

    Parameters
    ----------
    dataset : SampleSource
        What is exported; its own files are never replaced.
    out : path
        The folder's final place.
    facts : dict
        ``format`` (name of the exporter), ``convention`` and whatever else ``export.json`` is to say; may be added to
        until the block ends, by when it has ``frames``.
    files : str
        Regular expression of every path the exporter makes, relative to the folder, folders with ``/`` at the end.
    overwrite : bool
        Replace an earlier export of the same format, and nothing else.

    Raises
    ------
    OutputExistsError
        `out` is there and `overwrite` is false, or there is something in it that no such export makes.
    """
    check = partial(_check_is_export, format_name=facts["format"], files=files)
    with new_folder(out, overwrite, reads=(dataset,), check=check) as folder:
        yield folder
        told = {"tool": f"synhead {__version__}", **facts, "source": dict(dataset.describe())}
        manifest = getattr(dataset, "manifest", None)
        if manifest is not None:
            told["heads"] = dict(manifest.heads)
        atomic_write_text(folder / EXPORT_NAME, json.dumps(told, indent=1, default=str) + "\n")
        os.sync()  # once for all: flushing half a million pictures one by one would take longer than writing them


def _check_is_export(out: Path, format_name: str, files: str) -> None:
    advice = f"--overwrite replaces {format_name} exports only; choose another place"
    if not out.is_dir() or not (out / EXPORT_NAME).is_file():
        raise OutputExistsError(f"{out} is no export ({EXPORT_NAME} is not there); {advice}")
    try:
        found = json.loads(read_input(out / EXPORT_NAME, EXPORT_BYTES_LIMIT, ExportError, advice)).get("format")
    except (ValueError, AttributeError, RecursionError):
        found = None
    if found != format_name:
        raise OutputExistsError(f"{out} is an export of another format ({found!r:.40}); {advice}")
    ours = re.compile(rf"{files}|{re.escape(EXPORT_NAME)}")
    for path in out.rglob("*"):
        name = path.relative_to(out).as_posix() + ("/" if path.is_dir() and not path.is_symlink() else "")
        if not ours.fullmatch(name):
            raise OutputExistsError(f"{out} also holds {name!r}, which --overwrite would remove; choose another place")

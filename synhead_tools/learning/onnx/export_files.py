"""The two files of an exported model: something.onnx, and something.toml that says how to ask it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from synhead_tools.errors import CheckpointError, OutputExistsError
from synhead_tools.formats.atomic import atomic_file


@dataclass(frozen=True)
class ExportFiles:
    """Where a model is written, and both files, open."""

    onnx_path: Path
    toml_path: Path
    onnx: BinaryIO
    toml: BinaryIO


@contextmanager
def export_files(out: str | os.PathLike, overwrite: bool) -> Iterator[ExportFiles]:
    """Open both files before the work begins, so that a place that cannot be written to is told at once.

    They appear under their names at the end, the model first, and not at all if the work fails.

    Raises
    ------
    OutputExistsError
        One of the files is there and `overwrite` is false.
    CheckpointError
        `out` does not end with ``.onnx``.
    """
    out = Path(out)
    toml_path = out.with_suffix(".toml")
    if out.suffix != ".onnx":
        raise CheckpointError(f"{out} must be called something.onnx")
    for path in (out, toml_path):
        if os.path.lexists(path) and not overwrite:
            raise OutputExistsError(f"{path} is already there; choose another name or pass --overwrite")
    with atomic_file(toml_path, overwrite) as toml_file, atomic_file(out, overwrite) as onnx_file:
        yield ExportFiles(out, toml_path, onnx_file, toml_file)

"""Files that are either wholly there or not there at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from synhead_tools.errors import OutputExistsError

TEMPORARY_SUFFIX = ".tmp"


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a binary file that takes the name `path` only when the block ends without an error.

    The bytes go to a hidden name in the same folder, are flushed to the disk and renamed; then the folder is flushed.
    When the block or the disk fails, the hidden file is removed and whatever was at `path` stays as it was. Only a
    process killed outright leaves its hidden ``.NAME.XXXXXXXX.tmp`` behind, which no reader looks at.

    Parameters
    ----------
    path : path
        Final name. Its folder must exist.
    overwrite : bool
        Replace a file that is already there.

    Yields
    ------
    file
        Open for reading and writing binary data; its ``name`` is the temporary path.

    Raises
    ------
    OutputExistsError
        `path` exists and `overwrite` is false, is no regular file, or has no folder to be written into.
    """
    path = Path(path)
    _refuse_existing(path, overwrite)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path, overwrite)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and str(error.filename) in ("None", str(temporary)):
            error.filename = str(path)  # a full disk does not say whose bytes it has no room for
        raise
    flush_folder(path.parent)


def atomic_write_bytes(path: str | os.PathLike, data: bytes, overwrite: bool = False) -> None:
    """Write `data` to `path` whole or not at all; see `atomic_file` for the promises and errors."""
    with atomic_file(path, overwrite) as file:
        file.write(data)


def atomic_write_text(path: str | os.PathLike, text: str, overwrite: bool = False) -> None:
    """Write `text` as UTF-8 with the line ends it has, whole or not at all; see `atomic_file`."""
    atomic_write_bytes(path, text.encode("utf-8"), overwrite)


def flush_folder(folder: str | os.PathLike) -> None:
    """Flush a folder's entries to the disk, so that a rename survives a power cut; a no-op where unsupported."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse to fsync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise OutputExistsError(f"{path} is a folder where a file is to be written; choose another name")
    if not path.parent.is_dir():
        raise OutputExistsError(
            f"{path} cannot be written: {path.parent} is no folder; make it or choose another place"
        )
    if path.exists() and not path.is_file():  # renaming onto /dev/null would replace the device itself
        raise OutputExistsError(f"{path} is a device or a pipe, not a file; choose another name")
    if not overwrite and os.path.lexists(path):
        raise OutputExistsError(f"{path} is already there; choose another name or allow overwriting")

"""The folder a run writes into: who may write, what may be kept, what must go."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import TEMPORARY_SUFFIX
from synhead_tools.formats.folder_contents import JOURNAL_NAME, LOCK_NAME, SHARDS_FOLDER, SIDE_FILES, foreign_names
from synhead_tools.formats.manifest import MANIFEST_NAME
from synhead_tools.formats.selection import SELECTIONS_FOLDER

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def disk_full_explained() -> Iterator[None]:
    """Add to the error of a full disk what to do: nothing is lost by it.

    Raises
    ------
    OSError
        The block's own, with more words.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        text = f"{error.strerror}; finished shards are kept: make room and run again with --resume"
        raise OSError(error.errno, text, error.filename) from None


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Make `folder` and hold its lock file for the length of the block.

    The lock is the system's (``flock``), so one left by a process that was killed holds nobody up; the file's text,
    the number of the process, is only for the message.

    Raises
    ------
    OutputExistsError
        Another run is writing there, or `folder` is a file, or cannot be written.
    """
    lock = folder / LOCK_NAME
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file; give a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _take_lock(lock)
    except OSError as error:
        raise OutputExistsError(f"{folder} cannot be written ({error.strerror}); choose another folder") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _take_lock(lock: Path) -> int:
    while True:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise OutputExistsError(
                f"{lock.parent} is being written by process {owner}; wait for it or choose another folder"
            ) from None
        if _is_same_file(descriptor, lock):
            with contextlib.suppress(OSError):  # a full disk has no room for the number, but holds the lock
                os.truncate(descriptor, 0)
                os.write(descriptor, f"{os.getpid()}\n".encode())
            return descriptor
        os.close(descriptor)  # its owner removed it between our opening and locking it


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def prepare_folder(folder: Path, resume: bool, overwrite: bool) -> None:
    """Make a locked folder ready to be written into: empty, or with what an earlier run of the same plan left.

    Raises
    ------
    OutputExistsError
        There is something, and neither `resume` nor `overwrite` was asked for; or something that no run has written.
    """
    present = {entry.name for entry in folder.iterdir()} - {LOCK_NAME}
    foreign = foreign_names(folder)
    if foreign:
        raise OutputExistsError(f"{folder} holds {foreign[0]!r}, which is not a dataset's; choose another folder")
    if present and not (resume or overwrite):
        raise OutputExistsError(f"{folder} is not empty; choose another folder, or use --resume or --overwrite")
    if overwrite and not resume:
        for name in (MANIFEST_NAME, JOURNAL_NAME, *SIDE_FILES):  # first: without its shards a manifest is a lie
            (folder / name).unlink(missing_ok=True)
        for name in (SHARDS_FOLDER, SELECTIONS_FOLDER):
            shutil.rmtree(folder / name, ignore_errors=True)
    (folder / SHARDS_FOLDER).mkdir(exist_ok=True)
    for place in (folder, folder / SHARDS_FOLDER):  # what a killed run had begun to write
        for leftover in place.glob(f".*{TEMPORARY_SUFFIX}"):
            leftover.unlink(missing_ok=True)

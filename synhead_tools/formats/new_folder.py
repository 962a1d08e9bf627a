"""Output folders that are either wholly there or not there at all: made beside their final place and moved there."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import TEMPORARY_SUFFIX
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.sample import SampleSource


@contextmanager
def new_folder(
    out: str | os.PathLike,
    overwrite: bool = False,
    *,
    reads: Iterable[SampleSource] = (),
    check: Callable[[Path], None],
) -> Iterator[Path]:
    """Yield a folder to fill; it takes the place of `out` when the block ends well, and is removed when it does not.

    The folder has the same parent as `out`, so relative paths written in it stay right.

    Parameters
    ----------
    out : path
        The folder's final place.
    overwrite : bool
        Throw away what is there.
    reads : iterable of SampleSource
        Datasets the new one is made from: replacing `out` must not take away their files, some of which the new one
        may point to.
    check : callable
        Looks at what is at `out`, if anything is, and raises `OutputExistsError` unless all of it was made by such a
        run: anything else is somebody's, and is not thrown away.

    Raises
    ------
    OutputExistsError
        `out` is there and holds something, and `overwrite` is false; or it holds something that `check` refuses to
        lose, or that one of `reads` needs; or another run is writing it.
    """
    out, reads = Path(out), tuple(reads)
    if out.name in ("", ".."):  # "." has no name to put another one beside
        out = out.resolve()
    _refuse(out, overwrite, reads, check)
    out.parent.mkdir(parents=True, exist_ok=True)
    building, replaced = out.with_name(f".{out.name}{TEMPORARY_SUFFIX}"), out.with_name(f".{out.name}.old")
    with _held(building, out):
        if replaced.exists():  # an earlier run was killed between two renames
            shutil.rmtree(replaced) if out.exists() else replaced.rename(out)
        _refuse(out, overwrite, reads, check)
        yield building
        _refuse(out, overwrite, reads, check)  # somebody may have put something there meanwhile
        if out.exists():
            out.rename(replaced)
        building.rename(out)
        shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def _held(building: Path, out: Path) -> Iterator[None]:
    """Make the folder `building`, empty, and hold it against other runs for the length of the block.

    What a killed run has left there is removed: the lock is the system's, and goes with the process that held it.
    """
    busy = f"{out} is being written by another run; wait for it or choose another place"
    building.mkdir(exist_ok=True)
    descriptor = os.open(building, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputExistsError(busy) from None
        if not _is_at(descriptor, building):  # its owner has just moved it to its place
            raise OutputExistsError(busy)
        for leftover in building.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
        try:
            yield
        finally:
            if _is_at(descriptor, building):
                shutil.rmtree(building, ignore_errors=True)
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _refuse(out: Path, overwrite: bool, reads: Iterable[SampleSource], check: Callable[[Path], None]) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise OutputExistsError(f"{out} is already there; choose another place or give --overwrite")
    for place in (place for source in reads for place in places_of(source)):
        if place.is_relative_to(out.resolve()):
            raise OutputExistsError(f"{out} holds {place}, which is read here; choose another place")
    check(out)


def places_of(source: SampleSource) -> list[Path]:
    """Where the files of a dataset lie, resolved."""
    if isinstance(source, Dataset):
        return [source.folder.resolve(), *((source.folder / entry.path).resolve() for entry in source.manifest.shards)]
    path = getattr(source, "path", None)  # readers of foreign datasets
    return [] if path is None else [Path(path).resolve()]

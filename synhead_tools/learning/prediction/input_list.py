"""What to look at: picture files, video files, and folders of either."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from synhead_tools.errors import PictureError
from synhead_tools.formats.manifest import MANIFEST_NAME
from synhead_tools.learning.prediction.picture_file import PICTURE_SUFFIXES

MARK_NAME = "drawn-by-synhead.txt"
"""Lies in folders of drawn copies."""
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")


@dataclass(frozen=True)
class InputFile:
    """One file to look at.

    Attributes
    ----------
    path : Path
        Where it is, as far as it was given: ``folder/a/b.jpg`` of ``folder``.
    inside : PurePath
        Its place within the folder that was given, else its name: where a drawn copy goes.
    is_video : bool
        By its suffix.
    """

    path: Path
    inside: PurePath
    is_video: bool


def list_inputs(given: Iterable[str | os.PathLike]) -> Iterator[InputFile]:
    """Go through what was given, in that order; folders recursively, sorted by name, one listing at a time.

    Of folders, files that are called like a picture or a video are taken; what begins with a point is hidden, and
    links to folders are not followed, and folders of drawn copies (`MARK_NAME`) left out. What was named itself is
    always taken.

    Raises
    ------
    PictureError
        A folder cannot be read, or is a dataset of synhead.
    """
    for path in map(Path, given):
        if path.is_dir():
            if (path / MANIFEST_NAME).is_file():
                raise PictureError(
                    f"{path} is a dataset, whose pictures lie in shards; synhead evaluate asks a model about it, "
                    "synhead export writes its pictures as files"
                )
            yield from _in_folder(path, PurePath())
        else:
            yield InputFile(path, PurePath(path.name), path.suffix.lower() in VIDEO_SUFFIXES)


def count_inputs(given: Iterable[str | os.PathLike]) -> tuple[int, int]:
    """How many pictures and how many videos `list_inputs` gives.

    Raises
    ------
    PictureError
        As `list_inputs`; or there are none.
    """
    given, counts = list(given), [0, 0]
    for file in list_inputs(given):
        counts[file.is_video] += 1
    if not any(counts):
        shown = ", ".join(map(str, given)) or "nothing"
        raise PictureError(f"there is no picture and no video in {shown}; give files, or folders that hold some")
    return counts[0], counts[1]


def _in_folder(folder: Path, inside: PurePath) -> Iterator[InputFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise PictureError(f"folder {folder} cannot be read ({error.strerror}); mend it or leave it out") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        suffix = PurePath(entry.name).suffix.lower()
        if entry.is_dir(follow_symlinks=False):
            if (folder / entry.name / MARK_NAME).is_file():
                continue
            yield from _in_folder(folder / entry.name, inside / entry.name)
        elif suffix in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES) and entry.is_file():
            yield InputFile(folder / entry.name, inside / entry.name, suffix in VIDEO_SUFFIXES)

"""Copies of pictures and videos with something drawn on them: one file, or a folder that is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

from PIL import Image

from synhead_tools.errors import OutputExistsError, PictureError
from synhead_tools.formats.atomic import atomic_file, atomic_write_text
from synhead_tools.formats.new_folder import new_folder
from synhead_tools.learning.prediction.input_list import MARK_NAME, VIDEO_SUFFIXES, InputFile
from synhead_tools.learning.prediction.picture_file import PICTURE_SUFFIXES
from synhead_tools.learning.prediction.video_writer import SUFFIX, VideoWriter

_JPEG = (".jpg", ".jpeg", ".jpe")


class DrawnOutput:
    """Takes drawn pictures and frames in order, and writes them; `drawn_output` opens one.

    Parameters
    ----------
    target : Path or file
        Folder to fill, or an open file for the only input.
    suffix : str
        Of the only file, for its format.
    """

    def __init__(self, target: Path | BinaryIO, suffix: str = "") -> None:
        self._target, self._suffix = target, suffix
        self._video: VideoWriter | None = None
        self._video_of: Path | None = None
        self._open = ExitStack()

    def add(
        self, source: InputFile, drawn: Image.Image, time_s: float | None = None, rate: Fraction | None = None
    ) -> None:
        """Write one picture, or one frame of a video.

        Parameters
        ----------
        source : InputFile
            Where the picture is from.
        drawn : PIL.Image
            RGB.
        time_s, rate : float, Fraction
            Of a video: when the frame is shown, and frames per second.
        """
        if not source.is_video:
            self._save(drawn, source)
            return
        if self._video is None or self._video_of != source.path:
            self._begin_video(source, drawn.size, rate or Fraction(25))
        self._video.write(drawn, time_s or 0.0)

    def finish_video(self) -> None:
        """Close the video that is being written, if any."""
        if self._video is not None:
            self._video.close()
            self._open.close()
            self._video = self._video_of = None

    def abandon(self) -> None:
        """Close what is open without making sense of it."""
        self._open.close()

    def _save(self, drawn: Image.Image, source: InputFile) -> None:
        suffix = self._suffix or source.path.suffix.lower()
        style = {"format": "JPEG", "quality": 95} if suffix in _JPEG else {"format": "PNG", "compress_level": 3}
        if isinstance(self._target, Path):
            with self._place(source, suffix if suffix in _JPEG else ".png").open("xb") as file:
                drawn.save(file, **style)
        else:
            drawn.save(self._target, **style)

    def _begin_video(self, source: InputFile, size: tuple[int, int], rate: Fraction) -> None:
        self.finish_video()
        file = self._target
        if isinstance(file, Path):
            file = self._open.enter_context(self._place(source, SUFFIX).open("x+b"))
        self._video, self._video_of = VideoWriter(file, *size, rate), source.path

    def _place(self, source: InputFile, suffix: str) -> Path:
        """A path that nothing is at: two inputs may be called the same."""
        wanted = self._target / source.inside.with_suffix(suffix)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        path, number = wanted, 1
        while os.path.lexists(path):
            number += 1
            path = wanted.with_stem(f"{wanted.stem}-{number}")
        return path


@contextmanager
def drawn_output(
    path: str | os.PathLike, what: str, given: Sequence[str | os.PathLike], only: InputFile | None, overwrite: bool
) -> Iterator[DrawnOutput]:
    """Open the place for drawn copies; nothing is there before the block ends well.

    Parameters
    ----------
    path : path
        A file that is called like a picture, or a video, for an only input of that sort; else a folder.
    what : str
        What is drawn by whom, for a note in the folder.
    given : sequence of path
        What the inputs are, which must not be replaced.
    only : InputFile or None
        The only input, where there is but one.
    overwrite : bool
        Replace a file, or a folder of drawn copies.

    Raises
    ------
    OutputExistsError
        Something is there, and `overwrite` is false or it is somebody's.
    PictureError
        A file was named for a folder's worth, or for the other sort.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES):
        reads = [SimpleNamespace(path=place) for place in given]
        with new_folder(path, overwrite, reads=reads, check=_check_is_drawn) as folder:
            yield from _closing(DrawnOutput(folder))
            atomic_write_text(folder / MARK_NAME, f"Copies with {what}.\n")
        return
    allowed = (SUFFIX,) if only is not None and only.is_video else (*_JPEG, ".png")
    if only is None or suffix not in allowed:
        source = "several inputs" if only is None else "a video" if only.is_video else "a picture"
        wanted = "a folder" if only is None else f"a folder or a name that ends with {', '.join(allowed)}"
        raise PictureError(f"{path} cannot hold what is drawn of {source}; give {wanted}")
    refuse_input(path, given)
    with atomic_file(path, overwrite) as file:
        yield from _closing(DrawnOutput(file, suffix))


def refuse_input(path: Path, given: Sequence[str | os.PathLike]) -> None:
    """Raise OutputExistsError where an output would replace an input."""
    for place in map(Path, given):
        if path.exists() and place.exists() and path.samefile(place):
            raise OutputExistsError(f"{path} is an input; choose another name for the output")


def refuse_one_place(out: Path, draw: str | os.PathLike | None) -> None:
    """Raise OutputExistsError where a table of answers and what is drawn would be one file, or one in the other."""
    if draw is not None and Path(draw).resolve() in (out.resolve(), *out.resolve().parents):
        raise OutputExistsError(f"{out} and what is drawn go to one place; give --draw and --out two")


def _closing(output: DrawnOutput) -> Iterator[DrawnOutput]:
    try:
        yield output
        output.finish_video()
    finally:
        output.abandon()


def _check_is_drawn(out: Path) -> None:
    advice = "--overwrite replaces folders of drawn copies only; choose another place"
    if not (out.is_dir() and (out / MARK_NAME).is_file()):
        raise OutputExistsError(f"{out} is no folder of drawn copies ({MARK_NAME} is not there); {advice}")
    for path in out.rglob("*"):
        if path.is_file() and path.suffix.lower() not in (*_JPEG, ".png", SUFFIX) and path.name != MARK_NAME:
            raise OutputExistsError(f"{out} also holds {path.name!r}, which --overwrite would remove; {advice}")

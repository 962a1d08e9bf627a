"""Videos somebody gave: one frame after the other, upright, never all of them in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import PictureError
from synhead_tools.input_files import open_input
from synhead_tools.learning.prediction.picture_file import check_size

# A playlist would make the library open other files and addresses; of these none can.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,ogg,flv"
_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a video.

    Attributes
    ----------
    number : int
        From 0, in the order of showing, all frames counted.
    time_s : float
        When it is shown, seconds.
    picture : array, shape (H, W, 3)
        uint8 RGB, upright.
    """

    number: int
    time_s: float
    picture: np.ndarray


class Video:
    """A video that is open for reading; see `open_video`.

    Attributes
    ----------
    rate : Fraction
        Frames per second, on average.
    frames : int or None
        How many there are, as the file says; None where it does not.
    """

    def __init__(self, container: Any, path: Path) -> None:
        self._container, self._path = container, path
        self._stream = container.streams.video[0]
        self.rate = self._stream.average_rate or _DEFAULT_RATE
        self.frames = self._stream.frames or None
        check_size(self._stream.codec_context.width, self._stream.codec_context.height, path)

    def read(self, every: int = 1) -> Iterator[Frame]:
        """Frames 0, `every`, 2 `every`, ..., turned as the file says they are to be shown.

        Raises
        ------
        PictureError
            The video is damaged from here on, or shows nothing at all.
        """
        import av

        number = -1
        try:
            for number, frame in enumerate(self._decoded()):
                if number % every == 0:
                    check_size(frame.width, frame.height, self._path)
                    time_s = float(number / self.rate) if frame.time is None else frame.time
                    yield Frame(number, time_s, _upright(frame))
        except av.FFmpegError as error:
            raise PictureError(
                f"{self._path} is damaged after {number + 1} frames ({error.strerror}); what follows is left out"
            ) from None
        if number < 0:
            raise PictureError(f"{self._path} holds no frames; save it anew")

    def _decoded(self) -> Iterator[Any]:
        """Frames up to the end or the first damage, and then the error."""
        import av

        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                with suppress(av.FFmpegError):  # those that wait for their turn in the order of showing are sound
                    yield from self._stream.codec_context.decode(None)
                raise
            yield from frames


@contextmanager
def open_video(path: str | os.PathLike) -> Iterator[Video]:
    """Open a video: MP4, MOV, MKV, WebM, AVI, MPEG, WMV and what else keeps its pictures in its own file.

    Raises
    ------
    PictureError
        It is missing, no video, or its pictures are too large.
    ImportError
        The package ``av`` is not installed.
    """
    import av

    path = Path(path)
    with open_input(path, PictureError, "give a video") as file:
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        try:
            container = av.open(file, container_options=options)
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "unknown form"
            raise PictureError(f"{path} is no video that can be read ({reason}); give MP4, MOV, MKV or WebM") from None
        with container:
            if not container.streams.video:
                raise PictureError(f"{path} has no pictures, only {len(container.streams)} other streams")
            if container.streams.video[0].codec_context is None:
                raise PictureError(f"{path} is coded in a way that nobody here can read; give MP4, MOV, MKV or WebM")
            yield Video(container, path)


def _upright(frame: Any) -> np.ndarray:
    picture = frame.to_ndarray(format="rgb24")
    # the file says by how much to turn counter-clockwise; phones write quarters
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture

"""Videos of drawn frames, written one frame after the other."""

from __future__ import annotations

from fractions import Fraction
from typing import BinaryIO

import numpy as np
from PIL import Image

SUFFIX = ".mp4"
_TICKS_PER_S = 60_000
"""Fine enough for every usual rate, and no more than MPEG-4 can count."""
_ENCODERS = ("libx264", "mpeg4")


class VideoWriter:
    """An MP4 file: H.264 where the installed codecs have it, else MPEG-4.

    Parameters
    ----------
    file : file
        Open for writing bytes, seekable.
    width_px, height_px : int
        Of the frames; an odd side is made even by repeating its last line.
    rate : Fraction
        Frames per second, about; each frame brings its time.
    """

    def __init__(self, file: BinaryIO, width_px: int, height_px: int, rate: Fraction) -> None:
        import av

        self._av = av
        self._size = (width_px, height_px)
        self._container = av.open(file, "w", format="mp4")
        self._stream = self._container.add_stream(_encoder(), rate=rate.limit_denominator(1001))
        self._stream.width, self._stream.height = width_px + width_px % 2, height_px + height_px % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        self._stream.options = {"crf": "18"} if self._stream.codec_context.name == "libx264" else {"qscale": "3"}
        self._ticks = -1

    def write(self, picture: Image.Image, time_s: float) -> None:
        """Append a frame that is shown from `time_s` on; another size is brought to that of the first."""
        if picture.size != self._size:
            picture = picture.resize(self._size, Image.Resampling.BILINEAR)
        width, height = self._size
        pixels = np.pad(np.asarray(picture), ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        self._ticks = max(round(time_s * _TICKS_PER_S), self._ticks + 1)  # times of damaged files may go back
        frame.pts, frame.time_base = self._ticks, Fraction(1, _TICKS_PER_S)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        self._container.mux(self._stream.encode())
        self._container.close()


def _encoder() -> str:
    from av.codec import Codec

    for name in _ENCODERS[:-1]:
        try:
            return Codec(name, "w").name
        except ValueError:  # av's own error for an unknown one is a kind of it
            continue
    return _ENCODERS[-1]

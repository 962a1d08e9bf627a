"""Reading Radiance pictures (``.hdr``, RGBE), as environment maps come, within bounds.

Ward, "Real Pixels", Graphics Gems II, 1991: a shared exponent for three mantissas, scan lines as they are or packed
in runs. A file is not trusted: what its header claims is not made room for before its scan lines are there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.input_files import read_input

MAX_BYTES = 128 << 20
MAX_PIXELS = 1 << 25
#: Wider maps are averaged down to this width while they are read.
MAX_WIDTH_PX = 2048
#: Radiance above this is cut: no sun is brighter against its sky.
MAX_RADIANCE = 1e6

_ADVICE = "give a Radiance .hdr picture (32-bit_rle_rgbe, -Y height +X width)"
_LONGEST_HEADER = 1 << 16
_MOST_MARKS = 3  # in a row
_MOST_PIECES = 1 << 23  # runs and stretches of a file: a few seconds


def read_radiance_hdr(path: str | Path) -> np.ndarray:
    """Read a picture.

    Parameters
    ----------
    path : path

    Returns
    -------
    (H, W, 3) float32
        Linear RGB from 0 to `MAX_RADIANCE`, top row first. Stated exposures are not applied.

    Raises
    ------
    PlanError
        It is none, of another layout, too large, or ends too early.
    """
    data = read_input(path, MAX_BYTES, PlanError, _ADVICE)
    start, height, width = _header(data, path)
    shrink = -(-width // MAX_WIDTH_PX)
    lines: list[np.ndarray] = []
    waiting: list[np.ndarray] = []
    pieces = 0
    for row in range(height):
        line, start, taken = _scan_line(data, start, width)
        pieces += taken
        if pieces > _MOST_PIECES:
            raise PlanError(f"{path} is packed in over {_MOST_PIECES >> 20} million pieces; save it at a smaller size")
        if line is None:
            raise PlanError(f"{path} is damaged or ends in row {row} of {height}; fetch it again")
        waiting.append(_decode(line))
        if len(waiting) == shrink or row == height - 1:
            lines.append(_averaged(np.stack(waiting), shrink))
            waiting = []
    return np.stack(lines)


def _header(data: bytes, path: str | Path) -> tuple[int, int, int]:
    """Where the scan lines begin, and height and width."""
    end = data.find(b"\n\n", 0, _LONGEST_HEADER)
    lines = data[: max(end, 0)].split(b"\n")
    if not lines[0].startswith((b"#?RADIANCE", b"#?RGBE")):
        raise PlanError(f"{path} is no Radiance picture; {_ADVICE}")
    formats = [line.partition(b"=")[2].strip() for line in lines if line.startswith(b"FORMAT=")]
    if formats and formats[-1] != b"32-bit_rle_rgbe":
        raise PlanError(f"{path} is of format {formats[-1][:40].decode('ascii', 'replace')!r}; {_ADVICE}")
    stop = data.find(b"\n", end + 2, end + 80)
    words = data[end + 2 : max(stop, end + 2)].split()
    if len(words) != 4 or words[0] != b"-Y" or words[2] != b"+X" or not (words[1] + words[3]).isdigit():
        raise PlanError(f"{path} does not state its size; {_ADVICE}")
    height, width = int(words[1]), int(words[3])
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise PlanError(f"{path} claims {width} x {height} pixels; give at most {MAX_PIXELS >> 20} Mpx")
    return stop + 1, height, width


def _scan_line(data: bytes, start: int, width: int) -> tuple[np.ndarray | None, int, int]:
    """One line (width, 4) uint8, or None if it is not there; where the next begins; in how many pieces it came."""
    if data[start : start + 2] == b"\x02\x02" and 8 <= width < 32768 and len(data) >= start + 4:
        if data[start + 2] * 256 + data[start + 3] != width:
            return None, start, 0
        return _packed_line(data, start + 4, width)
    return *_plain_line(data, start, width), 1


def _packed_line(data: bytes, start: int, width: int) -> tuple[np.ndarray | None, int, int]:
    """Four planes, each in runs (over 128: that many less 128 of one byte) and stretches (that many bytes)."""
    line = np.empty((4, width), np.uint8)
    pieces = 0
    for plane in line:
        filled = 0
        while filled < width:
            if start >= len(data):
                return None, start, pieces
            count = data[start]
            run = count > 128
            length = count - 128 if run else count
            following = 1 if run else length
            values = data[start + 1 : start + 1 + following]
            if length == 0 or filled + length > width or len(values) < following:
                return None, start, pieces
            plane[filled : filled + length] = values[0] if run else np.frombuffer(values, np.uint8)
            filled, start, pieces = filled + length, start + 1 + following, pieces + 1
    return line.T, start, pieces


def _plain_line(data: bytes, start: int, width: int) -> tuple[np.ndarray | None, int]:
    """Pixels as they are; (1, 1, 1, n) repeats the last one n times, shifted by 8 bits for each such mark before it."""
    items = np.frombuffer(data, np.uint8, min(len(data) - start, 8 * width) // 4 * 4, start).reshape(-1, 4)
    if not len(items):
        return None, start
    marks = (items[:, :3] == 1).all(axis=1)
    number = np.arange(len(items))
    pixel = np.maximum.accumulate(np.where(marks, -1, number))  # the last one, of which marks speak
    place = np.minimum(number - pixel - 1, _MOST_MARKS)
    lengths = np.where(marks, items[:, 3].astype(np.int64) << (8 * np.maximum(place, 0)), 1)
    filled = np.cumsum(np.minimum(lengths, width + 1))
    last = int(np.searchsorted(filled, width))
    whole = last < len(items) and filled[last] == width and pixel[0] == 0 and place[: last + 1].max() < _MOST_MARKS
    if not whole:
        return None, start
    return items[np.repeat(pixel[: last + 1], lengths[: last + 1])], start + 4 * (last + 1)


def _decode(line: np.ndarray) -> np.ndarray:
    """Linear RGB (width, 3) of RGBE: mantissa times 2^(exponent - 136); exponent 0 is black."""
    exponent = line[:, 3].astype(np.int32)
    scale = np.where(exponent > 0, np.ldexp(1.0, exponent - 136), 0.0)
    return np.minimum(line[:, :3] * scale[:, None], MAX_RADIANCE).astype(np.float32)


def _averaged(lines: np.ndarray, shrink: int) -> np.ndarray:
    """One line of the mean of blocks of `shrink` columns; what is left over at the right goes into the last one."""
    line = lines.mean(axis=0, dtype=np.float64)
    starts = np.arange(0, line.shape[0], shrink)
    counts = np.diff(np.append(starts, line.shape[0]))
    return (np.add.reduceat(line, starts, axis=0) / counts[:, None]).astype(np.float32)

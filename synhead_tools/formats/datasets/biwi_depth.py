"""Depth images of the BIWI Kinect Head Pose Database: ``frame_XXXXX_depth.bin``.

int32 width, int32 height, then runs until the image is full: int32 number of empty pixels, int32 number of pixels that
follow, and those as int16 millimetres; rows from the top, little-endian (after the reader published with the database).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.input_files import read_input

PIXELS_LIMIT = 1280 * 1024
"""The largest image a Kinect gives; files of the database have 640 x 480 pixels."""

BYTES_LIMIT = 16 << 20

_TWO_COUNTS = struct.Struct("<ii")
_ADVICE = "restore the depth image"


def read_depth_bin(path: str | os.PathLike) -> np.ndarray:
    """Read a depth image.

    Parameters
    ----------
    path : path

    Returns
    -------
    array, shape (H, W)
        uint16 millimetres along the optical axis of the depth camera, 0 where nothing was measured or where the
        database has cut the background away.

    Raises
    ------
    LabelFormatError
        The file is missing, truncated, too long, of an absurd size, or a run does not fit; names run and byte.
    """
    data = read_input(Path(path), BYTES_LIMIT, LabelFormatError, _ADVICE)
    if len(data) < _TWO_COUNTS.size:
        raise LabelFormatError(f"{path} ends at byte {len(data)}, within its size; {_ADVICE}")
    width, height = _TWO_COUNTS.unpack_from(data)
    if width < 1 or height < 1 or width * height > PIXELS_LIMIT:
        raise LabelFormatError(f"{path} claims {width} x {height} pixels, which is no depth image; {_ADVICE}")
    depth_mm = _unpack_runs(data, width * height, path).reshape(height, width)
    if (depth_mm < 0).any():
        row, column = np.argwhere(depth_mm < 0)[0]
        raise LabelFormatError(f"{path}: row {row}, column {column}: depth {depth_mm[row, column]} mm; {_ADVICE}")
    return depth_mm.astype(np.uint16)


def _unpack_runs(data: bytes, size: int, path: str | os.PathLike) -> np.ndarray:
    pixels = np.zeros(size, np.int16)
    place, offset, run = 0, _TWO_COUNTS.size, 0
    while place < size:
        where = f"{path}: run {run} at byte {offset}"
        if offset + _TWO_COUNTS.size > len(data):
            raise LabelFormatError(f"{where}: the file ends with {size - place} pixels missing; {_ADVICE}")
        empty, full = _TWO_COUNTS.unpack_from(data, offset)
        # a run of nothing would be no harm in itself, but a file of them would be read for nothing
        if empty < 0 or full < 0 or not 0 < empty + full <= size - place:
            raise LabelFormatError(f"{where}: {empty} empty and {full} full of {size - place} pixels left; {_ADVICE}")
        offset += _TWO_COUNTS.size
        if offset + 2 * full > len(data):
            raise LabelFormatError(f"{where}: the file ends within its {full} pixels; {_ADVICE}")
        pixels[place + empty : place + empty + full] = np.frombuffer(data, "<i2", full, offset)
        place, offset, run = place + empty + full, offset + 2 * full, run + 1
    if offset != len(data):
        raise LabelFormatError(f"{path} has {len(data) - offset} bytes after the last pixel; {_ADVICE}")
    return pixels

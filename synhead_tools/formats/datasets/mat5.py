"""Numeric matrices of a MATLAB 5 file (what MATLAB saves with ``-v6`` and ``-v7``), by name and nothing else.

``scipy.io.loadmat`` builds whatever a file holds and inflates it without bound: 300 kB of file can take 300 MB of
memory. Label files come from anywhere and by the hundred thousand, so only matrices of numbers that are asked for by
name are read here, none larger than `VARIABLE_BYTES_LIMIT`, and everything else is stepped over unread.

Format: MathWorks, "MAT-File Format". 128 bytes of header, then elements: type and size (4 bytes each), content. A
variable is an element of type 14 (or of type 15, which holds one deflated) that holds four others: class and flags,
dimensions, name, values.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from synhead_tools.errors import LabelFormatError

VARIABLE_BYTES_LIMIT = 1 << 20
"""More than this is no label."""

_HEADER_BYTES = 128
_START_BYTES = 512
"""Enough of a deflated variable to see its name: 63 characters at most, after at most 32 dimensions."""

_MATRIX, _COMPRESSED = 14, 15
_VALUE_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_OTHER_CLASSES = {1: "a cell array", 2: "a struct", 3: "an object", 4: "text", 5: "sparse", 16: "a function handle"}
_OPAQUE = 17
_COMPLEX = 0x0800
_HDF5 = b"\x89HDF\r\n\x1a\n"


class _DamagedError(Exception):
    """The bytes contradict themselves; the message says how."""


class _Start(NamedTuple):
    """How a variable begins: everything up to its values."""

    name: str
    kind: int
    is_complex: bool
    shape: tuple[int, ...]
    values_at: int


def numeric_matrices(data: bytes, names: Collection[str], where: str) -> dict[str, np.ndarray]:
    """Read the matrices called `names`, those of them that are there, in the types MATLAB had them in.

    Parameters
    ----------
    data : bytes
        The whole file.
    names : collection of str
        Variables to read; all others are left alone, whatever they are.
    where : str
        File, for messages.

    Raises
    ------
    LabelFormatError
        Not a MATLAB 5 file, damaged, or one of `names` is no matrix of real numbers or too large.
    """
    order = _byte_order(data, where)
    found: dict[str, np.ndarray] = {}
    place = _HEADER_BYTES
    try:
        while place < len(data):
            kind, content, place = _element(data, place, order)
            if kind not in (_MATRIX, _COMPRESSED):
                raise _DamagedError(f"element of type {kind} where a variable should begin")
            named = _variable(content, kind == _COMPRESSED, names, order)
            if named is None:
                continue
            if named[0] in found:
                raise _DamagedError(f"{named[0]} is there twice")
            found[named[0]] = named[1]
    except _DamagedError as reason:
        raise LabelFormatError(f"{where} is damaged or not a label file ({reason}); fetch it anew") from None
    except (struct.error, zlib.error, ValueError, UnicodeDecodeError) as reason:
        said = " ".join(str(reason).split())
        raise LabelFormatError(f"{where} is damaged ({said}); fetch it anew") from None
    return found


def _byte_order(data: bytes, where: str) -> str:
    if data[:8] == _HDF5 or data[512:520] == _HDF5:
        raise LabelFormatError(f"{where} is a MATLAB 7.3 (HDF5) file; save it with -v7")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None or struct.unpack(order + "H", data[124:126])[0] != 0x0100:
        raise LabelFormatError(f"{where} is not a MATLAB 5 file; save it with -v7")
    return order


def _element(data: bytes, place: int, order: str) -> tuple[int, bytes, int]:
    """Type and content of the element at `place`, and where it ends; within variables padding to 8 bytes follows."""
    first, size = struct.unpack_from(order + "II", data, place)
    if first >> 16:  # four bytes or less share the eight of type and size
        first, size = first & 0xFFFF, first >> 16
        if size > 4:
            raise _DamagedError(f"short element of {size} bytes")
        return first, data[place + 4 : place + 4 + size], place + 8
    if size > len(data) - place - 8:
        raise _DamagedError(f"{size} bytes announced, {len(data) - place - 8} there")
    return first, data[place + 8 : place + 8 + size], place + 8 + size


def _variable(content: bytes, is_compressed: bool, names: Collection[str], order: str) -> tuple[str, np.ndarray] | None:
    if is_compressed:
        inflater = zlib.decompressobj()
        beginning = inflater.decompress(content, _START_BYTES)
        start = _start(beginning[8:], order)
    else:
        start = _start(content, order)
    if start is None or start.name not in names:
        return None
    if is_compressed:
        inflated = beginning + inflater.decompress(inflater.unconsumed_tail, VARIABLE_BYTES_LIMIT)
        if not inflater.eof:
            state = "inflates without end" if len(inflated) > VARIABLE_BYTES_LIMIT else "breaks off"
            raise _DamagedError(f"{start.name} {state}")
        kind, content, _ = _element(inflated, 0, order)
        if kind != _MATRIX:
            raise _DamagedError(f"deflated element of type {kind}")
    return start.name, _values(content, start, order)


def _start(content: bytes, order: str) -> _Start | None:
    """How the variable begins, or None for one without a name of its own, which MATLAB keeps for objects."""
    flags_type, flags_bytes, flags = struct.unpack_from(order + "III", content)
    if (flags_type, flags_bytes) != (6, 8):
        raise _DamagedError("variable without class")
    if flags & 0xFF == _OPAQUE:
        return None
    _, dimensions, place = _element(content, 16, order)
    shape = struct.unpack(f"{order}{len(dimensions) // 4}i", dimensions)
    _, name, place = _element(content, place + -place % 8, order)
    return _Start(name.decode("ascii", "replace"), flags & 0xFF, bool(flags & _COMPLEX), shape, place + -place % 8)


def _values(content: bytes, start: _Start, order: str) -> np.ndarray:
    if start.kind not in _CLASSES or start.is_complex:
        what = "complex" if start.kind in _CLASSES else _OTHER_CLASSES.get(start.kind, f"of class {start.kind}")
        raise _DamagedError(f"{start.name} is {what}, not a matrix of real numbers")
    if len(start.shape) != 2 or min(start.shape) < 1:
        raise _DamagedError(f"{start.name} has shape {start.shape[:9]}")
    kind, values, _ = _element(content, start.values_at, order)
    stored = np.dtype(order + _VALUE_TYPES.get(kind, "V1"))
    if kind not in _VALUE_TYPES or start.shape[0] * start.shape[1] * stored.itemsize != len(values):
        raise _DamagedError(f"{start.name} has {len(values)} bytes of type {kind} for a shape of {start.shape}")
    if len(values) > VARIABLE_BYTES_LIMIT:
        raise _DamagedError(f"{start.name} has {len(values)} bytes, more than a label needs")
    return np.frombuffer(values, stored).reshape(start.shape, order="F").astype(_CLASSES[start.kind])

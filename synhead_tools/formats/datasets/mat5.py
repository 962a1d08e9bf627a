"""Numeric matrices and cells of a MATLAB 5 file (what MATLAB saves with ``-v6`` and ``-v7``), by name and nothing else.

``scipy.io.loadmat`` builds whatever a file holds and inflates it without bound: 300 kB of file can take 300 MB of
memory. Label files come from anywhere and by the hundred thousand, so only matrices of numbers, or cells, that are
asked for by name are read here, none larger than a limit, and everything else is stepped over unread.

Format: MathWorks, "MAT-File Format". 128 bytes of header, then elements: type and size (4 bytes each), content. A
variable is an element of type 14 (or of type 15, which holds one deflated) that holds four others: class and flags,
dimensions, name, values.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np

from synhead_tools.errors import LabelFormatError

VARIABLE_BYTES_LIMIT = 1 << 20
"""More than this is no label."""

CELLS_BYTES_LIMIT = 32 << 20
CELL_DEPTH_LIMIT = 4
"""Cells in cells in cells; lists of the faces of a large dataset's pictures have three floors and 5 MB."""

Cells = np.ndarray | str | list["Cells"]
"""What a cell holds, in MATLAB's order of columns."""

_HEADER_BYTES = 128
_START_BYTES = 512
"""Enough of a deflated variable to see its name: 63 characters at most, after at most 32 dimensions."""

_MATRIX, _COMPRESSED = 14, 15
_VALUE_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_OTHER_CLASSES = {1: "a cell array", 2: "a struct", 3: "an object", 4: "text", 5: "sparse", 16: "a function handle"}
_CELL, _TEXT, _OPAQUE = 1, 4, 17
_TEXT_CODES = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_COMPLEX = 0x0800
_NOTHING = np.empty((0, 0))  # one for all: a file may hold millions
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
    return _read(data, names, where, VARIABLE_BYTES_LIMIT, _values)


def cell_arrays(data: bytes, names: Collection[str], where: str) -> dict[str, Cells]:
    """Read the cell arrays called `names`, those that are there: lists of matrices, texts and further such lists.

    Parameters
    ----------
    data, names, where
        As for `numeric_matrices`.

    Raises
    ------
    LabelFormatError
        Not a MATLAB 5 file, damaged, or what is read holds anything else, is nested deeper than `CELL_DEPTH_LIMIT` or
        larger than `CELLS_BYTES_LIMIT`.
    """
    return _read(data, names, where, CELLS_BYTES_LIMIT, _cells)


def _read(
    data: bytes, names: Collection[str], where: str, bytes_limit: int, values: Callable[[bytes, _Start, str], Cells]
) -> dict[str, Cells]:
    order = _byte_order(data, where)
    found: dict[str, Cells] = {}
    place = _HEADER_BYTES
    try:
        while place < len(data):
            kind, content, place = _element(data, place, order)
            if kind not in (_MATRIX, _COMPRESSED):
                raise _DamagedError(f"element of type {kind} where a variable should begin")
            variable = _variable(content, kind == _COMPRESSED, names, order, bytes_limit)
            if variable is None:
                continue
            content, start = variable
            if start.name in found:
                raise _DamagedError(f"{start.name} is there twice")
            found[start.name] = values(content, start, order)
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


def _variable(
    content: bytes, is_compressed: bool, names: Collection[str], order: str, bytes_limit: int
) -> tuple[bytes, _Start] | None:
    """The variable's bytes, inflated, and how they begin; None for one that nobody asked for."""
    if is_compressed:
        inflater = zlib.decompressobj()
        beginning = inflater.decompress(content, _START_BYTES)
        start = _start(beginning[8:], order)
    else:
        start = _start(content, order)
    if start is None or start.name not in names:
        return None
    if is_compressed:
        inflated = beginning + inflater.decompress(inflater.unconsumed_tail, bytes_limit)
        if not inflater.eof:
            state = "inflates without end" if len(inflated) > bytes_limit else "breaks off"
            raise _DamagedError(f"{start.name} {state}")
        kind, content, _ = _element(inflated, 0, order)
        if kind != _MATRIX:
            raise _DamagedError(f"deflated element of type {kind}")
    if len(content) > bytes_limit:
        raise _DamagedError(f"{start.name} has {len(content)} bytes")
    return content, start


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


def _cells(content: bytes, start: _Start, order: str, depth: int = 1) -> Cells:
    """A cell array as a list, text as text, anything else as the matrix it must be."""
    if 0 in start.shape:
        return [] if start.kind == _CELL else np.empty(start.shape)
    if start.kind == _TEXT:
        return _text(content, start, order)
    if start.kind != _CELL:
        return _values(content, start, order)
    if depth > CELL_DEPTH_LIMIT:
        raise _DamagedError(f"cells are nested more than {CELL_DEPTH_LIMIT} deep")
    items, place = [], start.values_at
    while place < len(content):
        kind, item, place = _element(content, place, order)
        place += -place % 8
        if kind != _MATRIX:
            raise _DamagedError(f"element of type {kind} in a cell array")
        inner = _start(item, order) if item else None
        items.append(_NOTHING if inner is None else _cells(item, inner, order, depth + 1))
    return items


def _text(content: bytes, start: _Start, order: str) -> str:
    kind, text, _ = _element(content, start.values_at, order)
    if kind not in _TEXT_CODES:
        raise _DamagedError(f"text of type {kind}")
    return text.decode(_TEXT_CODES[kind].replace("16", "16-le" if order == "<" else "16-be"))

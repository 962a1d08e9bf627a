"""One array of an NPZ file, checked before and read in blocks of rows, never whole."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from synhead_tools.errors import LabelFormatError

HEADER_BYTES_LIMIT = 10_000
KINDS = "biufUS"
"""Kinds of NumPy types that are labels: booleans, numbers, text."""


class NpyMember:
    """An array in an NPZ file. Nothing is unpickled, and no memory is taken by what a header claims.

    Parameters
    ----------
    archive : ZipFile
    member : ZipInfo
        A ``.npy`` file in it.

    Attributes
    ----------
    name : str
        Name of the array.
    dtype : dtype
    shape : tuple of int

    Raises
    ------
    LabelFormatError
        Not a NumPy array, or its header does not fit its size; the message has no file name yet.
    """

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        self._archive, self._member = archive, member
        self.name = member.filename.removesuffix(".npy")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise LabelFormatError(f"array {self.name!r} is encrypted or packed in an unusual way; write it anew")
        with archive.open(member) as file:
            self.shape, self._by_column, self.dtype = _read_header(file, self.name)
            self._offset = file.tell()
        declared = math.prod(self.shape) * self.dtype.itemsize
        if self.dtype.hasobject:
            return  # the size of pickles means nothing, and they are never read
        stored = member.file_size - self._offset
        if declared != stored:
            raise LabelFormatError(f"array {self.name!r} declares {declared} bytes but has {stored}; fetch it anew")

    @property
    def row_values(self) -> int:
        """Numbers per row."""
        return math.prod(self.shape[1:])

    @property
    def is_label(self) -> bool:
        """Whether it is an array of booleans, numbers or text with a row per sample."""
        return len(self.shape) >= 1 and self.dtype.kind in KINDS and self.dtype.itemsize > 0

    def blocks(self, rows: int) -> Iterator[np.ndarray]:
        """The array in pieces of `rows` rows, in the machine's byte order."""
        native = self.dtype.newbyteorder("=")
        for flat in self._by_columns(rows) if self._is_transposed else self._by_rows(rows):
            yield flat.reshape(-1, *self.shape[1:]).astype(native, copy=False)

    def scalar_text(self) -> str | None:
        """The text of an array without dimensions, None if it is something else."""
        if self.shape != () or self.dtype.kind not in "US" or self.dtype.itemsize > HEADER_BYTES_LIMIT:
            return None
        with self._archive.open(self._member) as file:
            file.read(self._offset)
            text = np.frombuffer(_read_exactly(file, self.dtype.itemsize, self.name), self.dtype)[0]
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)

    @property
    def _is_transposed(self) -> bool:
        return self._by_column and len(self.shape) > 1

    def _by_rows(self, rows: int) -> Iterator[np.ndarray]:
        row_bytes = self.row_values * self.dtype.itemsize
        with self._archive.open(self._member) as file:
            file.read(self._offset)
            for start in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - start)
                yield np.frombuffer(_read_exactly(file, count * row_bytes, self.name), self.dtype)

    def _by_columns(self, rows: int) -> Iterator[np.ndarray]:
        """Fortran order, in which NumPy saves what was transposed: one reader per column."""
        length, size = self.shape[0], self.dtype.itemsize
        files = [self._archive.open(self._member) for _ in range(self.row_values)]
        try:
            for place, file in enumerate(files):
                file.seek(self._offset + place * length * size)
            for start in range(0, length, rows):
                count = min(rows, length - start)
                columns = [np.frombuffer(_read_exactly(file, count * size, self.name), self.dtype) for file in files]
                block = np.stack(columns, axis=1)
                # the first of the other axes runs fastest
                yield block.reshape(count, *self.shape[:0:-1]).transpose(0, *range(len(self.shape) - 1, 0, -1))
        finally:
            for file in files:
                file.close()


def _read_header(file: BinaryIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file, HEADER_BYTES_LIMIT)
        return np.lib.format.read_array_header_2_0(file, HEADER_BYTES_LIMIT)
    except Exception as error:  # a header is Python source, and breaks in as many ways
        reason = " ".join(str(error).split())[:200]
        raise LabelFormatError(f"{name!r} is no NumPy array ({reason}); fetch it anew") from None


def _read_exactly(file: BinaryIO, count: int, name: str) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise LabelFormatError(f"array {name!r} ends early; fetch it anew")
    return data

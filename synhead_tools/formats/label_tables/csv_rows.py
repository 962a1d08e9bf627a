"""The bytes of a CSV file, cut into blocks of whole rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import BLOCK_BYTES

ROW_BYTES_LIMIT = 1 << 17
"""A longer row is no row of labels; most likely a quote was left open, or the file is no table."""

_NEWLINE, _RETURN, _QUOTE = b'\n\r"'


def row_ends(block: bytes) -> np.ndarray:
    """Where the rows in `block` end: offsets of their last byte, of rows that are ended by a line end.

    A line end is a newline, a return or both, outside of quotes. The block starts where a row starts.
    """
    array = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(array == _NEWLINE)
    if b"\r" in block:
        returns = np.flatnonzero(array[:-1] == _RETURN)
        lone = returns[array[returns + 1] != _NEWLINE]
        last = [len(block) - 1] if block[-1] == _RETURN else []
        ends = np.sort(np.concatenate([ends, lone, last]).astype(np.int64))
    if b'"' in block:
        quotes = np.flatnonzero(array == _QUOTE)
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return ends


class RowBlocks:
    """Blocks of whole rows of a text file, each at most about `BLOCK_BYTES` long.

    Parameters
    ----------
    file : file
        Where to read on; must stand at the start of a row. What is appended to it from now on is not read: a file that
        grows as fast as it is read would have no end.
    path : Path
        Named in messages.
    delimiter : str
        What may stand before and after a quoted cell.
    first_row : int
        Number of the next row. Whoever takes a block adds the rows it had, for the messages about later ones.

    Raises
    ------
    LabelFormatError
        While iterating: a row is longer than `ROW_BYTES_LIMIT`, or a quote stands where none can, so that nobody can
        tell where rows end; names the row.
    """

    def __init__(self, file: BinaryIO, path: Path, delimiter: str, first_row: int) -> None:
        self._file, self._path, self.first_row = file, path, first_row
        self._left = os.fstat(file.fileno()).st_size - file.tell()
        self._beside_quotes = np.frombuffer(b'\n\r"' + delimiter.encode(), np.uint8)

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        while True:
            try:
                read = self._file.read(min(BLOCK_BYTES, self._left))
            except OSError as error:
                raise LabelFormatError(f"{self._path} cannot be read ({error.strerror or error})") from None
            self._left -= len(read)
            block = rest + read
            if not block:
                return
            cut = len(block) if not read else self._last_row_end(block)
            if cut == 0 and len(block) > ROW_BYTES_LIMIT:
                raise self._too_long(self.first_row)
            if cut == 0:
                rest = block
                continue
            rest = block[cut:]
            block = block[:cut]
            self._check_lengths(block)
            if b'"' in block:
                self._check_quotes(block)
            yield block

    def _last_row_end(self, block: bytes) -> int:
        """Length of the whole rows at the start of `block`, 0 without any."""
        # a return at the very end may be one half of a line end, so it does not count yet
        if b'"' in block:
            ends = row_ends(block[:-1] if block[-1] == _RETURN else block)
            return int(ends[-1]) + 1 if len(ends) else 0
        return max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1

    def _check_lengths(self, block: bytes) -> None:
        half = ROW_BYTES_LIMIT // 2  # a row that is longer than the limit leaves some half without a line end
        starts = range(0, len(block) - half, half)
        ended = all(block.find(b"\n", at, at + half) >= 0 or block.find(b"\r", at, at + half) >= 0 for at in starts)
        if ended and b'"' not in block:
            return
        ends = np.concatenate([[-1], row_ends(block), [len(block) - 1]])
        long = np.diff(ends) > ROW_BYTES_LIMIT
        if long.any():
            raise self._too_long(self.first_row + int(np.argmax(long)))

    def _check_quotes(self, block: bytes) -> None:
        """Quotes enclose whole cells, and are doubled within."""
        array = np.frombuffer(block, np.uint8)
        quotes = np.flatnonzero(array == _QUOTE)
        opening, closing = quotes[::2], quotes[1::2]
        before = array[opening[opening > 0] - 1]
        wrong = [opening[opening > 0][~np.isin(before, self._beside_quotes)]]
        followed = closing[closing < len(array) - 1]
        wrong.append(followed[~np.isin(array[followed + 1], self._beside_quotes)])
        if len(quotes) % 2:
            wrong.append(quotes[-1:])
        offsets = np.concatenate(wrong)
        if len(offsets):
            row = self.first_row + int(np.searchsorted(row_ends(block), offsets.min()))
            raise LabelFormatError(
                f"{self._path}: row {row}: a quote within a cell or never closed; enclose whole cells in quotes"
            )

    def _too_long(self, row: int) -> LabelFormatError:
        return LabelFormatError(
            f"{self._path}: row {row}: more than {ROW_BYTES_LIMIT} bytes; is a quote left open, or is it no table?"
        )

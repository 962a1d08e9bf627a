"""How a CSV file begins: encoding, delimiter, and the cells of its first row."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import COLUMNS_LIMIT
from synhead_tools.formats.label_tables.csv_rows import ROW_BYTES_LIMIT, row_ends

DELIMITERS = ",;\t"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class CsvStart:
    """The beginning of a CSV file.

    Attributes
    ----------
    delimiter : str
        The one of comma, semicolon and tab that stands most often in the first row.
    cells : tuple of str
        The first row, header or not.
    start, after : int
        Offsets of the first row and of the second.
    """

    delimiter: str
    cells: tuple[str, ...]
    start: int
    after: int


def read_start(file: BinaryIO, path: Path, decimal: str = ".") -> CsvStart:
    """Read the first row of a CSV file: UTF-8, with or without a byte order mark.

    A comma that stands between whole and fraction, as `decimal` says, does not stand between cells.

    Raises
    ------
    LabelFormatError
        The file is empty, in another encoding, or its first row is blank, endless or no row.
    """
    head = file.read(ROW_BYTES_LIMIT + 4)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LabelFormatError(f"{path} is UTF-16; save it as UTF-8")
    start = len(_BYTE_ORDER_MARK) if head.startswith(_BYTE_ORDER_MARK) else 0
    head = head[start:]
    if not head.strip() and len(head) < ROW_BYTES_LIMIT:
        raise LabelFormatError(f"{path} is empty; expected rows of labels")
    ends = row_ends(head)
    length = int(ends[0]) + 1 if len(ends) else len(head)
    line = head[:length].rstrip(b"\r\n")
    unquoted = _QUOTED.sub(b"", line)
    delimiter = max(DELIMITERS.replace(decimal, ""), key=lambda candidate: unquoted.count(candidate.encode()))
    if unquoted.count(delimiter.encode()) >= COLUMNS_LIMIT:  # said before a cell is made of each
        raise LabelFormatError(f"{path}: row 1: more than {COLUMNS_LIMIT} columns; give rows of labels")
    if length > ROW_BYTES_LIMIT:
        raise LabelFormatError(f"{path}: row 1: more than {ROW_BYTES_LIMIT} bytes; give rows of labels")
    cells = split_row(line, delimiter, f"{path}: row 1")
    if not any(cell.strip() for cell in cells):
        raise LabelFormatError(f"{path}: row 1: blank; delete it")
    return CsvStart(delimiter, cells, start, start + length)


def split_row(line: bytes, delimiter: str, where: str) -> tuple[str, ...]:
    """Cells of one row.

    Raises
    ------
    LabelFormatError
        Not UTF-8, or quotes that do not enclose cells.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise LabelFormatError(f"{where}: not UTF-8 text; give a CSV file saved as UTF-8") from None
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True), ()))
    except csv.Error as error:
        raise LabelFormatError(f"{where}: {error}; mend the quotes or cells there") from None

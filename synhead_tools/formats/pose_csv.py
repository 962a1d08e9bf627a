"""CSV tables with a pitch, a yaw and a roll per row, in degrees; all other columns are kept as they are."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.geometry.conventions.convention import ANGLES as ANGLE_NAMES
from synhead_tools.input_files import read_input

DELIMITERS = ",;\t"
LARGEST_ANGLE_DEG = 360.0
CSV_BYTES_LIMIT = 32 << 20
"""A million frames and more; what is larger is no pose table."""
COLUMNS_LIMIT = 1000


@dataclass(frozen=True)
class PoseTable:
    """The rows of a pose table.

    Attributes
    ----------
    angles_deg : ndarray, shape (N, 3)
        Pitch, yaw, roll in degrees, in this order whatever the file's.
    header : tuple of str or None
        Column names as written; None for a table without a header.
    cells : tuple of tuple of str
        All N rows as text.
    angle_columns : tuple of int
        Where in a row pitch, yaw and roll stand.
    delimiter : str
        ``","``, ``";"`` or a tab.
    """

    angles_deg: np.ndarray
    header: tuple[str, ...] | None = ANGLE_NAMES
    cells: tuple[tuple[str, ...], ...] = ()
    angle_columns: tuple[int, int, int] = (0, 1, 2)
    delimiter: str = ","

    @classmethod
    def from_angles(cls, angles_deg: np.ndarray) -> PoseTable:
        """Make a table of nothing but the angles (N, 3): pitch, yaw, roll in degrees."""
        empty = cls(np.empty((0, 3)), cells=(("",) * 3,) * len(angles_deg))
        return empty.with_angles(angles_deg)

    def with_angles(self, angles_deg: np.ndarray) -> PoseTable:
        """Return the same table with other angles (N, 3): pitch, yaw, roll in degrees.

        Raises
        ------
        LabelFormatError
            Not one finite triple per row.
        """
        angles_deg = np.asarray(angles_deg, float) + 0.0  # -0.0 would be written as such
        if angles_deg.shape != (len(self.cells), 3) or not np.isfinite(angles_deg).all():
            count = len(self.cells)
            raise LabelFormatError(
                f"angles of shape {angles_deg.shape}; {count} rows need a finite pitch, yaw, roll each"
            )
        rows = [list(row) for row in self.cells]
        for row, triple in zip(rows, angles_deg.tolist(), strict=True):
            for column, angle in zip(self.angle_columns, triple, strict=True):
                row[column] = repr(angle)
        return replace(self, angles_deg=angles_deg, cells=tuple(map(tuple, rows)))

    def column(self, name: str) -> list[str]:
        """Cells of the column called `name`, upper or lower case, as text.

        Raises
        ------
        LabelFormatError
            There is no such column.
        """
        names = [_plain_name(title) for title in self.header or ()]
        if name.lower() not in names:
            raise LabelFormatError(f"no column {name!r}; the table has {', '.join(self.header or ()) or 'no header'}")
        index = names.index(name.lower())
        return [row[index] for row in self.cells]


def read_pose_csv(path: str | os.PathLike) -> PoseTable:
    """Read a pose table: UTF-8 with or without BOM, any line ends, comma, semicolon or tab between cells.

    With a header, columns ``pitch``, ``yaw``, ``roll`` (upper or lower case, ``_deg`` allowed) are looked for and all
    others kept. Without one, a row must be exactly pitch, yaw, roll, as in NVIDIA's SynHead tracks. Warns when all
    angles are so small that they may be radians.

    Raises
    ------
    LabelFormatError
        The file cannot be read as such a table; names the row, counted as a spreadsheet does, and the column.
    """
    path = Path(path)
    text = _read_text(path)
    first_line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    if first_line.count(delimiter) >= COLUMNS_LIMIT:  # said before a cell is made of each
        raise LabelFormatError(f"{path}: row 1: more than {COLUMNS_LIMIT} columns; give rows of pitch, yaw, roll")
    rows = list(_numbered_rows(text, delimiter, path))
    if not rows:
        raise LabelFormatError(f"{path} is empty; expected rows of pitch, yaw, roll")
    header = None if all(_is_number(cell) for cell in rows[0][1]) else tuple(rows[0][1])
    width = len(rows[0][1])
    angle_columns = _angle_columns(header, width, path)
    body = rows if header is None else rows[1:]
    angles = np.array([_angles(cells, number, angle_columns, width, path) for number, cells in body]).reshape(-1, 3)
    if not len(angles):
        raise LabelFormatError(f"{path} has a header but no rows; expected rows of pitch, yaw, roll")
    if len(angles) > 1 and 0 < np.abs(angles).max() <= math.pi:
        warnings.warn(f"{path}: no angle exceeds 3.2 degrees; if these are radians, convert them first", stacklevel=2)
    return PoseTable(angles, header, tuple(tuple(cells) for _, cells in body), angle_columns, delimiter)


def write_pose_csv(path: str | os.PathLike, table: PoseTable, overwrite: bool = False) -> None:
    """Write a pose table, whole or not at all: UTF-8, Unix line ends, the table's delimiter, angles exactly.

    Raises
    ------
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator="\n")
    if table.header is not None:
        writer.writerow(table.header)
    writer.writerows(table.cells)
    atomic_write_text(path, text.getvalue(), overwrite)


def _read_text(path: Path) -> str:
    data = read_input(path, CSV_BYTES_LIMIT, LabelFormatError, "give a CSV file")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LabelFormatError(f"{path} is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise LabelFormatError(f"{path}: row {row}: not UTF-8 text; give a CSV file saved as UTF-8") from None


def _numbered_rows(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with their line numbers from 1; blank lines may only end the file, since a row may stand for a frame."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    blank = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                blank = blank or reader.line_num
            elif blank is not None:
                raise LabelFormatError(f"{path}: row {blank}: blank; delete it or fill it in")
            else:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise LabelFormatError(f"{path}: row {reader.line_num}: {error}; mend the quotes or cells there") from None


def _angle_columns(header: tuple[str, ...] | None, width: int, path: Path) -> tuple[int, int, int]:
    if header is None:
        if width != 3:
            raise LabelFormatError(f"{path}: row 1: {width} numbers and no header; name the columns pitch, yaw, roll")
        return (0, 1, 2)
    names = [_plain_name(title) for title in header]
    for name in ANGLE_NAMES:
        if names.count(name) != 1:
            found = f"{names.count(name)} columns" if name in names else "no column"
            listed = ", ".join(header)
            listed = listed if len(listed) <= 200 else f"{listed[:200]}..."
            raise LabelFormatError(
                f"{path}: row 1: {found} called {name} among {listed}; name each of pitch, yaw, roll once"
            )
    return tuple(names.index(name) for name in ANGLE_NAMES)


def _plain_name(title: str) -> str:
    return title.strip().lower().removesuffix("_deg")


def _angles(
    cells: list[str], number: int, angle_columns: tuple[int, int, int], width: int, path: Path
) -> tuple[float, ...]:
    if len(cells) != width:
        raise LabelFormatError(f"{path}: row {number}: {len(cells)} cells; expected {width}, as in row 1")
    angles = []
    for name, column in zip(ANGLE_NAMES, angle_columns, strict=True):
        angle = float(cells[column]) if _is_number(cells[column]) else math.nan
        # also false for NaN
        if not abs(angle) <= LARGEST_ANGLE_DEG:
            shown = cells[column][:40]
            raise LabelFormatError(
                f"{path}: row {number}: {name} is {shown!r}; expected degrees within +-360, with a point"
            )
        angles.append(angle)
    return tuple(angles)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # float() reads 1_0 as 10

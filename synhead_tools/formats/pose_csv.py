"""CSV tables with a pitch, a yaw and a roll per row, in degrees; all other columns are kept as they are."""

from __future__ import annotations

import csv
import io
import math
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.geometry.conventions.convention import ANGLES as ANGLE_NAMES

if TYPE_CHECKING:
    from synhead_tools.formats.label_tables.block import BadRow, LabelBlock

LARGEST_ANGLE_DEG = 360.0
CSV_BYTES_LIMIT = 32 << 20
"""A million frames and more; what is larger is no pose table."""


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
    from synhead_tools.formats.label_tables.bad_labels import row_error
    from synhead_tools.formats.label_tables.csv_reader import CsvTable

    path = Path(path)
    if path.is_file() and path.stat().st_size > CSV_BYTES_LIMIT:
        raise LabelFormatError(f"{path} has {path.stat().st_size} bytes, more than {CSV_BYTES_LIMIT}; give a CSV file")
    with CsvTable(path) as table:
        header = tuple(title.strip() for title in table.schema.names) if table.has_header else None
        angle_columns = _angle_columns(header, len(table.schema), path)
        angles, cells = [np.empty((0, 3))], []
        for block in table.blocks():
            triples, bad_rows = _angles(block, angle_columns)
            if bad_rows:
                raise row_error(table, min(bad_rows, key=lambda row: row.number))
            angles.append(triples)
            cells += zip(*([cell.strip() for cell in column.to_pylist()] for column in block.batch), strict=True)
        delimiter = table.delimiter
    angles_deg = np.concatenate(angles)
    if not len(angles_deg):
        raise LabelFormatError(f"{path} has a header but no rows; expected rows of pitch, yaw, roll")
    if len(angles_deg) > 1 and 0 < np.abs(angles_deg).max() <= math.pi:
        warnings.warn(f"{path}: no angle exceeds 3.2 degrees; if these are radians, convert them first", stacklevel=2)
    return PoseTable(angles_deg, header, tuple(cells), angle_columns, delimiter)


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


def _angles(block: LabelBlock, angle_columns: tuple[int, int, int]) -> tuple[np.ndarray, list[BadRow]]:
    """Angles (N, 3) of some rows, and the rows that have none."""
    from synhead_tools.formats.label_tables.block import BadRow
    from synhead_tools.formats.label_tables.text_numbers import numbers_of_text

    angles = np.stack([numbers_of_text(block.batch.column(column)) for column in angle_columns], axis=1)
    good = np.abs(angles) <= LARGEST_ANGLE_DEG  # false for NaN, too
    bad_rows = list(block.bad_rows)
    if not good.all():
        row = int(np.argmin(good.all(axis=1)))
        angle = int(np.argmin(good[row]))
        shown = block.batch.column(angle_columns[angle])[row].as_py().strip()[:40]
        reason = f"{ANGLE_NAMES[angle]} is {shown!r}; expected degrees within +-360, with a point"
        bad_rows.append(BadRow(int(block.numbers[row]), reason, ()))
    return angles, bad_rows

"""What is said of rows whose rotation is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import BadRow, LabelTable
from synhead_tools.formats.label_tables.csv_text import text_columns
from synhead_tools.formats.label_tables.rotation_columns import RotationColumns
from synhead_tools.formats.label_tables.table_writer import writable_columns
from synhead_tools.formats.label_tables.text_numbers import has_decimal_comma

LONGEST_CELL = 40


def described(
    batch: pa.RecordBatch,
    rotation: RotationColumns,
    places: Sequence[int],
    values: np.ndarray,
    reasons: Mapping[int, str],
    decimal: str,
) -> dict[int, str]:
    """Reasons of bad rows that name the column and the value, where one is to blame.

    Parameters
    ----------
    batch : RecordBatch
        Some rows of the input.
    rotation, places : RotationColumns, sequence of int
        Its rotation columns, and their order in `values`.
    values : ndarray, shape (N, k)
        Rotation of every row.
    reasons : dict of int to str
        What `find_bad_labels` says of the bad ones, by place.
    decimal : str
        As numbers were read.
    """
    told = {}
    for row, reason in reasons.items():
        faulty = np.flatnonzero(~np.isfinite(values[row]))
        if len(faulty) and not rotation.is_array:
            place = places[int(faulty[0])]
            told[row] = _of_cell(batch.schema.names[place].strip(), batch.column(place)[row].as_py(), decimal)
        elif rotation.kind == "rotmat" or len(faulty):
            title = batch.schema.names[places[0]].strip() if rotation.is_array else "the rotation"
            told[row] = f"{title} {reason}" if reason.startswith("is ") else reason
        else:
            shown = ", ".join(f"{value:.6g}" for value in values[row].tolist())
            told[row] = f"{shown}: {reason}"
    return told


def bad_rows_of(batch: pa.RecordBatch, numbers: np.ndarray, reasons: Mapping[int, str]) -> list[BadRow]:
    """Rows of a table that are set aside, by place and why, with their cells as text."""
    rows = np.array(sorted(reasons))
    plain = batch.select(writable_columns(batch.schema, ".csv")).take(pa.array(rows))
    columns = [column.to_pylist() for column in text_columns(plain)]
    cells = [tuple("" if cell is None else cell for cell in row) for row in zip(*columns, strict=True)]
    cells = cells or [()] * len(rows)
    return [BadRow(int(numbers[row]), reasons[row], texts) for row, texts in zip(rows.tolist(), cells, strict=True)]


def row_error(table: LabelTable, row: BadRow) -> LabelFormatError:
    """The error that names file and row."""
    counted = "" if table.delimiter else ", counted from 0"
    return LabelFormatError(f"{table.path}: row {row.number}{counted}: {row.reason}")


def _of_cell(title: str, cell: object, decimal: str) -> str:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return f"{title} is empty; fill it in or drop the row"
    shown = repr(cell)[: LONGEST_CELL + 2]
    if decimal == "." and isinstance(cell, str) and has_decimal_comma(cell):
        return f"{title} is {shown}, with a decimal comma; write points, or say so (--decimal ,)"
    if decimal == "," and isinstance(cell, str) and "." in cell:
        return f"{title} is {shown}, with a point where decimals are commas; write one of them only"
    return f"{title} is {shown}; expected a finite number, with a point"

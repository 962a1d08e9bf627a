"""Rows of a label table or dataset as arrays, with what names each frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.bad_labels import described, row_error
from synhead_tools.formats.label_tables.block import BadRow, LabelBlock, LabelTable
from synhead_tools.formats.label_tables.rotation_columns import RotationColumns, choose_rotation, find_rotation
from synhead_tools.formats.sample import SampleSource

ROWS_LIMIT = 5_000_000
"""More frames tell nothing that these do not."""


def read_rows(
    table: LabelTable, values_of_block: Callable[[LabelBlock], np.ndarray], key: str | None
) -> tuple[np.ndarray, list[str] | None]:
    """Values (N, ...) of all rows, and the texts of the column `key`, if asked for.

    Raises
    ------
    LabelFormatError
        There are no rows, too many, one that cannot be read, or no such column.
    """
    key_place = None if key is None else place_of(table, key)
    values, keys, rows = [], [], 0
    for block in _sound_blocks(table):
        rows += len(block.numbers)
        if rows > ROWS_LIMIT:
            raise LabelFormatError(f"{table.path}: more than {ROWS_LIMIT} rows; a part of them tells as much")
        values.append(values_of_block(block))
        if key_place is not None:
            keys += texts_of(block.batch.column(key_place))
    if not rows:
        raise LabelFormatError(f"{table.path} has no rows; expected labels")
    return np.concatenate(values), None if key is None else keys


def place_of(table: LabelTable, name: str) -> int:
    """Column by title, or by number from 1.

    Raises
    ------
    LabelFormatError
        There is none of that name, or more than one.
    """
    titles = [title.strip() for title in table.schema.names] if table.has_header else []
    if titles.count(name) == 1:
        return titles.index(name)
    if name.isdecimal() and 1 <= int(name) <= len(table.schema):
        return int(name) - 1
    counted = f"{titles.count(name)} columns" if name in titles else "no column"
    listed = ", ".join(titles) or f"columns 1 to {len(table.schema)}"
    raise LabelFormatError(f"{table.path}: {counted} called {name[:40]!r}; it has {listed[:200]}")


def rotation_columns(table: LabelTable, columns: Sequence[str] | None) -> RotationColumns:
    """Where the rotation of a table stands: as the user says, or by titles; all three columns of one without any.

    Raises
    ------
    LabelFormatError
        There is none.
    """
    where = f"{table.path}: row 1" if table.delimiter else str(table.path)
    if columns is None and table.has_header:
        return find_rotation(table.schema, where)
    if columns is None and len(table.schema) != 3:
        raise LabelFormatError(f"{where}: {len(table.schema)} numbers and no header; say which columns are the angles")
    return choose_rotation(table.schema, columns or ("1", "2", "3"), False, where, table.has_header)


def texts_of(column: pa.Array) -> list[str]:
    """Cells as text; empty where there is nothing."""
    if pa.types.is_binary(column.type) or pa.types.is_fixed_size_binary(column.type):
        return [(cell or b"").decode("utf-8", "replace") for cell in column.to_pylist()]
    return ["" if cell is None else str(cell).strip() for cell in column.to_pylist()]


def keys_of_dataset(source: SampleSource, key: str | None, path: Path) -> list[str] | None:
    """Values of a dataset's column as text.

    Raises
    ------
    LabelFormatError
        There is no such column.
    """
    if key is None:
        return None
    if key not in source.columns:
        raise LabelFormatError(f"{path} has no column {key!r}; it has {', '.join(source.columns)}")
    keys = source.read(key).tolist()
    return [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in keys]


def refuse_first(
    table: LabelTable, block: LabelBlock, rotation: RotationColumns, places: tuple[int, ...],
    values: np.ndarray, bad: np.ndarray, reason: str, decimal: str,
) -> None:  # fmt: skip
    """Raise the error that names the first of the rows `bad` (N,) of a block, if any: why, column and value."""
    if not bad.any():
        return
    row = int(np.argmax(bad))
    told = described(block.batch, rotation, places, values, {row: reason}, decimal)
    raise row_error(table, BadRow(int(block.numbers[row]), told[row], ()))


def _sound_blocks(table: LabelTable) -> Iterator[LabelBlock]:
    for block in table.blocks():
        if block.bad_rows:
            raise row_error(table, block.bad_rows[0])
        yield block

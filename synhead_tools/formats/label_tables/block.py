"""What a label file is read as: blocks of rows, each with the number its file counts it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

BLOCK_ROWS = 1 << 16
"""Rows of a block at most; fewer where they are wide."""
BLOCK_BYTES = 8 << 20
"""Bytes of a block, about; memory is a small multiple of it."""
COLUMNS_LIMIT = 1000
LIST_WIDTH_LIMIT = 256
"""An array of more numbers per row is a picture or a mesh, no label."""


@dataclass(frozen=True)
class BadRow:
    """A row that is set aside.

    Attributes
    ----------
    number : int
        As the file counts: from 1, header included, in text; from 0 in arrays.
    reason : str
        What is wrong and what to do.
    cells : tuple of str
        The row as text.
    """

    number: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class LabelBlock:
    """Some rows of a label file, in its order.

    Attributes
    ----------
    batch : RecordBatch
        The rows that have the shape of the table, every column.
    numbers : ndarray of int64, shape (N,)
        Their numbers, as `BadRow.number`.
    bad_rows : tuple of BadRow
        Rows between them that could not be read as rows of this table.
    """

    batch: pa.RecordBatch
    numbers: np.ndarray
    bad_rows: tuple[BadRow, ...] = ()


@dataclass(frozen=True)
class TableFacts:
    """What a label file says of itself.

    Attributes
    ----------
    convention, unit, camera : str or None
        Euler convention, ``"deg"`` or ``"rad"``, ``"rgb"`` or ``"depth"``; None where the file is silent.
    left_out : tuple of str
        Parts of the file that are no label columns, and why.
    usual_kind : str or None
        Kind of rotation to write when nobody asks for one; None for the kinds that the file has.
    """

    convention: str | None = None
    unit: str | None = None
    camera: str | None = None
    left_out: tuple[str, ...] = ()
    usual_kind: str | None = None

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], left_out: tuple[str, ...] = ()) -> TableFacts:
        """Facts of the texts that our own writers put beside the columns."""
        return cls(metadata.get("convention"), metadata.get("unit"), metadata.get("camera"), left_out)


class LabelTable(Protocol):
    """A label file, opened; a context manager.

    Attributes
    ----------
    path : Path
    schema : Schema
        Names and types of the columns.
    facts : TableFacts
    delimiter : str or None
        Of a text file.
    has_header : bool
        Whether the names of the columns stand in the file.
    """

    path: Path
    schema: pa.Schema
    facts: TableFacts
    delimiter: str | None
    has_header: bool

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows, once, in order."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


@dataclass
class ArrayTable:
    """Base of the tables that are files of arrays: no delimiter, names in the file, rows counted from 0."""

    path: Path
    schema: pa.Schema
    facts: TableFacts
    delimiter: None = field(default=None, init=False)
    has_header: bool = field(default=True, init=False)

    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> ArrayTable:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def rows_per_block(row_bytes: int) -> int:
    """How many rows of `row_bytes` make a block."""
    return max(1, min(BLOCK_ROWS, BLOCK_BYTES // max(row_bytes, 1)))

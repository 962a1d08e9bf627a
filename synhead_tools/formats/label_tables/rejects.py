"""The file of rows that were set aside: ``OUT.rejects.csv`` with row, reason and the cells of the input."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.label_tables.block import BadRow
from synhead_tools.formats.label_tables.csv_text import text_row, text_titles
from synhead_tools.formats.label_tables.table_writer import writable_columns

REJECTS_SUFFIX = ".rejects.csv"


class Rejects:
    """Collects rows, and writes their file in the end; without any there is none. A context manager.

    Meanwhile they are in a nameless temporary file. A row of too few cells is filled up with empty ones, the surplus of
    one with too many stands in its last cell, so that the file is a table whatever the rows were.

    Parameters
    ----------
    out : path
        The output whose input they come from.
    schema : Schema
        Of the input.
    overwrite : bool
        Whether a file from before may be replaced.

    Attributes
    ----------
    path : Path
    rows : int
        Rows so far.
    first : BadRow or None
        The first of them.
    """

    def __init__(self, out: Path, schema: pa.Schema, overwrite: bool) -> None:
        self.path = out.with_name(out.name + REJECTS_SUFFIX)
        if self.path.exists() and not overwrite:
            raise OutputExistsError(f"{self.path} is already there; choose another name or allow overwriting")
        titles = text_titles(pa.schema([schema.field(place) for place in writable_columns(schema, ".csv")]))
        self.rows, self.first = 0, None
        self._overwrite, self._width, self._written = overwrite, len(titles), False
        self._file = tempfile.TemporaryFile(dir=out.parent)  # noqa: SIM115 (closed by `__exit__`)
        self._file.write(text_row(["row", "reason", *titles], ","))

    def add(self, rows: Iterable[BadRow]) -> None:
        """Set rows aside."""
        for row in rows:
            self.first = self.first or row
            cells = [*row.cells, *[""] * (self._width - len(row.cells))]
            if len(cells) > self._width:
                cells[self._width - 1 :] = [",".join(cells[self._width - 1 :])]
            self._file.write(text_row([str(row.number), row.reason, *cells], ","))
            self.rows += 1

    def commit(self) -> None:
        """Write the file, or remove the one from before that would be taken for this run's."""
        if not self.rows:
            self.path.unlink(missing_ok=True)
            return
        self._file.seek(0)
        with atomic_file(self.path, self._overwrite) as file:
            shutil.copyfileobj(self._file, file, 1 << 20)
        self._written = True

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        self._file.close()
        if kind is not None and self._written:  # the output they belong to could not be put in its place
            self.path.unlink(missing_ok=True)

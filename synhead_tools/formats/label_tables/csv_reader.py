"""CSV and TSV files as tables of text, read a block at a time with the number of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import BadRow, LabelBlock, TableFacts
from synhead_tools.formats.label_tables.csv_block import parse_block
from synhead_tools.formats.label_tables.csv_rows import RowBlocks
from synhead_tools.formats.label_tables.csv_start import read_start
from synhead_tools.formats.label_tables.text_numbers import is_number
from synhead_tools.input_files import open_input


class CsvTable:
    """A CSV file: UTF-8 with or without BOM, any line ends, comma, semicolon or tab between cells, quotes allowed.

    All cells are text, as written. Rows are counted as a spreadsheet does: from 1, header and blank rows included.
    Blank rows may only end the file, since a row may stand for a frame.

    Parameters
    ----------
    path : path
        A regular file.
    number_columns : sequence of int, optional
        Columns, from 0, that hold numbers: the first row is a header unless all of them are numbers there. By default
        it is a header unless all its cells are numbers.
    decimal : str
        Between whole and fraction: ``"."`` or ``","``.

    Attributes
    ----------
    path, schema, facts, delimiter, has_header
        As `LabelTable`. Columns of a file without a header are called column_1, column_2, and so on.

    Raises
    ------
    LabelFormatError
        The file cannot be read, is empty, in another encoding, or its first row is no row.
    """

    def __init__(self, path: Path, number_columns: Sequence[int] | None = None, decimal: str = ".") -> None:
        self.path = Path(path)
        self._file = open_input(self.path, LabelFormatError, "give a CSV file")
        try:
            start = read_start(self._file, self.path, decimal)
        except BaseException:
            self._file.close()
            raise
        cells = start.cells
        places = range(len(cells)) if number_columns is None else number_columns
        self.has_header = not all(is_number(cells[place], decimal) for place in places if place < len(cells))
        names = cells if self.has_header else [f"column_{number}" for number in range(1, len(cells) + 1)]
        self.schema = pa.schema([pa.field(name, pa.string()) for name in names])
        self.delimiter, self.facts = start.delimiter, TableFacts()
        self._offset = start.after if self.has_header else start.start

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows after the header, in order.

        Raises
        ------
        LabelFormatError
            A row is endless, or quotes do not enclose cells; names it.
        """
        self._file.seek(self._offset)
        rows = RowBlocks(self._file, self.path, self.delimiter, 2 if self.has_header else 1)
        blank_numbers: list[int] = []
        for raw in rows:
            block = parse_block(raw, self.schema, self.delimiter)
            numbers = block.places + rows.first_row
            bad = [BadRow(place + rows.first_row, *row) for place, row in block.bad_rows.items()]
            # blank rows at the end are no rows at all, so they are held back until another one follows
            blank_numbers += (block.blank_places + rows.first_row).tolist()
            last = max([0, *numbers[-1:].tolist(), *(row.number for row in bad)])
            bad += [BadRow(n, "blank; delete it or fill it in", ()) for n in blank_numbers if n < last]
            blank_numbers = [number for number in blank_numbers if number > last]
            rows.first_row += block.rows
            yield LabelBlock(block.batch, numbers, tuple(sorted(bad, key=lambda row: row.number)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> CsvTable:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

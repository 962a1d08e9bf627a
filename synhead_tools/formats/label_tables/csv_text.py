"""Rows of any columns as the text of a CSV file, and the writer of such files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synhead_tools.formats.label_tables.text_numbers import text_of_numbers

_PARTS_OF_BOXES = {"_xyxy": ("x1", "y1", "x2", "y2"), "_xywh": ("x", "y", "w", "h")}


class CsvWriter:
    """Writes rows as CSV: UTF-8, Unix line ends, quotes only where needed, numbers exactly, with a point.

    Columns that are arrays become one column per number.

    Parameters
    ----------
    file : file
        Open for writing bytes.
    schema : Schema
    delimiter : str
    header : bool
        Whether titles are written.
    """

    def __init__(self, file: BinaryIO, schema: pa.Schema, delimiter: str, header: bool) -> None:
        self._file, self._delimiter = file, delimiter
        if header:
            file.write(text_row(text_titles(schema), delimiter))

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if not batch.num_rows:
            return
        columns = text_columns(batch, self._delimiter)
        # an empty cell must not swallow its row, as the default would have it
        lines = pc.binary_join_element_wise(*columns, self._delimiter, null_handling="replace", null_replacement="")
        self._file.write(_bytes_of(pc.binary_join_element_wise(lines, "", "\n")))

    def finish(self) -> None:
        """Nothing is left to write."""

    def close(self) -> None:
        """Nothing else was opened."""


def text_titles(schema: pa.Schema) -> list[str]:
    """Titles of the columns of text that `text_columns` makes."""
    titles = []
    for field in schema:
        width = field.type.list_size if pa.types.is_fixed_size_list(field.type) else 1
        boxes = {title: parts for title, parts in _PARTS_OF_BOXES.items() if field.name.endswith(title)}
        if not pa.types.is_fixed_size_list(field.type):
            titles.append(field.name)
        elif boxes and width == 4:
            ((ending, parts),) = boxes.items()
            titles += [f"{field.name.removesuffix(ending)}_{part}" for part in parts]
        else:
            titles += [f"{field.name}_{part}" for part in range(width)]
    return titles


def text_columns(batch: pa.RecordBatch, delimiter: str | None = None) -> list[pa.Array]:
    """Every column as text, arrays as one column per number; with quotes where a cell needs them for `delimiter`."""
    texts = []
    for column in batch.columns:
        if pa.types.is_fixed_size_list(column.type):
            texts += [text_of(pc.list_element(column, part)) for part in range(column.type.list_size)]
        elif delimiter is None or pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            texts.append(text_of(column))
        else:
            texts.append(_quoted(text_of(column), delimiter))
    return texts


def text_of(column: pa.Array) -> pa.Array:
    """A column of one value per row as text; empty cells stay empty."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        return text_of(column.dictionary_decode())
    if pa.types.is_float64(column.type):
        texts = text_of_numbers(column.fill_null(0.0).to_numpy(zero_copy_only=False))
        return pc.if_else(column.is_valid(), texts, None) if column.null_count else texts
    return column.cast(pa.string())


def text_row(cells: Sequence[str], delimiter: str) -> bytes:
    """One row of text."""
    text = io.StringIO()
    # with this line end, the module does not see that a return needs quotes
    quoting = csv.QUOTE_ALL if any("\r" in cell for cell in cells) else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerow(cells)
    return text.getvalue().encode("utf-8")


def _quoted(texts: pa.Array, delimiter: str) -> pa.Array:
    """Text with quotes around the cells that would not be read back as one cell without."""
    special = f'{delimiter}"\r\n'
    data = bytes(_bytes_of(texts))
    if not any(character.encode() in data for character in special):
        return texts
    needy = pc.match_substring_regex(texts, f"[{special}]")
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needy, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _bytes_of(texts: pa.Array) -> memoryview:
    """The text of all cells, one after the other."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return memoryview(data)[int(ends[0]) : int(ends[1])]

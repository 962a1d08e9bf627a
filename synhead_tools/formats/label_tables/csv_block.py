"""One block of CSV rows, taken apart: what is a row of the table, what is blank, and what is neither."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from synhead_tools.formats.label_tables.csv_rows import row_ends


@dataclass(frozen=True)
class CsvBlock:
    """The rows of a block by what they are. Places count the block's rows from 0.

    Attributes
    ----------
    batch : RecordBatch
        Rows with the table's number of cells, all cells text.
    places : ndarray of int64
        Where they stand.
    blank_places : ndarray of int64
        Where rows of nothing but spaces stand.
    bad_rows : dict of int to (str, tuple of str)
        The others: place to what is wrong and the cells.
    rows : int
        All of them.
    """

    batch: pa.RecordBatch
    places: np.ndarray
    blank_places: np.ndarray
    bad_rows: dict[int, tuple[str, tuple[str, ...]]]
    rows: int


def parse_block(raw: bytes, schema: pa.Schema, delimiter: str) -> CsvBlock:
    """Take whole rows apart. Quotes must have been found to enclose whole cells; rows need not fit `schema`."""
    raw, undecodable = _as_utf8(raw)
    batch, invalid = _parse(raw, schema, delimiter)
    rows = batch.num_rows + len(invalid)
    places = np.setdiff1d(np.arange(rows), [place for place, _ in invalid], assume_unique=True)
    bad_rows, blank = {}, [place for place, text in invalid if not text.strip()]
    for place, text in invalid:
        if text.strip():
            cells = tuple(next(csv.reader([text], delimiter=delimiter), ()))
            bad_rows[place] = (f"{len(cells)} cells; expected {len(schema)}, as in row 1", cells)
    keep = np.ones(len(places), bool)
    keep[_are_blank(batch)] = False
    blank += places[~keep].tolist()
    for place in undecodable:
        index = int(np.searchsorted(places, place))
        if index < len(places) and places[index] == place and keep[index]:
            keep[index] = False
            bad_rows[place] = ("not UTF-8 text; give a CSV file saved as UTF-8", row_cells(batch, index))
    if not keep.all():
        batch, places = batch.filter(pa.array(keep)), places[keep]
    return CsvBlock(batch, places, np.array(sorted(blank), np.int64), bad_rows, rows)


def row_cells(batch: pa.RecordBatch, index: int) -> tuple[str, ...]:
    """The cells of one row of text."""
    return tuple(column[index].as_py() for column in batch.columns)


def _parse(raw: bytes, schema: pa.Schema, delimiter: str) -> tuple[pa.RecordBatch, list[tuple[int, str]]]:
    """Rows with as many cells as `schema` has fields; places and texts of the others."""
    invalid: list[tuple[int, str]] = []

    def set_aside(row: pa.csv.InvalidRow) -> str:
        invalid.append((row.number - 1, row.text))
        return "skip"

    names = [str(place) for place in range(len(schema))]  # those of the file may come twice
    quoted = b'"' in raw
    table = pa.csv.read_csv(
        pa.BufferReader(raw),
        pa.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(raw) + 1),
        pa.csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    arrays = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema), invalid


def _as_utf8(raw: bytes) -> tuple[bytes, list[int]]:
    """`raw` with U+FFFD for what is not UTF-8, and the places of the rows where that was."""
    if raw.isascii():
        return raw, []
    offsets, parts, at, view = [], [], 0, memoryview(raw)
    while at < len(raw):
        try:
            codecs.utf_8_decode(view[at:], "strict", True)
            parts.append(view[at:])
            break
        except UnicodeDecodeError as error:
            offsets.append(at + error.start)
            parts += [view[at : at + error.start], "\ufffd".encode()]
            at += max(error.end, error.start + 1)
    if not offsets:
        return raw, []
    places = np.unique(np.searchsorted(row_ends(raw), offsets))
    return b"".join(parts), places.tolist()


def _are_blank(batch: pa.RecordBatch) -> np.ndarray:
    """Which rows have nothing but spaces in them."""
    blank = _may_be_blank(batch.column(0))
    for column in batch.columns:
        if not blank.any():
            break
        blank &= pc.binary_length(pc.utf8_trim_whitespace(column)).to_numpy() == 0
    return blank


def _may_be_blank(cells: pa.Array) -> np.ndarray:
    """Which cells are empty or begin with a space: a quick look that spares most files a slow one."""
    offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]
    empty = offsets[:-1] == offsets[1:]
    data = cells.buffers()[2]
    if empty.all() or data is None or not data.size:
        return empty
    first = np.frombuffer(data, np.uint8)[np.minimum(offsets[:-1], data.size - 1)]
    return empty | (first <= ord(" ")) | (first >= 0x80)  # spaces beyond ASCII too

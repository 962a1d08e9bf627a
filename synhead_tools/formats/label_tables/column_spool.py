"""Rows kept on the disk until their number and the length of their text are known, then read back by column."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.csv_text import text_of
from synhead_tools.formats.sample import COLUMNS

TEXT_WIDTH_LIMIT = 4096
"""Longest text of a column of fixed width."""


class ColumnSpool:
    """A nameless temporary file of rows: gone when it is closed, or when the process ends in whatever way.

    Parameters
    ----------
    path : path
        What is being written: named in messages; its folder is where the rows are kept.
    schema : Schema
        Columns of numbers, booleans, text, anything that can be written as text, and arrays of numbers.
    text_kind : str
        NumPy kind of text: ``"S"`` (bytes of UTF-8) or ``"U"``.

    Attributes
    ----------
    rows : int
        Rows so far.
    """

    def __init__(self, path: Path, schema: pa.Schema, text_kind: str) -> None:
        self._path, self._text_kind = path, text_kind
        self._length = pc.utf8_length if text_kind == "U" else pc.binary_length
        self.schema = pa.schema([field.with_type(_plain_type(field.type)).with_nullable(True) for field in schema])
        self.rows = 0
        self._widths = np.zeros(len(schema), int)
        self._file = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 (closed by `close`)
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, "w"), self.schema)

    def append(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises
        ------
        LabelFormatError
            A cell is empty that arrays have no way to leave empty.
        """
        columns = [self._plain(place, column) for place, column in enumerate(batch.columns)]
        for place, column in enumerate(columns):
            if pa.types.is_string(column.type) and len(column):
                self._widths[place] = max(self._widths[place], pc.max(self._length(column)).as_py())
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self.schema))
        self.rows += batch.num_rows

    def end(self) -> None:
        """Say that there are no more rows: now columns can be read.

        Raises
        ------
        LabelFormatError
            A text is too long for a column of fixed width.
        """
        self._writer.close()
        self._file.flush()
        for field, width in zip(self.schema, self._widths.tolist(), strict=True):
            if width > TEXT_WIDTH_LIMIT:
                raise LabelFormatError(
                    f"{self._path}: column {field.name!r} has a text of length {width}, more than {TEXT_WIDTH_LIMIT}; "
                    "write Parquet or CSV"
                )

    def dtype(self, place: int) -> np.dtype:
        """NumPy type of a column."""
        kind = self.schema.field(place).type
        if pa.types.is_string(kind):
            return np.dtype(f"{self._text_kind}{max(self._widths[place], 1)}")
        return np.dtype((kind.value_type if pa.types.is_fixed_size_list(kind) else kind).to_pandas_dtype())

    def shape_tail(self, place: int) -> tuple[int, ...]:
        """Shape of one entry of a column."""
        field = self.schema.field(place)
        if not pa.types.is_fixed_size_list(field.type):
            return ()
        stated = (field.metadata or {}).get(b"shape")
        known = COLUMNS[field.name].shape_tail if field.name in COLUMNS else ()
        shape = tuple(map(int, stated.decode().split(","))) if stated else known
        fits = all(isinstance(size, int) for size in shape) and np.prod(shape) == field.type.list_size
        return shape if shape and fits else (field.type.list_size,)

    def column(self, place: int) -> Iterator[np.ndarray]:
        """A column as arrays (n, ...), one after the other; only its own bytes are read."""
        dtype, tail = self.dtype(place), self.shape_tail(place)
        options = pa.ipc.IpcReadOptions(included_fields=[place])
        self._file.seek(0)
        reader = pa.ipc.open_file(pa.PythonFile(self._file, "r"), options=options)
        for number in range(reader.num_record_batches):
            column = reader.get_batch(number).column(0)
            if pa.types.is_string(column.type):
                yield _fixed_width(column, dtype)
            elif pa.types.is_fixed_size_list(column.type):
                yield pc.list_flatten(column).to_numpy(zero_copy_only=False).reshape(-1, *tail)
            else:
                yield column.to_numpy(zero_copy_only=False)

    def close(self) -> None:
        """Delete the rows."""
        self._file.close()

    def _plain(self, place: int, column: pa.Array) -> pa.Array:
        """`column` in the spool's type, without empty cells."""
        kind = self.schema.field(place).type
        if pa.types.is_string(kind):
            return pc.fill_null(text_of(column), "")
        if pa.types.is_fixed_size_list(kind):
            flat = pc.list_flatten(column)
            if len(flat) == len(column) * kind.list_size and not column.null_count:
                flat = self._without_nulls(place, flat.cast(kind.value_type))
                return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
            parts = [pc.list_element(column, part) for part in range(kind.list_size)]
            parts = [self._without_nulls(place, part.cast(kind.value_type)).to_numpy() for part in parts]
            return pa.FixedSizeListArray.from_arrays(pa.array(np.stack(parts, 1).reshape(-1)), kind.list_size)
        return self._without_nulls(place, column.cast(kind))

    def _without_nulls(self, place: int, numbers: pa.Array) -> pa.Array:
        if not numbers.null_count:
            return numbers
        if pa.types.is_floating(numbers.type):
            return pc.fill_null(numbers, pa.scalar(float("nan"), numbers.type))
        raise LabelFormatError(
            f"{self._path}: column {self.schema.names[place]!r} has empty cells, which arrays of {numbers.type} cannot "
            "have; write Parquet or CSV"
        )


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """What a column is kept as: a type that NumPy has, or text."""
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain_type(kind.value_type), kind.list_size)
    if pa.types.is_float16(kind):
        return pa.float32()
    return kind if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) else pa.string()


def _fixed_width(texts: pa.Array, dtype: np.dtype) -> np.ndarray:
    """Text as an array of fixed width."""
    _, offsets, data = texts.buffers()
    offsets = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    width = dtype.itemsize // (4 if dtype.kind == "U" else 1)
    if data is None or offsets[0] == offsets[-1]:
        return np.zeros(len(texts), dtype)
    characters = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    if dtype.kind == "U" and characters.max() >= 0x80:
        return np.array(texts.to_pylist(), dtype)
    filled = np.zeros((len(texts), width), np.uint8)
    filled[np.arange(width) < np.diff(offsets)[:, None]] = characters
    return (filled.astype("<u4") if dtype.kind == "U" else filled).view(dtype).reshape(-1)

"""Which writer a file name asks for, and what it can hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import LIST_WIDTH_LIMIT
from synhead_tools.formats.label_tables.csv_text import CsvWriter

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
ARRAY_SUFFIXES = (".npz", ".h5", ".hdf5")
SUFFIXES = (*TEXT_SUFFIXES, *PARQUET_SUFFIXES, *ARRAY_SUFFIXES)


class TableWriter(Protocol):
    """What every writer offers."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        ...

    def finish(self) -> None:
        """Write what can be written only when all rows are known."""
        ...

    def close(self) -> None:
        """Release what was opened, finished or not."""
        ...


def output_suffix(path: Path) -> str:
    """Suffix of a label file to write, in lower case.

    Raises
    ------
    LabelFormatError
        No writer belongs to it.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise LabelFormatError(f"{path} does not say what to write; end its name with one of {', '.join(SUFFIXES)}")
    return suffix


def writable_columns(schema: pa.Schema, suffix: str) -> list[int]:
    """Columns of `schema` that a file of this kind can hold."""
    if suffix in PARQUET_SUFFIXES:
        return list(range(len(schema)))
    return [place for place, field in enumerate(schema) if _is_plain(field.type)]


def titled(schema: pa.Schema, suffix: str, metadata: Mapping[str, str], path: Path) -> pa.Schema:
    """`schema` with titles that a file of this kind can have: a column without a title is called column_1, or 2, ...

    Raises
    ------
    LabelFormatError
        Two columns have one title, or a title cannot name an array.
    """
    if suffix in TEXT_SUFFIXES:
        return schema
    names = [field.name.strip() or f"column_{place + 1}" for place, field in enumerate(schema)]
    taken = set(metadata) if suffix in ARRAY_SUFFIXES else set()
    for name in names:
        if name in taken:
            raise LabelFormatError(f"{path}: two columns would be called {name!r}; rename one of the input's")
        if suffix in ARRAY_SUFFIXES and (name in (".", "..") or any(mark in name for mark in "/\\\0")):
            raise LabelFormatError(f"{path}: column {name!r} cannot be the name of an array; rename it in the input")
        taken.add(name)
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])


def open_writer(
    file: BinaryIO,
    path: Path,
    schema: pa.Schema,
    metadata: Mapping[str, str],
    delimiter: str | None = None,
    header: bool = True,
) -> TableWriter:
    """Make the writer that the suffix of `path` asks for.

    Parameters
    ----------
    file : file
        Open for writing bytes, under whatever name.
    path : path
        Its final name.
    schema : Schema
        As `titled` returns it.
    metadata : mapping of str to str
        What the columns mean, kept in every kind of file but text.
    delimiter : str, optional
        Of the input, for text of the same kind.
    header : bool
        Whether a text file names its columns.
    """
    suffix = output_suffix(path)
    if suffix in TEXT_SUFFIXES:
        return CsvWriter(file, schema, "\t" if suffix == ".tsv" else delimiter or ",", header)
    if suffix in PARQUET_SUFFIXES:
        from synhead_tools.formats.label_tables.parquet_writer import ParquetWriter

        return ParquetWriter(file, schema, metadata)
    if suffix == ".npz":
        from synhead_tools.formats.label_tables.npz_writer import NpzWriter

        return NpzWriter(file, path, schema, metadata)
    from synhead_tools.formats.label_tables.hdf5_writer import Hdf5Writer

    return Hdf5Writer(file, path, schema, metadata)


def _is_plain(kind: pa.DataType) -> bool:
    """Whether a column is numbers, booleans, text, times, or arrays of so many numbers."""
    if pa.types.is_fixed_size_list(kind):
        if not 0 < kind.list_size <= LIST_WIDTH_LIMIT:
            return False
        return not pa.types.is_nested(kind.value_type) and pa.types.is_primitive(kind.value_type)
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return text or pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)

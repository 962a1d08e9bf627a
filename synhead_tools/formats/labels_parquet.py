"""``labels.parquet``: the labels of a dataset, one row per sample, for pandas, DuckDB and Hugging Face."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError, ShardError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.sample import COLUMNS, DENSE_COLUMNS, check_columns


def write_labels_parquet(
    path: str | os.PathLike,
    columns: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write label columns as Parquet, whole or not at all.

    Matrices and vectors become fixed-size lists, row by row; names become text. Types and order are the schema's.

    Parameters
    ----------
    path : path
        File to write.
    columns : mapping of str to ndarray
        Columns of the schema that are not pictures, as `Dataset.labels` returns them.
    metadata : mapping of str to str
        Kept in the file's schema: ``{"convention": ...}`` belongs there.
    overwrite : bool
        Replace a file that is already there.

    Raises
    ------
    ShardError
        A column is a picture or does not fit the schema.
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    write_label_blocks(path, [columns], metadata, overwrite)


def write_label_blocks(
    path: str | os.PathLike,
    blocks: Iterable[Mapping[str, np.ndarray]],
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write label columns as Parquet, block after block of samples, so that they need not all be in memory.

    Parameters
    ----------
    path : path
        File to write.
    blocks : iterable of mappings of str to ndarray
        At least one; each as the columns of `write_labels_parquet`, with the same names. Each becomes a row group.
    metadata, overwrite
        As in `write_labels_parquet`.

    Raises
    ------
    ShardError
        A column is a picture or does not fit the schema.
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    import pyarrow.parquet as pq

    tables = (_table(block, str(path), metadata) for block in blocks)
    first = next(tables)
    with atomic_file(path, overwrite) as file, pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _table(columns: Mapping[str, np.ndarray], where: str, metadata: Mapping[str, str] | None) -> Any:
    import pyarrow as pa

    check_columns(columns, where)
    dense = [name for name in columns if name in DENSE_COLUMNS]
    if dense:
        raise ShardError(f"{where}: {', '.join(dense)} are pictures or meshes; labels.parquet holds labels only")
    names = [name for name in COLUMNS if name in columns]
    fields = [pa.field(name, arrow_type(name), False, {"unit": COLUMNS[name].unit}) for name in names]
    arrays = [to_arrow(columns[name], field.type) for name, field in zip(names, fields, strict=True)]
    return pa.table(arrays, schema=pa.schema(fields, dict(metadata or {})))


def read_labels_parquet(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read back the columns, in the schema's types and shapes, and the metadata `write_labels_parquet` wrote.

    Raises
    ------
    LabelFormatError
        Not a Parquet file, or not one of ours.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        columns = {name: _from_arrow(name, table.column(name)) for name in table.column_names}
        check_columns(columns, str(path))
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise LabelFormatError(f"{path} is not a labels.parquet of synhead ({reason}); write it anew") from None
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return columns, metadata


def arrow_type(name: str) -> Any:
    """Arrow type of a label column: text for names, a fixed-size list (row by row) for vectors and matrices."""
    import pyarrow as pa

    column = COLUMNS[name]
    dtype = np.dtype(column.dtype)
    scalar = pa.string() if dtype.kind == "S" else pa.from_numpy_dtype(dtype)
    return pa.list_(scalar, int(np.prod(column.shape_tail))) if column.shape_tail else scalar


def to_arrow(array: np.ndarray, kind: Any) -> Any:
    """Arrow array of a label column (N, ...), `kind` being its `arrow_type`."""
    import pyarrow as pa

    flat = np.ascontiguousarray(array).reshape(-1)
    flat = pa.array([name.decode("utf-8", "replace") for name in flat.tolist()] if flat.dtype.kind == "S" else flat)
    return pa.FixedSizeListArray.from_arrays(flat, kind.list_size) if array.ndim > 1 else flat


def _from_arrow(name: str, chunked: Any) -> np.ndarray:
    column = COLUMNS[name]
    array = chunked.combine_chunks()
    dtype = np.dtype(column.dtype)
    flat = array.flatten() if column.shape_tail else array
    if dtype.kind == "S":
        return np.array([text.encode() for text in flat.to_pylist()], dtype).reshape(-1, *column.shape_tail)
    return flat.to_numpy(zero_copy_only=False).astype(dtype, casting="equiv").reshape(-1, *column.shape_tail)

"""HDF5 shards and label files as label tables, read a block at a time without trusting them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.hdf5_checks import Hdf5Checks
from synhead_tools.formats.label_tables.block import (
    COLUMNS_LIMIT,
    LIST_WIDTH_LIMIT,
    ArrayTable,
    LabelBlock,
    TableFacts,
    rows_per_block,
)
from synhead_tools.formats.sample import SCHEMA_VERSION

TEXT_BYTES_LIMIT = 1 << 16


class Hdf5Table(ArrayTable):
    """The label columns of a shard, or of a label file that our own writer made; rows are counted from 0.

    All columns have one length. Pictures, and whatever else has more than `LIST_WIDTH_LIMIT` numbers per row, are left
    out and listed in ``facts.left_out``. What is refused is listed in `synhead_tools.formats.hdf5_checks.Hdf5Checks`.

    Parameters
    ----------
    path : path
        A regular file.

    Raises
    ------
    LabelFormatError
        The file is missing, damaged, hostile or of an unknown schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._checks = Hdf5Checks(self.path, LabelFormatError, "a shard or label file written by synhead")
        self._checks.check_regular()
        with self._checks.errors_named():
            self._file = h5py.File(self.path, "r")
        try:
            with self._checks.errors_named():
                attributes = self._checks.attributes(self._file)
                left_out = self._open_columns(attributes.get("schema_version", SCHEMA_VERSION))
        except BaseException:
            self.close()
            raise
        fields = [_field(name, dataset) for name, dataset in self._datasets.items()]
        stated = {name: text for name, text in attributes.items() if isinstance(text, str)}
        super().__init__(self.path, pa.schema(fields), TableFacts.from_metadata(stated, tuple(left_out)))

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows, in order.

        Raises
        ------
        LabelFormatError
            The data are damaged.
        """
        total = len(next(iter(self._datasets.values())))
        row_bytes = sum(dataset.dtype.itemsize * math.prod(dataset.shape[1:]) for dataset in self._datasets.values())
        step = rows_per_block(row_bytes)
        for start in range(0, total, step):
            stop = min(start + step, total)
            arrays = [self._read(name, start, stop) for name in self._datasets]
            yield LabelBlock(pa.RecordBatch.from_arrays(arrays, schema=self.schema), np.arange(start, stop))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open_columns(self, version: object) -> list[str]:
        if version != SCHEMA_VERSION:
            raise LabelFormatError(
                f"{self.path} has schema_version {version!r}; this release reads version {SCHEMA_VERSION}"
            )
        self._datasets: dict[str, h5py.Dataset] = {}
        left_out, lengths = [], {}
        for name in self._checks.names(self._file, COLUMNS_LIMIT):
            dataset = self._checks.open_column(self._file, name)
            shape = dataset.shape or ()
            lengths[name] = shape[0] if shape else 0
            text = dataset.dtype.kind == "S"
            if math.prod(shape[1:]) > LIST_WIDTH_LIMIT or (text and len(shape) > 1):
                left_out.append(f"{name} (shape {shape})")
            elif dataset.dtype.itemsize > TEXT_BYTES_LIMIT:
                left_out.append(f"{name} (texts of {dataset.dtype.itemsize} bytes)")
            else:
                self._checks.check_declared_size(dataset, name)
                self._datasets[name] = dataset
        if len(set(lengths.values())) != 1 or 0 in lengths.values() or not self._datasets:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())[:200] or "none"
            raise LabelFormatError(f"{self.path}: columns must have one length, 1 or more (found: {listed})")
        return left_out

    def _read(self, name: str, start: int, stop: int) -> pa.Array:
        with self._checks.errors_named(f"column {name!r}: "):
            array = self._datasets[name][start:stop]
        if array.dtype.kind == "S":
            try:
                return pa.array(array, pa.binary()).cast(pa.string())
            except pa.ArrowInvalid:
                raise LabelFormatError(f"{self.path}: column {name!r} is not UTF-8 text") from None
        flat = pa.array(np.ascontiguousarray(array).reshape(-1).astype(array.dtype.newbyteorder("="), copy=False))
        kind = self.schema.field(name).type
        return pa.FixedSizeListArray.from_arrays(flat, kind.list_size) if pa.types.is_fixed_size_list(kind) else flat


def _field(name: str, dataset: h5py.Dataset) -> pa.Field:
    kind = pa.string() if dataset.dtype.kind == "S" else pa.from_numpy_dtype(dataset.dtype.newbyteorder("="))
    tail = dataset.shape[1:]
    if not tail:
        return pa.field(name, kind)
    return pa.field(name, pa.list_(kind, math.prod(tail)), metadata={"shape": ",".join(map(str, tail))})

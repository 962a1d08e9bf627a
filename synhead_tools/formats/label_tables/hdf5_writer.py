"""Writing label tables as HDF5 files, a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np
import pyarrow as pa

from synhead_tools import __version__
from synhead_tools.formats.label_tables.column_spool import ColumnSpool

CHUNK_ROWS = 1 << 14


class Hdf5Writer:
    """Writes rows as HDF5: flat columns of one length, chunked, text as bytes of fixed length (UTF-8, NUL-padded).

    Parameters
    ----------
    file : file
        Open for reading and writing bytes.
    path : path
        Its final name.
    schema : Schema
    metadata : mapping of str to str
        Written as attributes of the file.
    """

    def __init__(self, file: BinaryIO, path: Path, schema: pa.Schema, metadata: Mapping[str, str]) -> None:
        self._file, self._path, self._metadata = file, path, metadata
        self._spool = ColumnSpool(path, schema, "S")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        self._spool.append(batch)

    def finish(self) -> None:
        """Write the columns; their length is known only now.

        Raises
        ------
        OSError
            The disk has no room for them.
        """
        spool = self._spool
        spool.end()
        attributes = {**self._metadata, "tool": "synhead", "tool_version": __version__}
        sink = _FullDiskKeptFromHdf5(self._file)
        with h5py.File(sink, "w", libver=("v108", "v108"), track_order=True) as file:
            file.attrs.update({name: np.bytes_(text.encode()) for name, text in sorted(attributes.items())})
            for place, name in enumerate(spool.schema.names):
                self._write_column(file, place, name, sink)
        sink.raise_error()

    def close(self) -> None:
        """Delete what was kept meanwhile."""
        self._spool.close()

    def _write_column(self, file: h5py.File, place: int, name: str, sink: _FullDiskKeptFromHdf5) -> None:
        spool = self._spool
        dtype, tail = spool.dtype(place), spool.shape_tail(place)
        dtype = np.dtype("u1") if dtype.kind == "b" else dtype  # HDF5 has no booleans, only enumerations of them
        row_bytes = dtype.itemsize * max(int(np.prod(tail)), 1)
        chunk_rows = max(1, min(CHUNK_ROWS, spool.rows, (1 << 20) // row_bytes))
        dataset = file.create_dataset(name, (spool.rows, *tail), dtype, chunks=(chunk_rows, *tail), track_times=False)
        for unit in ("deg", "rad"):
            if name == f"euler_{unit}":
                dataset.attrs["unit"] = np.bytes_(unit)
                dataset.attrs["convention"] = np.bytes_(self._metadata["convention"].encode())
        start = 0
        for array in spool.column(place):
            dataset[start : start + len(array)] = array
            sink.raise_error()
            start += len(array)


class _FullDiskKeptFromHdf5:
    """A file for HDF5, which ends the process if it cannot write: what fails is kept, and told when it is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._error = file, None
        self.read, self.readinto, self.seek, self.tell = file.read, file.readinto, file.seek, file.tell

    def write(self, data: memoryview) -> int:
        self._try(self._file.write, data)
        return len(data)

    def flush(self) -> None:
        self._try(self._file.flush)

    def truncate(self, size: int) -> None:
        self._try(self._file.truncate, size)

    def raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _try(self, action: Callable[..., object], *arguments: object) -> None:
        if self._error is not None:
            return
        try:
            action(*arguments)
        except OSError as error:
            self._error = error

"""Reading a shard without trusting it: everything is checked before the first byte of data is read."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.formats.hdf5_checks import Hdf5Checks
from synhead_tools.formats.sample import COLUMNS, SCHEMA_VERSION, check_column


class ShardReader:
    """One shard, opened for reading; a context manager.

    Refused, each with one line that names the file: links of any kind but hard ones, groups, external storage,
    virtual datasets, object, variable-length and reference types, columns that are not in the schema or have another
    type or shape, unequal lengths, unknown filters, columns that declare far more than the file stores, an unknown
    schema version, and whatever HDF5 itself cannot read.

    Parameters
    ----------
    path : path
        A regular file.

    Attributes
    ----------
    path : Path
    rows : int
        Number of samples.
    columns : tuple of str
        Names of the columns, in schema order.
    attributes : dict
        Attributes of the file: text, int or float.
    picture_size : tuple of int or None
        (height, width) in pixels of the picture columns, None without any.

    Raises
    ------
    ShardError
        The file is missing or one of the above.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self._checks = Hdf5Checks(self.path, ShardError, "a shard written by synhead")
        self._checks.check_regular()
        with self._checks.errors_named():
            # the locking mode stays HDF5's own: a process that also opens the file with plain h5py needs the same one
            self._file = h5py.File(self.path, "r")
        try:
            with self._checks.errors_named():
                self.attributes = self._checks.attributes(self._file)
                self._check_version()
                self._datasets = self._open_columns()
        except BaseException:
            self.close()
            raise
        self.columns = tuple(self._datasets)
        self.rows = int(next(iter(self._datasets.values())).shape[0])
        pictures = [self._datasets[name].shape[1:3] for name in self.columns if COLUMNS[name].is_picture]
        self.picture_size = tuple(map(int, pictures[0])) if pictures else None

    def read(self, name: str, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return column `name` of the samples ``start`` to ``stop - 1``.

        Raises
        ------
        ShardError
            No such column, a range outside the shard, or damaged data.
        """
        stop = self.rows if stop is None else stop
        out = np.empty((max(stop - start, 0), *self._dataset(name).shape[1:]), np.dtype(COLUMNS[name].dtype))
        self.read_into(name, start, stop, out)
        return out

    def read_into(self, name: str, start: int, stop: int, out: np.ndarray) -> None:
        """Read the samples ``start`` to ``stop - 1`` of column `name` into `out`, C-contiguous and of their shape.

        Raises
        ------
        ShardError
            As `read`.
        """
        dataset = self._dataset(name)
        if not 0 <= start <= stop <= self.rows:
            raise ShardError(f"{self.path}: rows {start}:{stop} asked of a shard of {self.rows}; stay inside")
        if start < stop:
            with self._checks.errors_named(f"column {name!r}: "):
                dataset.read_direct(out, np.s_[start:stop])

    def chunk_rows(self, name: str) -> int:
        """Samples of column `name` that are stored, and best read, together."""
        chunks = self._dataset(name).chunks
        return self.rows if chunks is None else chunks[0]

    def close(self) -> None:
        """Close the file; further calls do nothing."""
        if self._file:
            self._file.close()

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _dataset(self, name: str) -> h5py.Dataset:
        if not self._file:
            raise ShardError(f"{self.path} was closed; open it again")
        try:
            return self._datasets[name]
        except KeyError:
            raise ShardError(f"{self.path}: no column {name!r}; it has {', '.join(self._datasets)}") from None

    def _check_version(self) -> None:
        version = self.attributes.get("schema_version")
        if version != SCHEMA_VERSION:
            stated = "states no schema_version" if version is None else f"has schema_version {version!r}"
            raise ShardError(f"{self.path} {stated}; this release reads version {SCHEMA_VERSION}")

    def _open_columns(self) -> dict[str, h5py.Dataset]:
        names = self._checks.names(self._file, len(COLUMNS))
        for name in names:
            if name not in COLUMNS:
                raise ShardError(f"{self.path}: column {name!r} is not in the schema; known: {', '.join(COLUMNS)}")
        sizes: dict[str, int] = {}
        datasets = {}
        for name in sorted(names, key=list(COLUMNS).index):
            dataset = self._checks.open_column(self._file, name)
            check_column(name, dataset.dtype, dataset.shape or (), sizes, str(self.path))
            self._checks.check_declared_size(dataset, name)
            datasets[name] = dataset
        lengths = {name: dataset.shape[0] for name, dataset in datasets.items()}
        if len(set(lengths.values())) != 1 or 0 in lengths.values():
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items()) or "none"
            raise ShardError(f"{self.path}: columns must have one length, 1 or more (found: {listed}); write it anew")
        return datasets

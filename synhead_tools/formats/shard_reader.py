"""Reading a shard without trusting it: everything is checked before the first byte of data is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  (importing it registers the codecs)
import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.formats.sample import COLUMNS, SCHEMA_VERSION, check_column

ATTRIBUTE_BYTES_LIMIT = 4096
ATTRIBUTE_COUNT_LIMIT = 64
CHUNK_BYTES_LIMIT = 256 << 20
"""No chunk may ask for more memory than this."""
EXPANSION_LIMIT = 1100
"""A column may not declare more bytes than this times those it stores; gzip can do at most 1032."""
SMALL_COLUMN_BYTES = 64 << 20
"""Columns up to this size may expand as they like."""

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_KNOWN_FILTERS = {
    h5py.h5z.FILTER_DEFLATE: "gzip",
    h5py.h5z.FILTER_SHUFFLE: "shuffle",
    h5py.h5z.FILTER_FLETCHER32: "fletcher32",
    h5py.h5z.FILTER_LZF: "lzf",
    32001: "blosc",
    32008: "bitshuffle",
    32015: "zstd",
}
_PLAIN_CLASSES = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING)
_LAYOUTS = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)


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
        _check_regular_hdf5(self.path)
        with self._errors_named():
            # the locking mode stays HDF5's own: a process that also opens the file with plain h5py needs the same one
            self._file = h5py.File(self.path, "r")
        try:
            with self._errors_named():
                self.attributes = _read_attributes(self._file, self.path)
                self._datasets = _open_columns(self._file, self.path)
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
            with self._errors_named(f"column {name!r}: "):
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

    @contextmanager
    def _errors_named(self, what: str = "") -> Iterator[None]:
        try:
            yield
        except ShardError:
            raise
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ShardError(f"{self.path}: {what}HDF5 cannot read it ({reason}); fetch or write it anew") from None


def _check_regular_hdf5(path: Path) -> None:
    if "\0" in str(path):
        raise ShardError(f"{str(path)!r} is no file name (it holds a NUL); check the manifest")
    signature = b""
    try:
        # checked before opening: opening a FIFO would wait for ever
        regular = stat.S_ISREG(path.stat().st_mode)
        if regular:
            with path.open("rb") as file:
                signature = file.read(len(_HDF5_SIGNATURE))
    except OSError as error:
        raise ShardError(f"{path} cannot be opened ({error.strerror}); check path and permissions") from None
    if not regular:
        raise ShardError(f"{path} is not a regular file; give a shard written by synhead")
    if signature != _HDF5_SIGNATURE:
        raise ShardError(f"{path} is not an HDF5 file; give a shard written by synhead")


def _read_attributes(file: h5py.File, path: Path) -> dict[str, str | int | float]:
    count = h5py.h5a.get_num_attrs(file.id)
    if count > ATTRIBUTE_COUNT_LIMIT:
        raise ShardError(f"{path}: {count} attributes; at most {ATTRIBUTE_COUNT_LIMIT} are expected, do not trust it")
    attributes = {}
    for index in range(count):
        attribute = h5py.h5a.open(file.id, index=index)
        name = attribute.name.decode("utf-8", "replace")
        attributes[name] = _attribute_value(attribute, name, path)
    version = attributes.get("schema_version")
    if version != SCHEMA_VERSION:
        stated = "states no schema_version" if version is None else f"has schema_version {version!r}"
        raise ShardError(f"{path} {stated}; this release reads version {SCHEMA_VERSION}")
    return attributes


def _attribute_value(attribute: h5py.h5a.AttrID, name: str, path: Path) -> str | int | float:
    kind = attribute.get_type()
    plain = kind.get_class() in _PLAIN_CLASSES and not _is_variable_text(kind)
    if not plain or attribute.shape != () or kind.get_size() > ATTRIBUTE_BYTES_LIMIT:
        raise ShardError(f"{path}: attribute {name!r} is not a short text or number; do not trust this file")
    value = np.empty((), attribute.dtype)
    attribute.read(value)
    value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _open_columns(file: h5py.File, path: Path) -> dict[str, h5py.Dataset]:
    names = _hard_link_names(file, path)
    sizes: dict[str, int] = {}
    datasets = {}
    for name in sorted(names, key=list(COLUMNS).index):
        object_id = h5py.h5o.open(file.id, name.encode())
        if not isinstance(object_id, h5py.h5d.DatasetID):
            raise ShardError(f"{path}: {name!r} is not a dataset; do not trust this file")
        _check_storage(object_id, name, path)
        dataset = h5py.Dataset(object_id)
        check_column(name, dataset.dtype, dataset.shape or (), sizes, str(path))
        _check_declared_size(object_id, name, path)
        datasets[name] = dataset
    lengths = {name: dataset.shape[0] for name, dataset in datasets.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items()) or "none"
        raise ShardError(f"{path}: columns must have one length of at least 1 (found: {listed}); write it anew")
    return datasets


def _hard_link_names(file: h5py.File, path: Path) -> list[str]:
    """Names in the root group, after checking that each is a hard link to something the schema knows.

    Columns are flat, so no path with an intermediate component is ever followed.
    """
    links = file.id.links
    count = file.id.get_num_objs()
    if count > len(COLUMNS):
        raise ShardError(f"{path}: {count} entries; the schema has {len(COLUMNS)} columns, do not trust this file")
    names = []
    for raw_name in file.id:
        name = raw_name.decode("utf-8", "replace")
        if links.get_info(raw_name).type != h5py.h5l.TYPE_HARD:
            raise ShardError(f"{path}: {name!r} is a soft, external or user-defined link; do not trust this file")
        if name not in COLUMNS:
            raise ShardError(f"{path}: column {name!r} is not in the schema; known: {', '.join(COLUMNS)}")
        names.append(name)
    return names


def _check_storage(dataset: h5py.h5d.DatasetID, name: str, path: Path) -> None:
    creation = dataset.get_create_plist()
    where = f"{path}: column {name!r}"
    if creation.get_layout() not in _LAYOUTS:
        raise ShardError(f"{where} is a virtual dataset that reads other files; do not trust this file")
    if creation.get_external_count():
        raise ShardError(f"{where} keeps its data in external files; do not trust this file")
    kind = dataset.get_type()
    if kind.get_class() not in _PLAIN_CLASSES or _is_variable_text(kind):
        raise ShardError(f"{where} has an object, variable-length, reference or compound type; do not trust this file")
    for index in range(creation.get_nfilters()):
        code = creation.get_filter(index)[0]
        if code not in _KNOWN_FILTERS:
            known = ", ".join(_KNOWN_FILTERS.values())
            raise ShardError(f"{where} uses HDF5 filter {code}; only {known} are read, write it anew with one of them")


def _check_declared_size(dataset: h5py.h5d.DatasetID, name: str, path: Path) -> None:
    where = f"{path}: column {name!r}"
    itemsize = dataset.dtype.itemsize
    declared = itemsize * _product(dataset.shape)
    stored = min(dataset.get_storage_size(), path.stat().st_size)
    if declared > SMALL_COLUMN_BYTES and declared > EXPANSION_LIMIT * stored:
        raise ShardError(f"{where} declares {declared} bytes but stores {stored}; do not trust this file")
    creation = dataset.get_create_plist()
    if creation.get_layout() == h5py.h5d.CHUNKED:
        chunk_bytes = itemsize * _product(creation.get_chunk())
        if chunk_bytes > CHUNK_BYTES_LIMIT:
            raise ShardError(f"{where} has chunks of {chunk_bytes} bytes, more than {CHUNK_BYTES_LIMIT}; write it anew")


def _product(shape: tuple[int, ...]) -> int:
    """Exact product in Python integers: hostile shapes overflow 64 bits."""
    product = 1
    for size in shape:
        product *= int(size)
    return product


def _is_variable_text(kind: h5py.h5t.TypeID) -> bool:
    return kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()

"""What makes it safe to read an HDF5 file that somebody gave: checked before the first byte of data is read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  (importing it registers the codecs)
import numpy as np

from synhead_tools.errors import SynheadError

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


@dataclass(frozen=True)
class Hdf5Checks:
    """The checks, with what they say when they fail.

    Refused, each with one line that names the file: links of any kind but hard ones, groups, external storage, virtual
    datasets, object, variable-length and reference types, unknown filters, columns that declare far more than the file
    stores, long attributes, and whatever HDF5 itself cannot read.

    Parameters
    ----------
    path : Path
        The file.
    error : type
        What to raise.
    wanted : str
        What to give instead of a file that is no HDF5.
    """

    path: Path
    error: type[SynheadError]
    wanted: str

    def check_regular(self) -> None:
        """Refuse what is no regular file that begins as HDF5 does; opens no pipe."""
        path = self.path
        if "\0" in str(path):
            raise self.error(f"{str(path)!r} is no file name (it holds a NUL); check the manifest")
        signature = b""
        try:
            # checked before opening: opening a FIFO would wait for ever
            regular = stat.S_ISREG(path.stat().st_mode)
            if regular:
                with path.open("rb") as file:
                    signature = file.read(len(_HDF5_SIGNATURE))
        except OSError as error:
            raise self.error(f"{path} cannot be opened ({error.strerror}); check path and permissions") from None
        if not regular:
            raise self.error(f"{path} is not a regular file; give {self.wanted}")
        if signature != _HDF5_SIGNATURE:
            raise self.error(f"{path} is not an HDF5 file; give {self.wanted}")

    @contextmanager
    def errors_named(self, what: str = "") -> Iterator[None]:
        """Turn what HDF5 raises into one line."""
        try:
            yield
        except SynheadError:
            raise
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, OverflowError, MemoryError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise self.error(f"{self.path}: {what}HDF5 cannot read it ({reason}); fetch or write it anew") from None

    def attributes(self, owner: h5py.File | h5py.Dataset) -> dict[str, str | int | float]:
        """Attributes of the file or of a column: short texts and numbers."""
        count = h5py.h5a.get_num_attrs(owner.id)
        if count > ATTRIBUTE_COUNT_LIMIT:
            raise self.error(
                f"{self.path}: {count} attributes; at most {ATTRIBUTE_COUNT_LIMIT} are expected, do not trust it"
            )
        attributes = {}
        for index in range(count):
            attribute = h5py.h5a.open(owner.id, index=index)
            name = attribute.name.decode("utf-8", "replace")
            attributes[name] = self._attribute_value(attribute, name)
        return attributes

    def names(self, file: h5py.File, limit: int) -> list[str]:
        """Names in the root group, after checking that each is a hard link, in the order in which they were made.

        Columns are flat, so no path with an intermediate component is ever followed.
        """
        count = file.id.get_num_objs()
        if count > limit:
            raise self.error(f"{self.path}: {count} entries; at most {limit} are expected, do not trust this file")
        names = {}
        for raw_name in file.id:
            name = raw_name.decode("utf-8", "replace")
            link = file.id.links.get_info(raw_name)
            if link.type != h5py.h5l.TYPE_HARD:
                raise self.error(
                    f"{self.path}: {name!r} is a soft, external or user-defined link; do not trust this file"
                )
            names[name] = link.corder if link.corder_valid else 0
        return sorted(names, key=names.get)

    def open_column(self, file: h5py.File, name: str) -> h5py.Dataset:
        """Open a column after checking how its data are stored."""
        object_id = h5py.h5o.open(file.id, name.encode())
        if not isinstance(object_id, h5py.h5d.DatasetID):
            raise self.error(f"{self.path}: {name!r} is not a dataset; do not trust this file")
        self._check_storage(object_id, name)
        return h5py.Dataset(object_id)

    def check_declared_size(self, dataset: h5py.Dataset, name: str) -> None:
        """Refuse a column that would take far more memory than the file has bytes for it."""
        where = f"{self.path}: column {name!r}"
        itemsize = dataset.dtype.itemsize
        declared = itemsize * _product(dataset.shape)
        stored = min(dataset.id.get_storage_size(), self.path.stat().st_size)
        if declared > SMALL_COLUMN_BYTES and declared > EXPANSION_LIMIT * stored:
            raise self.error(f"{where} declares {declared} bytes but stores {stored}; do not trust this file")
        creation = dataset.id.get_create_plist()
        if creation.get_layout() == h5py.h5d.CHUNKED:
            chunk_bytes = itemsize * _product(creation.get_chunk())
            if chunk_bytes > CHUNK_BYTES_LIMIT:
                raise self.error(
                    f"{where} has chunks of {chunk_bytes} bytes, more than {CHUNK_BYTES_LIMIT}; write it anew"
                )

    def _attribute_value(self, attribute: h5py.h5a.AttrID, name: str) -> str | int | float:
        kind = attribute.get_type()
        plain = kind.get_class() in _PLAIN_CLASSES and not _is_variable_text(kind)
        if not plain or attribute.shape != () or kind.get_size() > ATTRIBUTE_BYTES_LIMIT:
            raise self.error(f"{self.path}: attribute {name!r} is not a short text or number; do not trust this file")
        value = np.empty((), attribute.dtype)
        attribute.read(value)
        value = value.item()
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return value

    def _check_storage(self, dataset: h5py.h5d.DatasetID, name: str) -> None:
        creation = dataset.get_create_plist()
        where = f"{self.path}: column {name!r}"
        if creation.get_layout() not in _LAYOUTS:
            raise self.error(f"{where} is a virtual dataset that reads other files; do not trust this file")
        if creation.get_external_count():
            raise self.error(f"{where} keeps its data in external files; do not trust this file")
        kind = dataset.get_type()
        if kind.get_class() not in _PLAIN_CLASSES or _is_variable_text(kind):
            raise self.error(
                f"{where} has an object, variable-length, reference or compound type; do not trust this file"
            )
        for index in range(creation.get_nfilters()):
            code = creation.get_filter(index)[0]
            if code not in _KNOWN_FILTERS:
                known = ", ".join(_KNOWN_FILTERS.values())
                raise self.error(
                    f"{where} uses HDF5 filter {code}; only {known} are read, write it anew with one of them"
                )


def _product(shape: tuple[int, ...]) -> int:
    """Exact product in Python integers: hostile shapes overflow 64 bits."""
    product = 1
    for size in shape:
        product *= int(size)
    return product


def _is_variable_text(kind: h5py.h5t.TypeID) -> bool:
    return kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()

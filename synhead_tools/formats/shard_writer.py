"""Writing a shard: whole or not at all, and the same bytes for the same samples."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools import __version__
from synhead_tools.errors import ShardError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.hdf5_checks import ATTRIBUTE_BYTES_LIMIT
from synhead_tools.formats.sample import SCHEMA_VERSION, check_column, check_columns
from synhead_tools.formats.shard_image import COMPRESSIONS, PICTURE_CHUNK_ROWS, ShardImage, same_bytes
from synhead_tools.formats.shard_reader import ShardReader

FRAMES = (
    "camera: x right, y down, z forward; head: x subject's left, y down, z into the head, origin between the eyes; "
    "picture: x right, y down, (0, 0) the corner of the top-left pixel"
)
_COMPARED_BYTES = 1 << 20
_OWN_ATTRIBUTES = ("schema_version", "tool", "tool_version", "frames")
_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def write_shard(
    path: str | os.PathLike,
    columns: Mapping[str, np.ndarray],
    attributes: Mapping[str, str | int | float],
    *,
    compression: str = "lz4",
    overwrite: bool = False,
) -> str:
    """Write samples as one HDF5 file and return its SHA-256.

    The file is built in memory, written under a temporary name, read back and compared, flushed to the disk and
    renamed: a full disk or a kill leaves no file of that name. Equal columns and attributes give equal bytes (with
    equal versions of HDF5 and the codec), whatever the order of the mappings.

    Parameters
    ----------
    path : path
        File to write, in an existing folder.
    columns : mapping of str to ndarray
        Names, types and shapes of `synhead_tools.formats.sample.COLUMNS`, all of one length.
    attributes : mapping
        Short text and numbers kept with the file: ``kind``, ``convention`` (needed when there is an ``euler_deg``).
        Schema version, frames and tool version are added.
    compression : str
        A key of `COMPRESSIONS`, applied to pictures; labels are stored plainly.
    overwrite : bool
        Replace a file that is already there.

    Returns
    -------
    str
        SHA-256 of the file, 64 hexadecimal digits.

    Raises
    ------
    ShardError
        Columns or attributes do not fit the schema, or the disk gave back other data than was written.
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    rows = check_columns(columns, str(path))
    with ShardWriter(path, rows, attributes, compression=compression, overwrite=overwrite) as shard:
        for start in range(0, rows, PICTURE_CHUNK_ROWS):
            shard.append({name: array[start : start + PICTURE_CHUNK_ROWS] for name, array in columns.items()})
    return shard.sha256


class ShardWriter:
    """A shard that is written from blocks of samples, so that its pictures need not all be in memory at once.

    A context manager: the file appears when its block ends without an error, as `write_shard` would have written it.

    Parameters
    ----------
    path, attributes, compression, overwrite
        As of `write_shard`.
    rows : int
        Samples there will be in all.

    Attributes
    ----------
    sha256 : str
        Of the file, 64 hexadecimal digits; empty until it is there.

    Raises
    ------
    ShardError, OutputExistsError
        As `write_shard`; also where the blocks have other columns than the first, or other rows in all.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        rows: int,
        attributes: Mapping[str, str | int | float],
        *,
        compression: str = "lz4",
        overwrite: bool = False,
    ) -> None:
        self._path, self._rows, self._given, self._overwrite = Path(path), rows, dict(attributes), overwrite
        if compression not in COMPRESSIONS:
            raise ShardError(f"{path}: unknown compression {compression!r}; known: {', '.join(COMPRESSIONS)}")
        self._compression = compression
        self._image: ShardImage | None = None
        self._names: frozenset[str] = frozenset()
        self._sizes: dict[str, int] = {}
        self._added = 0
        self.sha256 = ""

    def append(self, columns: Mapping[str, np.ndarray]) -> None:
        """Add the next samples: columns of `synhead_tools.formats.sample.COLUMNS`, all of one length."""
        if self._image is None:
            attributes = _full_attributes(self._given, "euler_deg" in columns, self._path)
            self._image = ShardImage(self._rows, attributes, self._compression, str(self._path))
            self._names = frozenset(columns)
        lengths = {len(array) for array in columns.values()}
        if frozenset(columns) != self._names or len(lengths) != 1:
            raise ShardError(f"{self._path}: a block has other columns than the first, or columns of several lengths")
        for name, array in columns.items():
            check_column(name, np.dtype(array.dtype), array.shape, self._sizes, str(self._path))
        self._added += lengths.pop()
        if self._added > self._rows:
            raise ShardError(f"{self._path}: {self._added} samples came where {self._rows} were announced")
        self._image.append(columns)

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            if self._image is not None:
                self._image.close()

    def _write(self) -> None:
        if self._image is None or self._added != self._rows:
            raise ShardError(f"{self._path}: {self._added} samples came where {self._rows} were announced")
        labels = self._image.labels()
        if labels:
            check_columns(labels, str(self._path))
        with atomic_file(self._path, self._overwrite) as file:
            image = self._image.finish()
            file.write(image)
            file.flush()
            _compare_read_back(Path(file.name), image, labels, self._path)
        self.sha256 = hashlib.sha256(image).hexdigest()


def _full_attributes(attributes: Mapping[str, Any], has_euler: bool, path: Path) -> dict[str, Any]:
    if has_euler and "convention" not in attributes:
        raise ShardError(f"{path}: euler_deg without a convention attribute; say which Euler convention it is in")
    for name in attributes:
        if name in _OWN_ATTRIBUTES or not _ATTRIBUTE_NAME.fullmatch(name):
            raise ShardError(f"{path}: attribute name {name!r} is reserved or not lower_case; choose another")
    own = {"schema_version": SCHEMA_VERSION, "tool": "synhead", "tool_version": __version__, "frames": FRAMES}
    return {name: _stored_form(name, value, path) for name, value in sorted({**attributes, **own}.items())}


def _stored_form(name: str, value: Any, path: Path) -> Any:
    """Fixed-length text and 8-byte numbers only: variable-length text would tie readers to HDF5's global heap."""
    if isinstance(value, str):
        encoded = value.encode("utf-8")
        if not encoded or b"\0" in encoded or len(encoded) > ATTRIBUTE_BYTES_LIMIT:
            raise ShardError(
                f"{path}: attribute {name!r} must be 1 to {ATTRIBUTE_BYTES_LIMIT} bytes of text without NUL"
            )
        return np.bytes_(encoded)
    if isinstance(value, (bool, int, np.integer)):
        return np.int64(value)
    if isinstance(value, (float, np.floating)):
        return np.float64(value)
    raise ShardError(f"{path}: attribute {name!r} is a {type(value).__name__}; use text or a number")


def _compare_read_back(temporary: Path, image: bytes, labels: Mapping[str, np.ndarray], path: Path) -> None:
    """That the disk gives back these bytes, and a reader these labels; pictures were compared as they came."""
    with temporary.open("rb") as file:
        for start in range(0, len(image), _COMPARED_BYTES):
            if file.read(_COMPARED_BYTES) != image[start : start + _COMPARED_BYTES]:
                raise ShardError(f"{path}: byte {start} or one after it reads back changed; check the disk")
    with ShardReader(temporary) as shard:
        for name, array in labels.items():
            if not same_bytes(shard.read(name), array):
                raise ShardError(f"{path}: column {name!r} read back differs from what was written; check the disk")

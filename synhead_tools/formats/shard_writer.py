"""Writing a shard: whole or not at all, and the same bytes for the same samples."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import hdf5plugin
import numpy as np

from synhead_tools import __version__
from synhead_tools.errors import ShardError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.hdf5_checks import ATTRIBUTE_BYTES_LIMIT
from synhead_tools.formats.sample import COLUMNS, SCHEMA_VERSION, check_columns
from synhead_tools.formats.shard_reader import ShardReader

PICTURE_CHUNK_ROWS = 64
"""Samples that are stored, compressed and read together, for pictures."""
PICTURE_CHUNK_BYTES = 64 << 20
"""A chunk holds fewer samples where the pictures are so large that 64 of them exceed this."""
LABEL_CHUNK_ROWS = 4096
"""Samples per chunk of every other column."""

COMPRESSIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "none": MappingProxyType({}),
        "lz4": MappingProxyType(dict(hdf5plugin.Blosc(cname="lz4", clevel=5, shuffle=hdf5plugin.Blosc.NOSHUFFLE))),
        "zstd": MappingProxyType(dict(hdf5plugin.Blosc(cname="zstd", clevel=3, shuffle=hdf5plugin.Blosc.NOSHUFFLE))),
        "gzip": MappingProxyType({"compression": "gzip", "compression_opts": 4}),
    }
)
"""Lossless codecs of picture columns. ``lz4`` and ``zstd`` are Blosc's: readers need ``import hdf5plugin``."""

FRAMES = (
    "camera: x right, y down, z forward; head: x subject's left, y down, z into the head, origin between the eyes; "
    "picture: x right, y down, (0, 0) the corner of the top-left pixel"
)
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
    path = Path(path)
    check_columns(columns, str(path))
    if compression not in COMPRESSIONS:
        raise ShardError(f"{path}: unknown compression {compression!r}; known: {', '.join(COMPRESSIONS)}")
    attributes = _full_attributes(attributes, "euler_deg" in columns, path)
    with atomic_file(path, overwrite) as file:
        image = _file_image(columns, attributes, compression)
        file.write(image)
        file.flush()
        _compare_read_back(Path(file.name), columns, path)
    return hashlib.sha256(image).hexdigest()


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


def _file_image(columns: Mapping[str, np.ndarray], attributes: Mapping[str, Any], compression: str) -> bytes:
    """Build the file in memory: HDF5 never meets a full disk, which it is known not to survive cleanly."""
    name = secrets.token_hex(16)  # HDF5 refuses to have two files of one name open, in memory or not
    with h5py.File(name, "w", driver="core", backing_store=False, block_size=16 << 20, libver=("v108", "v108")) as file:
        file.attrs.update(attributes)
        for column in COLUMNS.values():
            if column.name in columns:
                _add_column(file, column.name, columns[column.name], attributes, compression)
        file.flush()
        return file.id.get_file_image()


def _add_column(file: h5py.File, name: str, array: np.ndarray, attributes: Mapping[str, Any], compression: str) -> None:
    column = COLUMNS[name]
    row_bytes = array.dtype.itemsize * int(np.prod(array.shape[1:]))
    chunk_rows = LABEL_CHUNK_ROWS
    if column.is_picture:
        chunk_rows = max(1, min(PICTURE_CHUNK_ROWS, PICTURE_CHUNK_BYTES // row_bytes))
    dataset = file.create_dataset(
        name,
        data=np.ascontiguousarray(array),
        chunks=(min(chunk_rows, len(array)), *array.shape[1:]),
        track_times=False,
        **(COMPRESSIONS[compression] if column.is_picture else {}),
    )
    dataset.attrs["meaning"] = np.bytes_(column.meaning.encode())
    dataset.attrs["unit"] = np.bytes_(column.unit.encode())
    if name == "euler_deg":
        dataset.attrs["convention"] = attributes["convention"]


def _compare_read_back(temporary: Path, columns: Mapping[str, np.ndarray], path: Path) -> None:
    with ShardReader(temporary) as shard:
        for name, array in columns.items():
            step = shard.chunk_rows(name)
            for start in range(0, len(array), step):
                written = array[start : start + step]
                if not _same_bytes(shard.read(name, start, start + len(written)), written):
                    raise ShardError(f"{path}: column {name!r} read back differs from what was written; check the disk")


def _same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    """Compare as bytes, so that NaN equals NaN and -0.0 differs from 0.0."""
    return np.array_equal(*(np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in (a, b)))

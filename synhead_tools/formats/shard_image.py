"""A shard in the making: an HDF5 file in memory, that compresses pictures as they come."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import h5py
import hdf5plugin
import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.formats.sample import COLUMNS

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
        "zstd": MappingProxyType(dict(hdf5plugin.Zstd(clevel=3))),  # a third faster than within Blosc, and as small
        "gzip": MappingProxyType({"compression": "gzip", "compression_opts": 4}),
    }
)
"""Lossless codecs of picture columns. ``lz4``, which is Blosc's, and ``zstd`` need ``import hdf5plugin`` in readers."""

_BLOCK_BYTES = 4 << 20


class ShardImage:
    """The bytes of a shard, built in memory: HDF5 never meets a full disk, which it is known not to survive cleanly.

    The bytes depend on the rows alone, not on the blocks in which they are added.

    Parameters
    ----------
    rows : int
        Samples there will be.
    attributes : mapping
        Of the file, in their stored form.
    compression : str
        A key of `COMPRESSIONS`.
    where : str
        File the shard is for, named in messages.
    """

    def __init__(self, rows: int, attributes: Mapping[str, Any], compression: str, where: str) -> None:
        self._rows, self._attributes, self._where = rows, attributes, where
        self._filter = COMPRESSIONS[compression]
        self._waiting: dict[str, np.ndarray] = {}
        self._again: dict[str, np.ndarray] = {}  # room for what is read again
        self._labels: dict[str, list[np.ndarray]] = {}
        self._added = 0
        # HDF5 refuses to have two files of one name open, in memory or not; it keeps no chunk back, so that what is
        # read again comes out of the codec
        options = {"driver": "core", "backing_store": False, "block_size": _BLOCK_BYTES, "rdcc_nbytes": 0}
        self._file = h5py.File(secrets.token_hex(16), "w", libver=("v108", "v108"), **options)
        self._file.attrs.update(attributes)

    def append(self, columns: Mapping[str, np.ndarray]) -> None:
        """Add the next rows; every call brings the same columns.

        Raises
        ------
        ShardError
            What was compressed comes out differently.
        """
        for name in COLUMNS:
            if name in columns and COLUMNS[name].is_picture:
                self._wait(name, columns[name])
            elif name in columns:
                self._labels.setdefault(name, []).append(np.array(columns[name]))
        self._added += len(next(iter(columns.values())))
        # in the order in which chunks fill, whatever the blocks; where several do at once, in that of the columns
        for _, _, name, start, stop in sorted(self._full_chunks()):
            first = self._added - len(self._waiting[name])
            self._write_chunk(name, start, self._waiting[name][start - first : stop - first])
        for name, waiting in self._waiting.items():
            left = 0 if self._added == self._rows else self._added % self._file[name].chunks[0]
            self._waiting[name] = waiting[len(waiting) - left :].copy()

    def labels(self) -> dict[str, np.ndarray]:
        """Return the columns, so far, that are no pictures."""
        return {name: np.concatenate(blocks) for name, blocks in self._labels.items()}

    def finish(self) -> bytes:
        """Write the labels and return the file's bytes."""
        labels = self.labels()
        for name in COLUMNS:
            if name in labels:
                self._create(name, labels[name].shape, labels[name].dtype, LABEL_CHUNK_ROWS, {})[...] = labels[name]
        self._file.flush()
        return self._file.id.get_file_image()

    def close(self) -> None:
        """Free the memory."""
        self._file.close()

    def _create(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype, chunk_rows: int, codec: Mapping[str, Any]
    ) -> h5py.Dataset:
        chunks = (min(chunk_rows, self._rows), *shape[1:])
        dataset = self._file.create_dataset(name, shape, dtype, chunks=chunks, track_times=False, **codec)
        dataset.attrs["meaning"] = np.bytes_(COLUMNS[name].meaning.encode())
        dataset.attrs["unit"] = np.bytes_(COLUMNS[name].unit.encode())
        if name == "euler_deg":
            dataset.attrs["convention"] = self._attributes["convention"]
        return dataset

    def _wait(self, name: str, pictures: np.ndarray) -> None:
        if name not in self._file:
            row_bytes = pictures.dtype.itemsize * int(np.prod(pictures.shape[1:]))
            chunk_rows = max(1, min(PICTURE_CHUNK_ROWS, PICTURE_CHUNK_BYTES // row_bytes))
            self._create(name, (self._rows, *pictures.shape[1:]), pictures.dtype, chunk_rows, self._filter)
            self._waiting[name] = pictures[:0]
        waiting = self._waiting[name]
        self._waiting[name] = np.concatenate([waiting, pictures]) if len(waiting) else pictures

    def _full_chunks(self) -> Iterator[tuple[int, int, str, int, int]]:
        """Stop, number of the column, name, start and stop of the chunks whose rows are all there."""
        for number, (name, waiting) in enumerate(self._waiting.items()):
            chunk_rows = self._file[name].chunks[0]
            for start in range(self._added - len(waiting), self._added, chunk_rows):
                stop = min(start + chunk_rows, self._rows)
                if stop <= self._added:
                    yield stop, number, name, start, stop

    def _write_chunk(self, name: str, start: int, pictures: np.ndarray) -> None:
        """Compress one chunk, and look whether it is what comes out again."""
        dataset, pictures = self._file[name], np.ascontiguousarray(pictures)
        rows = np.s_[start : start + len(pictures)]
        dataset.write_direct(pictures, dest_sel=rows)
        if self._again.get(name, pictures[:0]).shape != pictures.shape:
            self._again[name] = np.empty_like(pictures)
        again = self._again[name]
        dataset.read_direct(again, rows)
        if not same_bytes(again, pictures):
            raise ShardError(
                f"{self._where}: column {name!r} comes out of its codec changed; write it anew, uncompressed"
            )


def same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    """Compare as bytes, so that NaN equals NaN and -0.0 differs from 0.0."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    wide = np.uint64 if a.nbytes % 8 == 0 else np.uint8  # eight bytes at once
    return np.array_equal(*(np.ascontiguousarray(array).reshape(-1).view(wide) for array in (a, b)))

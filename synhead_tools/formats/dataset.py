"""A dataset folder as one long table: shards of several folders, selections, rows in any order."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import ManifestError, ShardError, SynheadError
from synhead_tools.formats.file_hash import sha256_of_file
from synhead_tools.formats.manifest import Manifest, ShardEntry, manifest_path, read_manifest
from synhead_tools.formats.row_blocks import read_rows, row_numbers
from synhead_tools.formats.sample import COLUMNS, DENSE_COLUMNS, check_rotations
from synhead_tools.formats.selection_file import read_selection
from synhead_tools.formats.shard_reader import ShardReader
from synhead_tools.geometry.euler import euler_deg_from_rotmat

OPEN_SHARDS_LIMIT = 32


def open_dataset(path: str | os.PathLike) -> Dataset:
    """Open a dataset folder (or its ``dataset.json``).

    Raises
    ------
    ManifestError
        The manifest is missing or wrong, or a shard it names is not there.
    """
    file = manifest_path(path)
    return Dataset(file.parent, read_manifest(file))


class Dataset:
    """The samples of a manifest, numbered 0 to ``len(dataset) - 1`` in its order. A `SampleSource`.

    Files are opened when first read, at most `OPEN_SHARDS_LIMIT` at a time, and opened anew in a forked or spawned
    process. ``euler_deg`` is always computed from ``rotmat`` in the manifest's convention, whatever the shard stores.

    Attributes
    ----------
    folder : Path
    manifest : Manifest
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = Path(folder), manifest
        if not manifest.shards:
            raise ManifestError(f"{self.folder}: the dataset has no shards yet; render or match it first")
        self._ends = np.cumsum([len(entry) for entry in manifest.shards])
        self._columns: tuple[str, ...] | None = None
        self._selections: dict[int, np.ndarray] = {}
        self._forget_files()
        for entry in manifest.shards:
            if not (self.folder / entry.path).is_file():
                raise ManifestError(f"{self.folder}: shard {entry.path} is missing; fetch it or make the dataset anew")
            self._check_selection_is_there(entry)

    def _check_selection_is_there(self, entry: ShardEntry) -> None:
        """That a selection's file is long enough, before anybody makes room for the rows it claims."""
        if entry.selected is None:
            return
        file = self.folder / entry.selected
        if not file.is_file() or file.stat().st_size < 4 * len(entry):
            raise ManifestError(
                f"{self.folder}: {entry.selected} is missing or holds fewer than {len(entry)} row numbers; restore it"
            )

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that every shard has, in schema order; ``euler_deg`` wherever there is a ``rotmat``."""
        if self._columns is None:
            common = set(COLUMNS)
            for index in range(len(self.manifest.shards)):
                common &= set(self._shard(index).columns)
            common.discard("euler_deg")
            if "rotmat" in common:
                common.add("euler_deg")
            self._columns = tuple(name for name in COLUMNS if name in common)
        return self._columns

    def read(self, name: str, rows: Any = None) -> np.ndarray:
        """Return one column.

        Parameters
        ----------
        name : str
            One of `columns`.
        rows : None or array of int, shape (n,)
            Row numbers in any order, repeats allowed; None for all.

        Returns
        -------
        ndarray
            First axis as `rows`; type, shape, frame and unit as in `synhead_tools.formats.sample.COLUMNS`.

        Raises
        ------
        ShardError
            No such column or row, or a damaged shard.
        ManifestError
            A shard or selection is not the one the manifest was written for.
        """
        if name == "euler_deg":
            return euler_deg_from_rotmat(self.read("rotmat", rows), self.manifest.convention)
        if name not in self.columns:
            raise ShardError(f"{self.folder}: no column {name!r}; it has {', '.join(self.columns)}")
        rows = row_numbers(rows, len(self), str(self.folder))
        column = COLUMNS[name]
        tail = [self._sizes()[size] if isinstance(size, str) else size for size in column.shape_tail]
        out = np.empty((len(rows), *tail), np.dtype(column.dtype))
        entry_of = np.searchsorted(self._ends, rows, side="right")
        for index in np.unique(entry_of):
            positions = np.flatnonzero(entry_of == index)
            read_rows(self._shard(index), name, self._rows_in_shard(index, rows[positions]), out, positions)
        return out

    def labels(self, rows: Any = None) -> dict[str, np.ndarray]:
        """Return every column that is neither a picture nor a dense mesh, in schema order."""
        return {name: self.read(name, rows) for name in self.columns if name not in DENSE_COLUMNS}

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        image = self.manifest.image
        composed = {"composed": True} if self.manifest.composed else {}
        poses = {"target_poses": self.manifest.target_poses} if self.manifest.target_poses else {}
        return {
            **composed,
            **poses,
            "dataset": self.manifest.kind,
            "subset": f"all {len(self)} samples",
            "convention": self.manifest.convention,
            "calibrated": True,  # the labels are of the very camera that drew the picture
            "crop": f"as rendered, {image.get('width', '?')}x{image.get('height', '?')} px",
            "frames": len(self),
            "target_labels_used": self.manifest.target_labels_used,
        }

    def verify(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Read every file again and compare it with the manifest; return the number of shards.

        Parameters
        ----------
        progress : callable
            Told after each shard: shards done, shards in all.

        Raises
        ------
        ManifestError
            A file differs from what the manifest says of it, or is damaged; names the first one, and the others.
        """
        bad: list[tuple[str, SynheadError]] = []
        for index, entry in enumerate(self.manifest.shards):
            try:
                self._verify_shard(index)
            except SynheadError as error:
                bad.append((entry.path, error))
            progress(index + 1, len(self.manifest.shards))
        if len(bad) == 1:
            raise bad[0][1]
        if bad:
            others = ", ".join(path for path, _ in bad[1:])
            raise ManifestError(f"{bad[0][1]}; {len(bad)} of {index + 1} shards are bad, the others: {others}")
        return len(self.manifest.shards)

    def _verify_shard(self, index: int) -> None:
        entry = self.manifest.shards[index]
        path = self.folder / entry.path
        try:
            # hashed before HDF5 parses it: a changed file is refused unread
            same = sha256_of_file(path) == entry.sha256
        except OSError as error:
            raise ManifestError(f"{path} cannot be read ({error.strerror}); restore it") from None
        if not same:
            raise ManifestError(f"{self.folder}: {entry.path} is not the file the manifest was written for; restore it")
        shard = self._shard(index)
        check_rotations({name: shard.read(name) for name in {"rotmat", "quat_xyzw"} & set(shard.columns)}, entry.path)
        self._rows_in_shard(index, np.array([self._start(index)]))

    def entry_rows(self, index: int) -> np.ndarray:
        """Row numbers, within its shard, of the samples entry `index` of the manifest adds: int64, shape (n,)."""
        start = self._start(index)
        return self._rows_in_shard(index, np.arange(start, start + len(self.manifest.shards[index])))

    def close(self) -> None:
        """Close all files; reading opens them again."""
        for shard in self._open.values():
            shard.close()
        self._forget_files()

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict(), "_process": None}

    def _forget_files(self) -> None:
        self._open: OrderedDict[str, ShardReader] = OrderedDict()
        self._process = os.getpid()

    def _start(self, index: int) -> int:
        return int(self._ends[index]) - len(self.manifest.shards[index])

    def _sizes(self) -> dict[str, int]:
        height, width = self._shard(0).picture_size or (0, 0)
        return {"H": height, "W": width}

    def _rows_in_shard(self, index: int, rows: np.ndarray) -> np.ndarray:
        entry, local = self.manifest.shards[index], rows - self._start(index)
        if entry.selected is None:
            return local
        if index not in self._selections:
            self._selections[index] = read_selection(self.folder, entry)
        return self._selections[index][local].astype(np.int64)

    def _shard(self, index: int) -> ShardReader:
        if self._process != os.getpid():  # an HDF5 handle must not be used on both sides of a fork
            self._forget_files()
        entry = self.manifest.shards[index]
        if entry.path not in self._open:
            self._open[entry.path] = self._checked_shard(entry)
            if len(self._open) > OPEN_SHARDS_LIMIT:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(entry.path)
        return self._open[entry.path]

    def _checked_shard(self, entry: ShardEntry) -> ShardReader:
        shard = ShardReader(self.folder / entry.path)
        image = self.manifest.image
        complaint = None
        if shard.rows != entry.rows:
            complaint = f"holds {shard.rows} samples, the manifest says {entry.rows}"
        elif shard.picture_size and image and shard.picture_size != (image.get("height"), image.get("width")):
            complaint = f"holds pictures of {shard.picture_size[::-1]} px, the manifest says {dict(image)}"
        if complaint:
            shard.close()
            raise ManifestError(f"{self.folder}: {entry.path} {complaint}; restore the shard or make the dataset anew")
        return shard

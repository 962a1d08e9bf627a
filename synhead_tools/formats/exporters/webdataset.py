"""WebDataset: tar shards ``SPLIT-NNNNNN.tar`` of files ``KEY.png`` and ``KEY.json``, and ``index.json``.

``KEY.json`` has the sample's labels under the names of the schema (matrices row by row, names as text) and
``euler_deg`` in the convention ``euler_convention``. With `also`, other pictures stand beside it: ``KEY.alpha.png``,
``KEY.region.png`` and ``KEY.depth_m.npy`` (float32). Members have no times, owners or other accidents of the machine,
so that equal samples give equal bytes. ``index.json`` is what the ``wids`` library reads (webdataset/webdataset
wids/wids_specs.py), with the SHA-256 of each shard.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.formats.exporters.blocks import (
    Progress,
    blocks,
    json_value,
    label_columns,
    no_progress,
    require_columns,
    written_convention,
)
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle, encode_png
from synhead_tools.formats.exporters.shards import DEFAULT_SHARD_MB, SPLIT, check_shards, extra_pictures
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import euler_deg_from_rotmat

FORMAT = "webdataset"
INDEX_NAME = "index.json"
FILES = rf"{SPLIT}-\d{{6}}\.tar|index\.json"


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
    convention: str | None = None,
    split: str = "train",
    shard_mb: float = DEFAULT_SHARD_MB,
    also: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Write tar shards and their index; see the module for what is in them.

    Parameters
    ----------
    dataset, out, pictures, overwrite, progress
        As `export_dataset`.
    convention : str, optional
        Euler convention of ``euler_deg``; the dataset's own by default.
    split : str
        Begins the shards' names.
    shard_mb : float
        A shard is closed when it has reached so many million bytes.
    also : tuple of str
        Of ``alpha``, ``region``, ``depth_m``: pictures to write beside the image.

    Raises
    ------
    ExportError
        No image, no rotation, nothing of the name in `also`; or an option that cannot be.
    OutputExistsError
        As `export_folder`.
    """
    require_columns(dataset, ("image", "rotmat", *extra_pictures(also, _ENCODERS, FORMAT)), FORMAT)
    check_shards(split, shard_mb)
    pictures, convention = pictures.settled("png"), written_convention(dataset, convention)
    labels = label_columns(dataset)
    facts = {"format": FORMAT, "frames": len(dataset), "convention": convention, **pictures.facts(), "split": split}
    facts |= {"also": list(also), "labels": [*labels, "euler_deg"]}
    with export_folder(dataset, out, facts, FILES, overwrite) as folder:
        with _Shards(folder, split, shard_mb * 1e6) as shards:
            for names, block in blocks(dataset, ("image", *also, *labels), pictures, progress):
                for index, text in enumerate(_label_texts(block, labels, convention)):
                    members = [(pictures.format, pictures.encode(block["image"][index])), ("json", text)]
                    for name in also:
                        suffix, encode = _ENCODERS[name]
                        members.append((f"{name}.{suffix}", encode(block[name][index])))
                    shards.add(names[index], members)
        facts["shards"] = len(shards.entries)
        index = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "name": split, "shardlist": shards.entries}
        atomic_write_text(folder / INDEX_NAME, json.dumps(index, indent=1) + "\n")
    return facts


def _label_texts(block: dict[str, np.ndarray], labels: list[str], convention: str) -> Iterator[bytes]:
    """JSON of the labels of each sample of a block."""
    euler = euler_deg_from_rotmat(block["rotmat"], convention) + 0.0
    for index in range(len(euler)):
        told = {name: json_value(block[name][index]) for name in labels}
        told |= {"euler_deg": euler[index].tolist(), "euler_convention": convention}
        yield json.dumps(told, allow_nan=False).encode()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


_ENCODERS: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
    "alpha": ("png", encode_png),
    "region": ("png", encode_png),
    "depth_m": ("npy", _npy),
}


class _Shards:
    """Tar files one after another, a new one when the last is full; `entries` lists those that are finished."""

    def __init__(self, folder: Path, split: str, limit_bytes: float) -> None:
        self.entries: list[dict[str, Any]] = []
        self._folder, self._split, self._limit = folder, split, limit_bytes
        self._tar: tarfile.TarFile | None = None
        self._path, self._samples = folder, 0

    def add(self, key: str, members: list[tuple[str, bytes]]) -> None:
        """Append the files of one sample: suffix and contents of each."""
        if self._tar is None:
            self._path = self._folder / f"{self._split}-{len(self.entries):06d}.tar"
            self._tar = tarfile.open(self._path, "x", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            self._samples = 0
        for suffix, data in members:
            member = tarfile.TarInfo(f"{key}.{suffix}")  # time, owner and group are 0 or empty in a new one
            member.size = len(data)
            self._tar.addfile(member, io.BytesIO(data))
        self._samples += 1
        if self._tar.offset >= self._limit:
            self._finish()

    def __enter__(self) -> _Shards:
        return self

    def __exit__(self, kind: type | None, *exc_info: object) -> None:
        if self._tar is not None and kind is None:
            self._finish()
        elif self._tar is not None:
            self._tar.fileobj.close()

    def _finish(self) -> None:
        self._tar.close()
        self._tar = None
        entry = {"url": self._path.name, "nsamples": self._samples, "filesize": self._path.stat().st_size}
        self.entries.append({**entry, "sha256": _sha256(self._path)})


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()

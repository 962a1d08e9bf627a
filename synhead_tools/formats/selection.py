"""Datasets made of existing shards: selections of rows, and unions. No pixel is copied."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.manifest import ShardEntry
from synhead_tools.formats.row_blocks import row_numbers

SELECTIONS_FOLDER = "selections"


def select_entries(
    dataset: Dataset, rows: Any, folder: str | os.PathLike, *, first_number: int = 0, overwrite: bool = False
) -> tuple[ShardEntry, ...]:
    """Manifest entries, for a dataset in `folder`, of some rows of an existing dataset.

    Row numbers are written to ``folder/selections/NNNNN.npy``; shards taken whole need none, shards of which nothing
    is taken are left out. The result is in the order of `dataset`, whatever the order of `rows`; a row named twice is
    there twice.

    Parameters
    ----------
    dataset : Dataset
        May itself be a selection or a union.
    rows : array of int, shape (n,)
        Row numbers of `dataset`.
    folder : path
        Where the manifest with these entries will be; created if missing.
    first_number : int
        Number of the first selection file, when one folder takes selections of several datasets.
    overwrite : bool
        Replace selection files that are there.

    Raises
    ------
    ManifestError
        `rows` is empty.
    ShardError
        `rows` are not row numbers of `dataset`.
    OutputExistsError
        A selection file exists and `overwrite` is false.
    """
    rows = np.sort(row_numbers(rows, len(dataset), str(dataset.folder)))
    if not len(rows):
        raise ManifestError(f"{dataset.folder}: no row was selected; widen the selection")
    entries: list[ShardEntry] = []
    start = 0
    for index, entry in enumerate(dataset.manifest.shards):
        stop = start + len(entry)
        wanted = rows[np.searchsorted(rows, start) : np.searchsorted(rows, stop)] - start
        if len(wanted):
            number = first_number + len(entries)
            local = dataset.entry_rows(index)[wanted]
            entries.append(_write_entry(entry, dataset.folder, local, Path(folder), number, overwrite))
        start = stop
    return tuple(entries)


def union_entries(
    datasets: Iterable[Dataset], folder: str | os.PathLike, *, overwrite: bool = False
) -> tuple[ShardEntry, ...]:
    """Manifest entries, for a dataset in `folder`, of all samples of several datasets, one after the other.

    Selections are copied into `folder`, shards are pointed to. Parameters and errors as `select_entries`.

    Raises
    ------
    ManifestError
        Some have their backgrounds baked in and others have not.
    """
    datasets = tuple(datasets)
    composed = {dataset.manifest.composed: dataset for dataset in datasets}
    if len(composed) > 1:
        raise ManifestError(
            f"{composed[True].folder} has backgrounds baked in and {composed[False].folder} has not; unite one kind"
        )
    entries: tuple[ShardEntry, ...] = ()
    for dataset in datasets:
        every_row = np.arange(len(dataset))
        entries += select_entries(dataset, every_row, folder, first_number=len(entries), overwrite=overwrite)
    return entries


def _write_entry(
    entry: ShardEntry, source: Path, local: np.ndarray, folder: Path, number: int, overwrite: bool
) -> ShardEntry:
    folder.mkdir(parents=True, exist_ok=True)
    shard_path = os.path.relpath((source / entry.path).resolve(), folder.resolve())
    moved = ShardEntry(Path(shard_path).as_posix(), entry.rows, entry.sha256)
    if np.array_equal(local, np.arange(entry.rows)):
        return moved
    name = f"{SELECTIONS_FOLDER}/{number:05d}.npy"
    data = io.BytesIO()
    np.save(data, local.astype(np.uint32))
    (folder / SELECTIONS_FOLDER).mkdir(exist_ok=True)
    atomic_write_bytes(folder / name, data.getvalue(), overwrite)
    digest = hashlib.sha256(data.getvalue()).hexdigest()
    return replace(moved, selected=name, selected_rows=len(local), selected_sha256=digest)

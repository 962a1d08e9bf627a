"""Output folders of derived datasets: replaced whole, and only by their like."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.card import write_card
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.folder_contents import DATASET_NAMES, LOCK_NAME, foreign_names
from synhead_tools.formats.labels_parquet import write_label_blocks
from synhead_tools.formats.manifest import MANIFEST_NAME, Manifest, write_manifest
from synhead_tools.formats.new_folder import new_folder, places_of
from synhead_tools.formats.runs.output_folder import locked_folder
from synhead_tools.formats.sample import SampleSource

MATCHES_NAME, REPORT_NAME, PICTURE_NAME = "matches.parquet", "report.json", "report.png"
SYNBIWI_NAME, SYNHEAD_UNION_NAME = "synbiwi+", "synhead++"
MATCHED_NAMES = frozenset({LOCK_NAME, MATCHES_NAME, REPORT_NAME, PICTURE_NAME, SYNBIWI_NAME, SYNHEAD_UNION_NAME})
"""Every name in a folder that `match-biwi` makes."""

_REPLACED_UNION = f".{SYNHEAD_UNION_NAME}.old"
_LABEL_BLOCK_ROWS = 1 << 13


def new_dataset_folder(
    out: str | os.PathLike, overwrite: bool = False, *, reads: Iterable[SampleSource] = ()
) -> AbstractContextManager[Path]:
    """A `new_folder` that replaces nothing but datasets.

    Raises
    ------
    OutputExistsError
        As `new_folder`; or `out` is no dataset, or holds something beside one.
    """
    return new_folder(out, overwrite, reads=reads, check=_check_is_dataset)


@contextmanager
def matched_folder(
    out: str | os.PathLike, overwrite: bool, resume: bool, reads: Iterable[SampleSource] = ()
) -> Iterator[Path]:
    """Make and lock the folder of a match; yield it, empty or, with `resume`, with what an earlier run left.

    Parameters
    ----------
    out : path
    overwrite, resume : bool
        Throw away what an earlier match left there, or go on with it.
    reads : iterable of SampleSource
        Datasets that are read: none of them may lie in `out`.

    Raises
    ------
    OutputExistsError
        There is something, and neither is given; or something that no match has made, or that is read here; or another
        run is writing there.
    """
    out = Path(out)
    reads = tuple(reads)
    _check_replaceable(out, overwrite or resume, reads)
    with locked_folder(out):
        _check_replaceable(out, overwrite or resume, reads)
        if overwrite and not resume:
            for name in (REPORT_NAME, MATCHES_NAME, PICTURE_NAME):
                (out / name).unlink(missing_ok=True)
            for name in (SYNHEAD_UNION_NAME, SYNBIWI_NAME):  # the union first: it points into the other
                shutil.rmtree(out / name, ignore_errors=True)
        yield out


def finish_dataset(folder: str | os.PathLike, manifest: Manifest) -> Dataset:
    """Write manifest, ``labels.parquet`` and ``README.md`` of a dataset whose shards are in place, and open it."""
    write_manifest(folder, manifest)
    dataset = open_dataset(folder)
    starts = range(0, len(dataset), _LABEL_BLOCK_ROWS)
    blocks = (dataset.labels(np.arange(k, min(k + _LABEL_BLOCK_ROWS, len(dataset)))) for k in starts)
    write_label_blocks(Path(folder) / "labels.parquet", blocks, {"convention": manifest.convention}, overwrite=True)
    write_card(dataset)
    return dataset


def parent_of(dataset: Dataset) -> dict[str, Any]:
    """What a derived manifest says of the dataset it came from."""
    manifest = dataset.manifest
    return {
        "kind": manifest.kind,
        "frames": len(dataset),
        "seed": manifest.seed,
        "config": dict(manifest.config),
        "target_labels_used": manifest.target_labels_used,
        "target_poses": manifest.target_poses,
        "parents": list(manifest.parents),
    }


def _check_is_dataset(out: Path) -> None:
    """Raise unless `out` is the folder of a dataset, and of nothing else."""
    if not out.is_dir() or not (out / MANIFEST_NAME).is_file():
        raise OutputExistsError(f"{out} is not a dataset; --overwrite replaces datasets only")
    _refuse_foreign(out, DATASET_NAMES)


def _check_replaceable(out: Path, allowed: bool, reads: tuple[SampleSource, ...]) -> None:
    """Raise unless `out` is not there, or is empty, or `allowed` and left by a match of which nothing is read here."""
    if not out.exists() or (out.is_dir() and not {entry.name for entry in out.iterdir()} - {LOCK_NAME}):
        return
    if not allowed:
        raise OutputExistsError(f"{out} is already there; choose another place, or give --resume or --overwrite")
    for place in (place for source in reads for place in places_of(source)):
        if place.is_relative_to(out.resolve()):
            raise OutputExistsError(f"{out} holds {place}, which is read here; choose another place")
    if not out.is_dir():
        raise OutputExistsError(f"{out} is a file; give a folder")
    _refuse_foreign(out, MATCHED_NAMES | {_REPLACED_UNION})
    for name in (SYNBIWI_NAME, SYNHEAD_UNION_NAME):
        if (out / name).is_dir():
            _refuse_foreign(out / name, DATASET_NAMES)


def _refuse_foreign(folder: Path, own: frozenset[str]) -> None:
    foreign = foreign_names(folder, own)
    if foreign:
        raise OutputExistsError(
            f"{folder} also holds {foreign[0]!r}, which --overwrite would remove; choose another place"
        )

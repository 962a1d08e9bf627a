"""Output folders of derived datasets: replaced whole, and only by their like."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.card import write_card
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.folder_contents import DATASET_NAMES, foreign_names
from synhead_tools.formats.labels import write_labels_parquet
from synhead_tools.formats.manifest import MANIFEST_NAME, Manifest, write_manifest
from synhead_tools.formats.new_folder import new_folder
from synhead_tools.formats.sample import SampleSource

MATCHES_NAME, REPORT_NAME = "matches.parquet", "report.json"
SYNBIWI_NAME, SYNHEAD_UNION_NAME = "synbiwi+", "synhead++"
MATCHED_NAMES = frozenset({MATCHES_NAME, REPORT_NAME, SYNBIWI_NAME, SYNHEAD_UNION_NAME})
"""Every name in a folder that `match-biwi` makes."""


def new_dataset_folder(
    out: str | os.PathLike,
    overwrite: bool = False,
    *,
    reads: Iterable[SampleSource] = (),
    own_names: frozenset[str] = DATASET_NAMES,
) -> AbstractContextManager[Path]:
    """A `new_folder` that replaces nothing but datasets; `own_names` is what such a folder may hold.

    Raises
    ------
    OutputExistsError
        As `new_folder`; or `out` is no dataset, or holds something beside `own_names`.
    """
    return new_folder(out, overwrite, reads=reads, check=partial(_check_is_ours, own_names=own_names))


def finish_dataset(folder: str | os.PathLike, manifest: Manifest) -> Dataset:
    """Write manifest, ``labels.parquet`` and ``README.md`` of a dataset whose shards are in place, and open it."""
    write_manifest(folder, manifest)
    dataset = open_dataset(folder)
    write_labels_parquet(Path(folder) / "labels.parquet", dataset.labels(), {"convention": manifest.convention})
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
        "parents": list(manifest.parents),
    }


def _check_is_ours(out: Path, own_names: frozenset[str]) -> None:
    """Raise unless `out` is a dataset folder, or a folder whose only purpose is to hold some, and nothing else."""
    if not out.is_dir() or not _holds_a_dataset(out):
        raise OutputExistsError(f"{out} is not a dataset; --overwrite replaces datasets only")
    foreign = foreign_names(out, own_names)
    if foreign:
        raise OutputExistsError(
            f"{out} also holds {foreign[0]!r}, which --overwrite would remove; choose another place"
        )


def _holds_a_dataset(out: Path) -> bool:
    return (out / MANIFEST_NAME).is_file() or any((child / MANIFEST_NAME).is_file() for child in out.iterdir())

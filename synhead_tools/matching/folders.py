"""Output folders of derived datasets: made beside their final place and moved there whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.card import write_card
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.labels import write_labels_parquet
from synhead_tools.formats.manifest import MANIFEST_NAME, Manifest, write_manifest


@contextmanager
def new_folder(out: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yield a folder to fill; it takes the place of `out` when the block ends well, and is removed when it does not.

    The folder has the same parent as `out`, so relative paths written in it stay right.

    Raises
    ------
    OutputExistsError
        `out` is there and holds something, and `overwrite` is false; or it is there and is no dataset of ours.
    """
    out = Path(out)
    _refuse(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    building = out.parent / f".{out.name}.{os.getpid()}.tmp"
    building.mkdir()
    try:
        yield building
        if out.exists():
            replaced = out.parent / f".{out.name}.{os.getpid()}.old"
            out.rename(replaced)
            building.rename(out)
            shutil.rmtree(replaced)
        else:
            building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)


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


def _refuse(out: Path, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not overwrite:
        raise OutputExistsError(f"{out} is already there; choose another place or give --overwrite")
    if not out.is_dir() or not _is_ours(out):
        raise OutputExistsError(f"{out} is not a dataset; --overwrite replaces datasets only")


def _is_ours(out: Path) -> bool:
    """A dataset folder, or a folder whose only purpose is to hold some."""
    return (out / MANIFEST_NAME).is_file() or any((child / MANIFEST_NAME).is_file() for child in out.iterdir())

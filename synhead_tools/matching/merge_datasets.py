"""Several datasets as one: a manifest over the shards of all of them. No picture is copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import Manifest
from synhead_tools.formats.selection import union_entries
from synhead_tools.matching.folders import finish_dataset, new_dataset_folder, parent_of

UNION_KIND = "SynHead++"
SHOWING_FACES = ("SynHead+", "SynBiwi+", UNION_KIND)
"""Kinds whose union is a SynHead++: all their frames show a face."""


def merge_datasets(sources: Sequence[str | Path], out: str | Path, overwrite: bool = False) -> Manifest:
    """Write one dataset that has the samples of several, one after the other.

    It has the columns that all of them have. Labels are stated in the convention they share; a head that several have
    must be the same head in all.

    Parameters
    ----------
    sources : sequence of path
        At least two folders of datasets, of one kind, or of SynHead+, SynBiwi+ and SynHead++, whose union is a
        SynHead++.
    out : path
        Folder to make.
    overwrite : bool
        Replace a dataset that is there.

    Raises
    ------
    ManifestError
        There is one source only, two share frames, or they differ in something that a dataset has but once.
    OutputExistsError
        `out` is there and `overwrite` is false.
    """
    if len(sources) < 2:
        raise ManifestError("one dataset is no union; give at least two")
    datasets = [open_dataset(source) for source in sources]
    manifest = _manifest(datasets)
    _check_apart(datasets)
    with new_dataset_folder(out, overwrite, reads=datasets) as folder:
        manifest = replace(manifest, shards=union_entries(datasets, folder))
        finish_dataset(folder, manifest).close()
    return manifest


def _check_apart(datasets: Sequence[Dataset]) -> None:
    """Raise if a frame is in two of them: it would count twice."""
    seen: dict[Path, list[tuple[Dataset, np.ndarray]]] = {}
    for dataset in datasets:
        for index, entry in enumerate(dataset.manifest.shards):
            rows = dataset.entry_rows(index)
            others = seen.setdefault((dataset.folder / entry.path).resolve(), [])
            for other, taken in others:
                if other is not dataset and np.intersect1d(rows, taken).size:
                    raise ManifestError(
                        f"{dataset.folder} has frames that {other.folder} has too; they would count twice, so leave "
                        "one out"
                    )
            others.append((dataset, rows))


def _manifest(datasets: Sequence[Dataset]) -> Manifest:
    """All that the union says of itself but its shards."""
    manifests = [dataset.manifest for dataset in datasets]
    kinds = {manifest.kind for manifest in manifests}
    if len(kinds) > 1 and not kinds <= set(SHOWING_FACES):
        raise ManifestError(
            f"{_places(datasets, [manifest.kind for manifest in manifests])} cannot be united; make SynHead+ of frames "
            "with synhead convert-euler"
        )
    for name, values, advice in (
        ("convention", [manifest.convention for manifest in manifests], "restate one with synhead convert-euler"),
        ("image size", [_size(manifest) for manifest in manifests], "render one size"),
    ):
        if len(set(values)) > 1:
            raise ManifestError(f"{name} differs: {_places(datasets, values)}; {advice}")
    used = any(manifest.target_labels_used for manifest in manifests)
    poses = dict.fromkeys(text for manifest in manifests if (text := manifest.target_poses))
    return replace(
        manifests[0],
        kind=kinds.pop() if len(kinds) == 1 else UNION_KIND,
        shards=(),
        config={"command": "merge"},
        seed=None,
        renderer="; ".join(dict.fromkeys(manifest.renderer for manifest in manifests if manifest.renderer)),
        heads=_heads(datasets),
        parents=tuple(map(parent_of, datasets)),
        target_labels_used=used,
        target_poses="; ".join(poses) or None,
    )


def _heads(datasets: Sequence[Dataset]) -> dict[str, Any]:
    heads: dict[str, Any] = {}
    for dataset in datasets:
        for name, facts in dataset.manifest.heads.items():
            if heads.setdefault(name, facts) != facts:
                raise ManifestError(
                    f"{dataset.folder} has another head called {name!r:.60}; call one of them otherwise"
                )
    return heads


def _size(manifest: Manifest) -> str:
    return f"{manifest.image.get('width', '?')} x {manifest.image.get('height', '?')} px"


def _places(datasets: Sequence[Dataset], values: Sequence[str]) -> str:
    """The first dataset, and the first that has something else."""
    other = next(k for k, value in enumerate(values) if value != values[0])
    return f"{datasets[0].folder} ({values[0]}) and {datasets[other].folder} ({values[other]})"

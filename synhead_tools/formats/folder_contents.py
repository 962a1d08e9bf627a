"""What runs of ours leave in a dataset folder: whoever replaces one must throw away nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from synhead_tools.formats.atomic import TEMPORARY_SUFFIX
from synhead_tools.formats.manifest import MANIFEST_NAME
from synhead_tools.formats.selection import SELECTIONS_FOLDER

SHARDS_FOLDER = "shards"
LOCK_NAME = ".lock"
JOURNAL_NAME = ".finished"
"""The shards that a run has finished, while it has not finished them all."""

SIDE_FILES = ("labels.parquet", "preview.png", "stats.png", "README.md")
"""What is made from the shards, for people and for other programs."""

DATASET_NAMES = frozenset({LOCK_NAME, JOURNAL_NAME, SHARDS_FOLDER, SELECTIONS_FOLDER, MANIFEST_NAME, *SIDE_FILES})
"""Every name in a dataset folder, beside half-written files."""


def foreign_names(folder: Path, own: Iterable[str] = DATASET_NAMES) -> list[str]:
    """Names in `folder`, sorted, that are neither among `own` nor those of half-written files."""
    names = {entry.name for entry in folder.iterdir()} - set(own)
    return sorted(name for name in names if not name.endswith(TEMPORARY_SUFFIX))

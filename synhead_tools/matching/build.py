"""SynHead+ and a target's poses -> SynBiwi+ (turned pictures) and SynHead++ (their union)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.atomic import atomic_file, atomic_write_text
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry
from synhead_tools.formats.sample import SampleSource
from synhead_tools.formats.selection import union_entries
from synhead_tools.formats.shards import write_shard
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.matching.folders import (
    MATCHED_NAMES,
    MATCHES_NAME,
    REPORT_NAME,
    SYNBIWI_NAME,
    SYNHEAD_UNION_NAME,
    finish_dataset,
    new_dataset_folder,
    parent_of,
)
from synhead_tools.matching.match_poses import Matches, match_per_head
from synhead_tools.matching.report import match_report
from synhead_tools.matching.turn_picture import turn_samples

SHARD_ROWS = 1024
NEEDED_COLUMNS = (
    "image", "alpha", "rotmat", "translation_m", "intrinsics", "points5", "points5_visibility", "landmarks68",
    "landmarks68_visibility", "head_id",
)  # fmt: skip


def build_matched(
    source: str | Path,
    target: SampleSource,
    out: str | Path,
    max_targets: int | None = None,
    max_residual_deg: float | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Write SynBiwi+ and SynHead++ under one folder.

    Every target pose is matched with every head (``matches.parquet``); pictures are turned for all of them, or for
    `max_targets` targets spread evenly.

    Parameters
    ----------
    source : path
        Folder of a SynHead+ dataset (any dataset of ours works).
    target : SampleSource
        Has a ``rotmat`` column; ``target_id`` names its frames.
    out : path
        Folder to make: ``synbiwi+``, ``synhead++``, ``matches.parquet``, ``report.json``.
    max_targets : int, optional
        How many targets get pictures.
    max_residual_deg : float, optional
        Matches farther away than this, degrees, get no picture.
    overwrite : bool
        Replace what is there.
    progress : callable
        Told pictures done and pictures in all.

    Returns
    -------
    dict
        The report: counts, residual percentiles over all matches and per head.
    """
    dataset = open_dataset(source)
    _check_columns(dataset)
    matches = match_per_head(dataset.read("rotmat"), dataset.read("head_id"), target.read("rotmat"))
    drawn = _drawn(matches, len(target), max_targets, max_residual_deg)
    if not drawn.any():
        raise ManifestError(f"{source}: no match is within {max_residual_deg} degrees; allow more or render more poses")
    report = match_report(matches, drawn, len(target), dict(target.describe()))
    with new_dataset_folder(out, overwrite, reads=(dataset, target), own_names=MATCHED_NAMES) as folder:
        target_id = _target_ids(target)
        _write_matches(folder, matches, drawn, target_id)
        settings = {"command": "match-biwi", "max_targets": max_targets, "max_residual_deg": max_residual_deg}
        common = {
            "parents": (parent_of(dataset), {"target": dict(target.describe())}),
            "target_labels_used": True,
            "target_poses": f"{target.describe().get('dataset')}: ground truth",
            "config": settings,
        }
        synbiwi = folder / SYNBIWI_NAME
        synbiwi.mkdir()
        entries = _write_turned(dataset, matches.take(drawn), target_id, synbiwi, progress)
        turned = replace(dataset.manifest, kind="SynBiwi+", shards=entries, **common)
        union = _write_union(dataset, finish_dataset(synbiwi, turned), folder / SYNHEAD_UNION_NAME, common)
        report |= {"synbiwi+_frames": len(turned), "synhead++_frames": len(union)}
        atomic_write_text(folder / REPORT_NAME, json.dumps(report, indent=1) + "\n")
    return report


def _check_columns(dataset: Dataset) -> None:
    """Raise ManifestError unless the source has all that is turned with a picture."""
    missing = [name for name in NEEDED_COLUMNS if name not in dataset.columns]
    if missing:
        raise ManifestError(f"{dataset.folder} has no column {missing[0]!r}; match with a dataset that was rendered")


def _target_ids(target: SampleSource) -> np.ndarray:
    """Names of the target frames: its own, else running numbers."""
    if "target_id" in target.columns:
        return target.read("target_id")
    return np.array([f"{row:08d}".encode() for row in range(len(target))], "S64")


def _drawn(matches: Matches, n_targets: int, max_targets: int | None, max_residual_deg: float | None) -> np.ndarray:
    """Which matches get a picture: bool (n,)."""
    drawn = np.ones(len(matches), bool)
    if max_targets is not None and max_targets < n_targets:
        chosen = np.linspace(0, n_targets - 1, max_targets).round().astype(int)
        drawn &= np.isin(matches.target, chosen)
    if max_residual_deg is not None:
        drawn &= matches.residual_deg <= max_residual_deg
    return drawn


def _write_matches(folder: Path, matches: Matches, drawn: np.ndarray, target_id: np.ndarray) -> None:
    """One row per target and head, whether it got a picture or not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "target_id": target_id[matches.target].astype(str),
            "head_id": matches.head_id.astype(str),
            "source_row": matches.source,
            "in_plane_deg": matches.in_plane_deg,
            "residual_deg": matches.residual_deg,
            "drawn": drawn,
        }
    )
    with atomic_file(folder / MATCHES_NAME) as file:
        pq.write_table(table, file, compression="zstd")


def _write_turned(
    dataset: Dataset,
    matches: Matches,
    target_id: np.ndarray,
    folder: Path,
    progress: Callable[[int, int], None],
) -> tuple[ShardEntry, ...]:
    """Turn and write the matched pictures, shard by shard."""
    (folder / "shards").mkdir()
    entries = []
    for start in range(0, len(matches), SHARD_ROWS):
        part = matches.take(slice(start, start + SHARD_ROWS))
        columns = {name: dataset.read(name, part.source) for name in dataset.columns if name != "euler_deg"}
        columns = turn_samples(columns, part.in_plane_deg, dataset.manifest.composed)
        columns["euler_deg"] = euler_deg_from_rotmat(columns["rotmat"], dataset.manifest.convention)
        columns["target_id"] = target_id[part.target].astype("S64")
        columns["in_plane_deg"] = part.in_plane_deg
        columns["residual_deg"] = part.residual_deg
        path = f"shards/{start // SHARD_ROWS:05d}.h5"
        attributes = {"kind": "SynBiwi+", "convention": dataset.manifest.convention}
        entries.append(ShardEntry(path, len(part), write_shard(folder / path, columns, attributes)))
        progress(min(start + SHARD_ROWS, len(matches)), len(matches))
    return tuple(entries)


def _write_union(plus: Dataset, turned: Dataset, folder: Path, common: dict[str, Any]) -> Manifest:
    """SynHead++: a manifest over the shards of SynHead+ and SynBiwi+, no pixel copied."""
    folder.mkdir()
    entries = union_entries((plus, turned), folder)
    manifest = replace(plus.manifest, kind="SynHead++", shards=entries, **common)
    finish_dataset(folder, manifest)
    return manifest

"""What a match leaves beside the turned frames: the table of matches, the union, the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.formats.atomic import atomic_file, atomic_write_text
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.manifest import Manifest
from synhead_tools.formats.sample import SampleSource
from synhead_tools.formats.selection import union_entries
from synhead_tools.matching.folders import (
    MATCHES_NAME,
    REPORT_NAME,
    SYNHEAD_UNION_NAME,
    finish_dataset,
    new_dataset_folder,
    parent_of,
)
from synhead_tools.matching.match_poses import Matches
from synhead_tools.matching.target import MatchTarget


def honest_fields(source: SampleSource, target: MatchTarget, config: Mapping[str, Any]) -> dict[str, Any]:
    """Manifest fields that say what a matched dataset descends from, and whether it knows the target's labels.

    Labels that were used earlier stay used: a source that knows them hands that on.
    """
    origin = parent_of(source) if isinstance(source, Dataset) else {"dataset": dict(source.describe())}
    told = {"target": target.facts, "poses": target.poses, "frames": len(target)}
    earlier = source.manifest.target_poses if isinstance(source, Dataset) else None
    return {
        "parents": (origin, told),
        "target_labels_used": target.labels_used or bool(source.describe().get("target_labels_used", False)),
        "target_poses": "; ".join(dict.fromkeys(text for text in (earlier, target.poses) if text)),
        "config": {"command": "match-biwi", **config},
    }


def write_matches(folder: Path, matches: Matches, drawn: np.ndarray, target_id: np.ndarray) -> None:
    """One row per match, whether it was written as a sample or not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "target_id": target_id[matches.target].astype(str),
            "head_id": matches.head_id.astype(str),
            "rank": matches.rank,
            "source_row": matches.source,
            "in_plane_deg": matches.in_plane_deg,
            "residual_deg": matches.residual_deg,
            "drawn": drawn,
        }
    )
    with atomic_file(folder / MATCHES_NAME, overwrite=True) as file:
        pq.write_table(table, file, compression="zstd")


def write_union(plus: Dataset, turned: Dataset, folder: Path) -> Manifest:
    """SynHead++ in `folder`: a manifest over the shards of SynHead+ and SynBiwi+, no pixel copied."""
    out = folder / SYNHEAD_UNION_NAME
    told = turned.manifest
    with new_dataset_folder(out, overwrite=True) as building:
        entries = union_entries((plus, turned), building)
        manifest = replace(
            plus.manifest, kind="SynHead++", shards=entries, parents=(parent_of(plus), parent_of(turned)),
            target_labels_used=told.target_labels_used, target_poses=told.target_poses,
            config={key: value for key, value in told.config.items() if key != "run_sha256"},
        )  # fmt: skip
        finish_dataset(building, manifest).close()
    return manifest


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """The report as JSON."""
    atomic_write_text(folder / REPORT_NAME, json.dumps(report, indent=1) + "\n", overwrite=True)

"""A plan of scenes rendered into a dataset folder; see `synhead_tools.rendering.render_dataset`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError, PlanError
from synhead_tools.formats.manifest import Manifest, write_manifest
from synhead_tools.formats.runs.output_folder import disk_full_explained, locked_folder, prepare_folder
from synhead_tools.formats.runs.shard_run import Progress, run_shards, shard_tasks
from synhead_tools.formats.runs.workers import write_shards
from synhead_tools.heads.head import Head, HeadFacts
from synhead_tools.rendering.backend import resolve_backend
from synhead_tools.rendering.render_dataset import LABEL_BLOCK_ROWS
from synhead_tools.rendering.render_shard import HeadShelf, check_identities
from synhead_tools.rendering.run_facts import library_versions, renderer_description
from synhead_tools.rendering.scenes.plan import KIND, SCENES_PER_CAST, ScenePlan
from synhead_tools.rendering.scenes.scene_renderer import SceneOpening

#: Convention named in the manifest; angles of faces are not stored, their rotations are.
CONVENTION = "synhead"


def render_scenes(
    plan: ScenePlan,
    out: str | Path,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
    *,
    heads: Mapping[str, Head] | None = None,
    rows_per_shard: int = SCENES_PER_CAST,
    compression: str = "lz4",
) -> Path:
    """Render `plan` into a dataset folder of kind ``SynHeadScenes``.

    Parameters, result and errors are those of `synhead_tools.rendering.render_dataset.render_dataset`; the files have
    the same bytes whatever `workers` is and however often the run was interrupted and resumed.

    Raises
    ------
    HeadError
        A head cannot be read or was imported.
    """
    if workers < 1 or rows_per_shard < 1:
        raise PlanError(f"workers is {workers} and rows_per_shard {rows_per_shard}; give at least 1 of each")
    out = Path(out)
    plan = replace(plan, backend=resolve_backend(plan.backend))
    # Before the lock: a plan that cannot be rendered must not touch the folder.
    run = _describe(plan, HeadShelf(plan.heads, heads), rows_per_shard, compression)
    with locked_folder(out), disk_full_explained():
        prepare_folder(out, resume, overwrite)
        attributes = {"kind": KIND, "convention": CONVENTION, "run_sha256": run["run_sha256"]}
        tasks = shard_tasks(out, len(plan), rows_per_shard, attributes, compression)
        opening = SceneOpening(plan, heads)
        entries, journal = run_shards(
            out, tasks, run["run_sha256"], lambda missing: write_shards(opening, missing, workers), progress
        )
        width, height = plan.width_height_px
        manifest = Manifest(
            kind=KIND,
            convention=CONVENTION,
            shards=entries,
            image={"width": width, "height": height},
            composed=plan.composed,
            config={**run["config"], "run_sha256": run["run_sha256"]},
            seed=plan.seed,
            versions=run["versions"],
            renderer=run["renderer"],
            heads=run["heads"],
            target_labels_used=plan.poses_from.get("target_poses") is not None,
            target_poses=plan.poses_from.get("target_poses"),
        )
        write_manifest(out, manifest)
        _write_for_people(out)
        journal.remove()
    return out


def _describe(plan: ScenePlan, shelf: HeadShelf, rows_per_shard: int, compression: str) -> dict[str, Any]:
    """Everything that decides the bytes of the run, as the manifest will say it."""
    facts = {name: _usable(name, shelf.facts(name)) for name in shelf}
    check_identities(facts)
    run = {
        "config": {**plan.summary(), "rows_per_shard": rows_per_shard, "compression": compression},
        "heads": {h.name: {"licence": h.licence, "recipe_sha256": h.recipe_sha256} for h in facts.values()},
        "renderer": renderer_description(plan.backend, plan.samples_per_axis),
        "versions": library_versions(),
    }
    decides = {**run, "plan_sha256": plan.sha256()}
    decides["config"] = {key: value for key, value in run["config"].items() if key != "poses_from"}
    return {**run, "run_sha256": hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()}


def _usable(name: str, facts: HeadFacts) -> HeadFacts:
    if not facts.has_recipe:
        raise HeadError(f"head {name} is imported and has no face mesh; leave it out of scenes")
    return facts


def _write_for_people(out: Path) -> None:
    """Labels as a table, a contact sheet, histograms and the card."""
    from synhead_tools.formats.card import write_card
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.formats.labels_parquet import write_label_blocks
    from synhead_tools.rendering.scenes.preview import write_scene_preview, write_scene_stats

    with open_dataset(out) as dataset:
        starts = range(0, len(dataset), LABEL_BLOCK_ROWS)
        blocks = (dataset.labels(np.arange(k, min(k + LABEL_BLOCK_ROWS, len(dataset)))) for k in starts)
        write_label_blocks(out / "labels.parquet", blocks, {"convention": CONVENTION}, overwrite=True)
        write_scene_preview(dataset, out / "preview.png")
        write_scene_stats(dataset, out / "stats.png")
        write_card(dataset)

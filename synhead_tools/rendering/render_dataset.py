"""A plan rendered into a dataset folder: in one process or several, and resumed after any interruption.

A shard appears under its name only when it is whole (`synhead_tools.formats.shards.write_shard`), and carries the
hash of the run it belongs to. So the folder itself says what is done: a resumed run keeps the shards that are whole
and of the same run, renders the others, and ends with the bytes of a run that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError, PlanError
from synhead_tools.formats.manifest import Manifest, ShardEntry, write_manifest
from synhead_tools.formats.runs.output_folder import disk_full_explained, locked_folder, prepare_folder
from synhead_tools.formats.runs.shard_run import Engine, Progress, run_shards, shard_tasks
from synhead_tools.formats.runs.workers import write_shards
from synhead_tools.heads.head import Head
from synhead_tools.rendering.annotate import unknown_columns
from synhead_tools.rendering.backend import resolve_backend
from synhead_tools.rendering.opening import Opening
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf
from synhead_tools.rendering.run_facts import describe_run
from synhead_tools.rendering.shard_size import default_rows_per_shard

LABEL_BLOCK_ROWS = 1 << 13
"""Samples whose labels are in memory together when ``labels.parquet`` is written."""


def render_dataset(
    plan: RenderPlan,
    out: str | Path,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
    *,
    heads: Mapping[str, Head] | None = None,
    rows_per_shard: int | None = None,
    compression: str = "lz4",
    scheduler: str | None = None,
    parents: tuple[Any, ...] = (),
) -> Path:
    """Render `plan` into a dataset folder of kind ``SynHead``, or of that which the plan says.

    The files have the same bytes whatever `workers` and `scheduler` are and however often the run was interrupted and
    resumed, with equal versions of the libraries.

    Parameters
    ----------
    plan : RenderPlan
    out : path
        Folder; made if it is not there.
    workers : int
        Processes that render; 1 renders in this one.
    resume : bool
        Go on with what an interrupted run of the same plan left; finished shards are kept.
    overwrite : bool
        Throw away a dataset that is already there.
    progress : callable
        Called with (samples done, samples in all), first with what was kept, then after each shard.
    heads : mapping of str to Head or None
        Heads that are not the library's, by their name in the plan.
    rows_per_shard : int or None
        Default: `synhead_tools.rendering.shard_size.default_rows_per_shard`.
    compression : str
        Codec of the pictures: a key of `synhead_tools.formats.shards.COMPRESSIONS`.
    scheduler : str or None
        Address of a Dask scheduler whose workers render in the place of this machine's
        (`synhead_tools.rendering.cluster`); `workers` then means nothing.
    parents : tuple
        Datasets the plan descends from, as JSON values, for the manifest.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputExistsError
        There is something and neither `resume` nor `overwrite` is given, or another run is writing there.
    HeadError
        The plan has expressions, and a head that was imported.
    ManifestError
        `resume`, and what is there is of another plan, backend or version.
    BackendError
        No renderer works here, a worker died, or the cluster is not fit for the run.
    OSError
        The folder cannot be written, or the disk is full; what is finished stays and can be resumed.
    KeyboardInterrupt
        Interrupted; the folder can be resumed.
    """
    rows_per_shard = default_rows_per_shard(plan) if rows_per_shard is None else rows_per_shard
    if workers < 1 or rows_per_shard < 1:
        raise PlanError(f"workers is {workers} and rows_per_shard {rows_per_shard}; give at least 1 of each")
    out = Path(out)
    plan = replace(plan, backend=resolve_backend(plan.backend))
    opening = open_plan(plan, heads)
    # Before the lock: a plan that cannot be rendered, or has nobody to render it, must not touch the folder.
    run = describe_run(plan, HeadShelf(plan.heads, heads, plan.head_detail), rows_per_shard, compression)
    with _engine(opening, workers, scheduler) as render, locked_folder(out), disk_full_explained():
        prepare_folder(out, resume, overwrite)
        attributes = {"kind": plan.kind, "convention": plan.convention, "run_sha256": run["run_sha256"]}
        tasks = shard_tasks(out, len(plan), rows_per_shard, attributes, compression)
        entries, journal = run_shards(out, tasks, run["run_sha256"], render, progress)
        _finish(out, plan, run, entries, parents)
        journal.remove()
    return out


def open_plan(plan: RenderPlan, heads: Mapping[str, Head] | None) -> Opening:
    """What a process needs to render any shard of `plan`, which has a backend of a definite name.

    Raises
    ------
    HeadError
        A head is not there, or the plan has expressions and the head was imported.
    """
    shelf = HeadShelf(plan.heads, heads, plan.head_detail)
    if plan.has_expressions:
        for name in shelf:
            if not shelf.facts(name).has_recipe:
                raise HeadError(
                    f"head {name} is imported and has no expressions; leave it out, or use --expressions none"
                )
    return Opening(plan, heads, unknown_columns(shelf.facts(name) for name in shelf))


def _engine(opening: Opening, workers: int, scheduler: str | None) -> AbstractContextManager[Engine]:
    if scheduler is None:
        return nullcontext(lambda tasks: write_shards(opening, tasks, workers))
    from synhead_tools.rendering.cluster import cluster

    return cluster(scheduler, opening)


def _finish(
    out: Path, plan: RenderPlan, run: dict[str, Any], entries: tuple[ShardEntry, ...], parents: tuple[Any, ...]
) -> None:
    """Write the manifest, and beside it what people look at."""
    from synhead_tools.formats.card import write_card
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.formats.labels_parquet import write_label_blocks
    from synhead_tools.rendering.preview import write_preview, write_stats

    camera, target_poses = plan.camera(), plan.poses_from.get("target_poses")
    manifest = Manifest(
        kind=plan.kind,
        convention=plan.convention,
        shards=entries,
        image={"width": camera.width_px, "height": camera.height_px},
        composed=plan.composed,
        config={**run["config"], "run_sha256": run["run_sha256"]},
        seed=plan.seed,
        versions=run["versions"],
        renderer=run["renderer"],
        heads=run["heads"],
        parents=parents,
        target_labels_used=plan.poses_from.get("target_labels_used", target_poses is not None),
        target_poses=target_poses,
    )
    write_manifest(out, manifest)
    with open_dataset(out) as dataset:
        starts = range(0, len(dataset), LABEL_BLOCK_ROWS)
        blocks = (dataset.labels(np.arange(k, min(k + LABEL_BLOCK_ROWS, len(dataset)))) for k in starts)
        write_label_blocks(out / "labels.parquet", blocks, {"convention": plan.convention}, overwrite=True)
        write_preview(dataset, out / "preview.png")
        write_stats(dataset, out / "stats.png")
        write_card(dataset)

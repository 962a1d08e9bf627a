"""A plan rendered into a dataset folder: in one process or several, and resumed after any interruption.

A shard appears under its name only when it is whole (`synhead_tools.formats.shards.write_shard`), and carries the
hash of the run it belongs to. So the folder itself says what is done: a resumed run keeps the shards that are whole
and of the same run, renders the others, and ends with the bytes of a run that was never interrupted.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools import __version__
from synhead_tools.errors import HeadError, ManifestError, PlanError, ShardError
from synhead_tools.formats.folder_contents import SHARDS_FOLDER
from synhead_tools.formats.manifest import MANIFEST_NAME, Manifest, ShardEntry, read_manifest, write_manifest
from synhead_tools.formats.shards import ShardReader
from synhead_tools.heads.head import Head
from synhead_tools.rendering.annotate import unknown_columns
from synhead_tools.rendering.backend import open_backend, resolve_backend
from synhead_tools.rendering.output_folder import locked_folder, prepare_folder
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_shard import HeadShelf, check_identities
from synhead_tools.rendering.workers import ShardTask, render_shards

ROWS_PER_SHARD = 1024

#: Told after each shard: samples done, samples in all.
Progress = Callable[[int, int], None]


def render_dataset(
    plan: RenderPlan,
    out: str | Path,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
    *,
    heads: Mapping[str, Head] | None = None,
    rows_per_shard: int = ROWS_PER_SHARD,
    compression: str = "lz4",
) -> Path:
    """Render `plan` into a dataset folder of kind ``SynHead``.

    The files have the same bytes whatever `workers` is and however often the run was interrupted and resumed, with
    equal versions of the libraries.

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
    rows_per_shard : int
    compression : str
        Codec of the pictures: a key of `synhead_tools.formats.shards.COMPRESSIONS`.

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
        No renderer works here.
    KeyboardInterrupt
        Interrupted; the folder can be resumed.
    """
    if workers < 1 or rows_per_shard < 1:
        raise PlanError(f"workers is {workers} and rows_per_shard {rows_per_shard}; give at least 1 of each")
    out = Path(out)
    plan = replace(plan, backend=resolve_backend(plan.backend))
    shelf = HeadShelf(plan.heads, heads)
    left_out = unknown_columns(shelf.facts(name) for name in shelf)
    _check_expressions(plan, shelf)
    # Before the lock: a plan that cannot be rendered must not touch the folder.
    run = _describe_run(plan, shelf, rows_per_shard, compression)
    with locked_folder(out):
        prepare_folder(out, resume, overwrite)
        tasks = _tasks(plan, out, run, rows_per_shard, compression)
        done = _finished_shards(out, tasks, run)
        missing = [task for task in tasks if task.path.name not in done]
        kept = len(plan) - sum(task.stop - task.start for task in missing)
        progress(kept, len(plan))
        if missing:
            (out / MANIFEST_NAME).unlink(missing_ok=True)  # until the set is whole again it is no dataset
        for task, digest in render_shards(plan, heads, missing, workers, left_out):
            done[task.path.name] = digest
            kept += task.stop - task.start
            progress(kept, len(plan))
        entries = [ShardEntry(f"{SHARDS_FOLDER}/{t.path.name}", t.stop - t.start, done[t.path.name]) for t in tasks]
        _finish(out, plan, run, tuple(entries))
    return out


def _check_expressions(plan: RenderPlan, shelf: HeadShelf) -> None:
    if not plan.has_expressions:
        return
    for name in shelf:
        if not shelf.facts(name).has_recipe:
            raise HeadError(f"head {name} is imported and has no expressions; leave it out, or use --expressions none")


def _describe_run(plan: RenderPlan, shelf: HeadShelf, rows_per_shard: int, compression: str) -> dict[str, Any]:
    """Everything that decides the bytes of the run, as the manifest will say it."""
    backend = open_backend(plan.backend, samples_per_axis=plan.samples_per_axis)
    renderer = backend.description
    backend.close()
    facts = {name: shelf.facts(name) for name in shelf}
    check_identities(facts)
    run = {
        "config": {**plan.summary(), "rows_per_shard": rows_per_shard, "compression": compression},
        "heads": {h.name: {"licence": h.licence, "recipe_sha256": h.recipe_sha256} for h in facts.values()},
        "renderer": renderer,
        "versions": _versions(),
    }
    decides = {**run, "plan_sha256": plan.sha256()}
    decides["config"] = {key: value for key, value in run["config"].items() if key != "poses_from"}
    return {**run, "run_sha256": hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()}


def _versions() -> dict[str, str]:
    import h5py
    import hdf5plugin
    import scipy

    return {
        "synhead": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "h5py": h5py.__version__,
        "hdf5": h5py.version.hdf5_version,
        "hdf5plugin": hdf5plugin.version,
    }


def _tasks(plan: RenderPlan, out: Path, run: dict[str, Any], rows_per_shard: int, compression: str) -> list[ShardTask]:
    attributes = {"kind": "SynHead", "convention": plan.convention, "run_sha256": run["run_sha256"]}
    return [
        ShardTask(
            path=out / SHARDS_FOLDER / f"{number:05d}.h5",
            start=start,
            stop=min(start + rows_per_shard, len(plan)),
            attributes={**attributes, "first_sample": start},
            compression=compression,
        )
        for number, start in enumerate(range(0, len(plan), rows_per_shard))
    ]


def _finished_shards(out: Path, tasks: list[ShardTask], run: dict[str, Any]) -> dict[str, str]:
    """Hashes of the shards that are whole and of this run, by file name; damaged ones are removed.

    Raises
    ------
    ManifestError
        A shard, or the manifest, is of another run.
    """
    recorded = _recorded_hashes(out, run["run_sha256"])
    expected = {task.path.name for task in tasks}
    for path in (out / SHARDS_FOLDER).glob("*"):
        if path.name not in expected:
            raise ManifestError(f"{path} is not of this plan; use --overwrite to throw the old dataset away")
    done = {}
    for task in tasks:
        if not task.path.exists():
            continue
        digest = hashlib.sha256(task.path.read_bytes()).hexdigest()
        if _is_whole(task, run["run_sha256"]) and recorded.get(task.path.name, digest) == digest:
            done[task.path.name] = digest
        else:
            task.path.unlink()
    return done


def _recorded_hashes(out: Path, run_sha256: str) -> dict[str, str]:
    """Hashes an earlier manifest gives, by file name; none if there is no manifest that can be read."""
    if not (out / MANIFEST_NAME).exists():
        return {}
    try:
        manifest = read_manifest(out)
    except ManifestError:
        return {}  # it is written anew; the shards speak for themselves
    if manifest.config.get("run_sha256") != run_sha256:
        raise ManifestError(
            f"{out} was rendered from another plan, heads or versions; use --overwrite or another folder"
        )
    return {Path(entry.path).name: entry.sha256 for entry in manifest.shards}


def _is_whole(task: ShardTask, run_sha256: str) -> bool:
    try:
        with ShardReader(task.path) as shard:
            if shard.attributes.get("run_sha256") == run_sha256:
                return shard.rows == task.stop - task.start and shard.attributes["first_sample"] == task.start
    except ShardError:
        return False
    raise ManifestError(f"{task.path} is of another plan, heads or versions; use --overwrite or another folder")


def _finish(out: Path, plan: RenderPlan, run: dict[str, Any], entries: tuple[ShardEntry, ...]) -> None:
    """Write the manifest, and beside it what people look at."""
    from synhead_tools.formats.card import write_card
    from synhead_tools.formats.dataset import open_dataset
    from synhead_tools.formats.labels import write_labels_parquet
    from synhead_tools.rendering.preview import write_preview, write_stats

    manifest = Manifest(
        kind="SynHead",
        convention=plan.convention,
        shards=entries,
        image={"width": plan.size_px, "height": plan.size_px},
        config={**run["config"], "run_sha256": run["run_sha256"]},
        seed=plan.seed,
        versions=run["versions"],
        renderer=run["renderer"],
        heads=run["heads"],
    )
    write_manifest(out, manifest)
    with open_dataset(out) as dataset:
        labels = dataset.labels()
        metadata = {"convention": plan.convention}
        write_labels_parquet(out / "labels.parquet", labels, metadata, overwrite=True)
        write_preview(dataset, out / "preview.png")
        write_stats(dataset, out / "stats.png")
        write_card(dataset)

"""How large a dataset will be and how long it will take, from a few of its frames that are really rendered."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.formats.labels_parquet import write_labels_parquet
from synhead_tools.formats.sample import PICTURE_COLUMNS
from synhead_tools.formats.shards import write_shard
from synhead_tools.heads.head import Head
from synhead_tools.rendering.backend import resolve_backend
from synhead_tools.rendering.opening import Opening
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import open_plan
from synhead_tools.rendering.shard_size import default_rows_per_shard

POSES_MEASURED = 16
HEADS_MEASURED = 2
BUDGET_S = 5.0
"""Fewer poses are rendered where frames are so slow that those take longer."""


@dataclass(frozen=True)
class RunEstimate:
    """What a run will do, and what it will cost.

    Attributes
    ----------
    heads, poses, frames, shards : int
        Exact.
    bytes : int
        Estimate for shards and ``labels.parquet`` together.
    seconds : float
        Estimate of the wall-clock time, if the machine is as busy as it was just now.
    workers : int
        Processes it is for.
    measured_frames : int
        How many were rendered for it.
    startup_seconds : float
        Part of `seconds`: each process opens its renderer and its first head.
    head_seconds : float
        To make another head ready, in one process.
    frame_seconds : float
        To render, annotate and write a frame, in one process.
    frame_bytes : float
    """

    heads: int
    poses: int
    frames: int
    shards: int
    bytes: int
    seconds: float
    workers: int
    measured_frames: int
    startup_seconds: float
    head_seconds: float
    frame_seconds: float
    frame_bytes: float


@dataclass(frozen=True)
class _Cost:
    """Seconds or bytes of a file: so much whatever is in it, and so much for each frame."""

    file: float
    frame: float

    def of(self, frames: int, files: int) -> float:
        return self.file * files + self.frame * frames


def estimate_run(
    plan: RenderPlan,
    workers: int = 1,
    *,
    heads: Mapping[str, Head] | None = None,
    rows_per_shard: int | None = None,
    compression: str = "lz4",
) -> RunEstimate:
    """Estimate what `synhead_tools.rendering.render_dataset.render_dataset` would write, and how long it would take.

    Frames of the first and the last head, at poses spread over the plan, are rendered and written into a temporary
    folder. More workers than cores are not counted as faster.

    Parameters
    ----------
    plan, workers, heads, rows_per_shard, compression
        As for `render_dataset`.

    Raises
    ------
    HeadError, BackendError
        As `render_dataset`.
    """
    plan = replace(plan, backend=resolve_backend(plan.backend))
    rows_per_shard = rows_per_shard or default_rows_per_shard(plan)
    opening = open_plan(_few_samples(plan), heads)
    startup_s, head_s, draw_s, columns = _measure_drawing(opening)
    measured = len(columns["rotmat"])
    seconds, bytes_, label_bytes = _measure_writing(columns, plan.convention, compression)
    shards = -(-len(plan) // rows_per_shard)
    processes = min(workers, shards)
    # each process makes ready each head that it meets; its first one is part of its start
    more_heads = max(0, len(plan.heads) * min(processes, -(-len(plan.rotmats) // rows_per_shard)) - processes)
    work_s = draw_s * len(plan) + seconds.of(len(plan), shards) + head_s * more_heads
    return RunEstimate(
        heads=len(plan.heads),
        poses=len(plan.rotmats),
        frames=len(plan),
        shards=shards,
        bytes=round(bytes_.of(len(plan), shards) + label_bytes.of(len(plan), 1)),
        seconds=startup_s + work_s / min(processes, os.cpu_count() or 1),
        workers=workers,
        measured_frames=measured,
        startup_seconds=startup_s,
        head_seconds=head_s,
        frame_seconds=draw_s + seconds.of(rows_per_shard, 1) / rows_per_shard,
        frame_bytes=bytes_.of(rows_per_shard, 1) / rows_per_shard + label_bytes.frame,
    )


def _few_samples(plan: RenderPlan) -> RenderPlan:
    """The plan with few of its heads and poses, evenly spread."""
    chosen = _spread(len(plan.rotmats), POSES_MEASURED)
    names = [plan.heads[k] for k in _spread(len(plan.heads), HEADS_MEASURED)]
    per_pose = {name: getattr(plan, name)[chosen] for name in ("rotmats", "track_id", "frame_id")}
    return replace(plan, heads=tuple(names), **per_pose)


def _spread(length: int, count: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, min(count, length)).round().astype(int))


def _measure_drawing(opening: Opening) -> tuple[float, float, float, dict[str, np.ndarray]]:
    """Seconds to start, to make a head ready, and per frame; and the columns of the frames."""
    poses, heads = len(opening.plan.rotmats), len(opening.plan.heads)
    start = time.perf_counter()
    renderer = opening.open()

    def timed(first: int, count: int) -> tuple[float, dict[str, np.ndarray]]:
        start = time.perf_counter()
        columns = renderer.columns(first, first + count)
        return time.perf_counter() - start, columns

    try:
        renderer.columns(0, 1)
        startup_s = time.perf_counter() - start
        one_s, _ = timed(0, 1)
        head_s = max(0.0, timed(poses, 1)[0] - one_s) if heads > 1 else 0.0
        count = int(np.clip(BUDGET_S / heads / max(one_s, 1e-9), 1, poses))
        taken = [timed(head * poses, count) for head in range(heads)]
    finally:
        renderer.backend.close()
    columns = {name: np.concatenate([part[name] for _, part in taken]) for name in taken[0][1]}
    return startup_s, head_s, sum(seconds for seconds, _ in taken) / (heads * count), columns


def _measure_writing(columns: dict[str, np.ndarray], convention: str, compression: str) -> tuple[_Cost, _Cost, _Cost]:
    """Seconds of a shard, bytes of a shard, bytes of ``labels.parquet``."""
    rows = len(columns["rotmat"])
    found = []
    with tempfile.TemporaryDirectory(prefix="synhead-") as folder:
        shard, table = Path(folder) / "shard.h5", Path(folder) / "labels.parquet"
        for stop in (1, rows):
            part = {name: column[:stop] for name, column in columns.items()}
            labels = {name: column for name, column in part.items() if name not in PICTURE_COLUMNS}
            start = time.perf_counter()
            write_shard(shard, part, {"convention": convention}, compression=compression, overwrite=True)
            seconds = time.perf_counter() - start
            write_labels_parquet(table, labels, overwrite=True)
            found.append((seconds, shard.stat().st_size, table.stat().st_size))
    more = max(1, rows - 1)
    shard_s, shard_bytes, table_bytes = (
        _Cost(one, max(0.0, all_ - one) / more) for one, all_ in zip(*found, strict=True)
    )
    return shard_s, shard_bytes, table_bytes

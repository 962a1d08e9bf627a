"""The whole of SynHead, from a part of it: 510,960 frames, 10 heads by 51,096 poses of smooth tracks, with all labels.

    python benchmarks/synhead_full.py [--quick] [--one-in N] [--workers N] [--size PX]

Two runs draw the same ten heads at few and at more of the poses, evenly taken from all tracks: 1 / N of the set in the
second, a quarter of that in the first. What a frame costs is the difference of the two; what both pay alike (starting
processes, loading compiled code, building ten heads in each worker, writing what people look at) is stated apart and
counted once. The set is extrapolated from both, by the wall clock, and by processor time for a machine with nothing
else to do. A third run, of one head, watches how the workers grow. One JSON line per figure.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import report

from synhead_tools.geometry.pose_laws import smooth_track
from synhead_tools.heads.library import preset_names
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

TRACKS, TRACK_FRAMES, HEADS = 24, 2129, 10
POSES = TRACKS * TRACK_FRAMES
WHOLE = HEADS * POSES
REQUIRED_MINUTES, REQUIRED_GROWTH_MB = 30, 1


@dataclass(frozen=True)
class Run:
    """What one run cost: wall-clock and processor seconds, bytes, and what its workers held, by frames done."""

    frames: int
    wall_s: float
    processor_s: float
    bytes: int
    worker_mb: list[tuple[int, float]]


def poses() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([smooth_track(TRACK_FRAMES, rng) for _ in range(TRACKS)])


def processor_seconds() -> float:
    """Of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def workers_mb() -> Iterator[float]:
    """Resident memory of each worker process."""
    for child in multiprocessing.active_children():
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
            yield from (int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def run(
    heads: tuple[str, ...], rotmats: np.ndarray, size_px: int, workers: int, rows_per_shard: int | None = None
) -> Run:
    # a shard for each head, so that the two runs that are compared build equally many heads in each worker
    rows_per_shard = rows_per_shard or len(rotmats)
    plan = RenderPlan(heads, rotmats, size_px=size_px, backend="cpu")
    held: list[tuple[int, float]] = []

    def watch(done: int, total: int) -> None:
        held.append((done, max(workers_mb(), default=0.0)))

    wall, processor = time.perf_counter(), processor_seconds()
    with tempfile.TemporaryDirectory() as folder:
        out = render_dataset(plan, Path(folder) / "out", workers, rows_per_shard=rows_per_shard, progress=watch)
        costs = time.perf_counter() - wall, processor_seconds() - processor
        written = sum(path.stat().st_size for path in [*out.glob("shards/*"), out / "labels.parquet"])
    return Run(len(plan), *costs, written, held)


def growth_mb(watched: Run, workers: int) -> float:
    """Megabytes that a worker grows by per 1,000 frames it renders: the slope over the second half of a run."""
    done, held = np.array([entry for entry in watched.worker_mb if entry[0] >= watched.frames / 2]).T
    return float(np.polyfit(done / workers / 1000, held, 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description="SynHead's whole size from a part of it.")
    parser.add_argument("--one-in", type=int, default=200, help="Render one in so many frames of the set.")
    parser.add_argument("--quick", action="store_true", help="One in 800.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--size", type=int, default=256)
    asked = parser.parse_args()
    one_in = 800 if asked.quick else asked.one_in
    rotmats, heads, shape = poses(), preset_names(), (asked.size, asked.workers)
    run(heads[:1], rotmats[:: POSES // 64], *shape, rows_per_shard=32)  # compiles, where nothing is cached
    # a shard for each head, so that the two runs that are compared build equally many heads in each worker
    parts = (rotmats[:: 4 * one_in], rotmats[::one_in])
    few, many = (run(heads, part, *shape, rows_per_shard=len(part)) for part in parts)
    one_head = run(heads[:1], rotmats[:: max(1, one_in // 5)], *shape, rows_per_shard=64)
    more = many.frames - few.frames
    wall, processor = (many.wall_s - few.wall_s) / more, (many.processor_s - few.processor_s) / more
    once_s, once_processor_s = few.wall_s - few.frames * wall, few.processor_s - few.frames * processor
    facts = {"size_px": asked.size, "workers": asked.workers, "rendered": few.frames + many.frames, "one_in": one_in}
    report.record("synhead_full", "frames_per_second", round(1 / wall, 1), "frames/s", **facts,
                  processor_ms_per_frame=round(1e3 * processor, 2))  # fmt: skip
    report.record("synhead_full", "whole_set", round((once_s + WHOLE * wall) / 60, 1), "min", **facts, frames=WHOLE,
                  required=REQUIRED_MINUTES, start_up_and_heads_s=round(once_s, 1),
                  on_idle_cores_min=round((once_processor_s + WHOLE * processor) / asked.workers / 60, 1))  # fmt: skip
    frame_bytes = (many.bytes - few.bytes) / more
    report.record(
        "synhead_full", "frame_bytes", round(frame_bytes), "B", **facts, whole_gb=round(WHOLE * frame_bytes / 1e9, 1)
    )
    report.record("synhead_full", "worker_growth", round(growth_mb(one_head, asked.workers), 2), "MB per 1,000 frames",
                  **facts, required=REQUIRED_GROWTH_MB, frames=one_head.frames,
                  held_mb=round(one_head.worker_mb[-1][1]))  # fmt: skip


if __name__ == "__main__":
    main()

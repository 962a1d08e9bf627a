"""Kill -9 rendering runs at random moments, resume them, and compare every byte with a run that was left alone.

    python benchmarks/kill_resume.py [--quick] [--kills N] [--seed N]

Each run has two worker processes; the whole process group is killed: in turns at any moment, at any moment after some
shards are finished, while a shard lies under its temporary name, and from when the manifest is being written on. A
killed set is resumed, and may be killed again, until a run is left to end; then its files are compared. Pictures are
tiny: what is tried is what is written, in what order. Prints one JSON line; ends with status 1 if a byte differs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import report

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.regions import Region
from synhead_tools.rendering import preview, render_dataset  # noqa: F401  (before the forks: once)
from synhead_tools.rendering.cpu import backend  # noqa: F401
from synhead_tools.rendering.plan import RenderPlan

FRAMES, ROWS_PER_SHARD, SIZE_PX, WORKERS = 320, 8, 16, 2
ENDS_AFTER_A_KILL = 0.5
SHARDS = FRAMES // ROWS_PER_SHARD
ANY, WORKING, SHARD, MANIFEST = "any moment", "after some shards", "a shard being written", "the manifest or later"
#: Each kind of kill, and the longest wait, in seconds, from its moment to the kill; any moment has the whole run.
KINDS = {ANY: None, WORKING: 0.5, SHARD: 0.01, MANIFEST: 1.0}


def build_ball() -> Head:
    """A head that is made at once: a ball."""
    across, down = np.meshgrid(np.linspace(0, 2 * np.pi, 17), np.linspace(0, np.pi, 9))
    normals = np.stack([np.sin(down) * np.sin(across), -np.cos(down), np.sin(down) * np.cos(across)], -1).reshape(-1, 3)
    first = (np.arange(8)[:, None] * 17 + np.arange(16)).ravel()
    corners = [(first, first + 17, first + 1), (first + 1, first + 17, first + 18)]
    triangles = np.concatenate([np.stack(three, 1) for three in corners]).astype(np.int32)
    uv = np.stack([across / 2 / np.pi, down / np.pi], -1).reshape(-1, 2)
    texture = np.full((4, 4, 4), 255, np.uint8)
    region = np.full(len(triangles), Region.SKIN, np.uint8)
    arrays = ((0.1 * normals).astype(np.float32), normals.astype(np.float32), uv.astype(np.float32))
    part = Part("skin", *arrays, triangles, region, texture, two_sided=True)
    return Head("ball", (part,), np.zeros((5, 3)), np.zeros((68, 3)), "CC0", "0" * 64)


def render(out: Path) -> None:
    """One run, which goes on with what is there."""
    angles_deg = np.random.default_rng(0).normal(0, 20, (FRAMES, 3))
    plan = RenderPlan(("ball",), rotmat_from_euler(angles_deg, "biwi+"), size_px=SIZE_PX, backend="cpu", seed=1)
    options = {"resume": True, "heads": {"ball": build_ball()}, "rows_per_shard": ROWS_PER_SHARD}
    render_dataset.render_dataset(plan, out, WORKERS, **options)


def start(out: Path) -> int:
    """Start a run in a process group of its own, and return its number."""
    pid = os.fork()  # so that only the workers load their libraries, not every run once more
    if pid:
        return pid
    os.setsid()
    status = 1
    try:
        render(out)
        status = 0
    finally:
        os._exit(status)


def wait_for_end(pid: int) -> float:
    """Wait for a run that nobody kills, and return its seconds."""
    begin = time.perf_counter()
    status = os.waitpid(pid, 0)[1]
    if status:
        sys.exit(f"a run that was left alone ended with status {status}")
    return time.perf_counter() - begin


def finished_shards(out: Path) -> int:
    return len(list(out.glob("shards/0*.h5")))


def moment_of(kind: str, out: Path, whole_s: float, rng: random.Random) -> Callable[[], bool]:
    """A function that says whether the moment has come to kill the run that is started now."""
    before = {path.name for path in out.glob("*")}
    if kind == ANY:
        due_s = time.perf_counter() + rng.uniform(0, whole_s)
        return lambda: time.perf_counter() >= due_s
    if kind == MANIFEST:
        return lambda: bool({path.name for path in (*out.glob("*"), *out.glob(".[!f]*.tmp"))} - before - {"shards"})
    wanted = min(SHARDS - 1, finished_shards(out) + rng.randint(0, SHARDS // 2))
    if kind == WORKING:
        return lambda: finished_shards(out) >= wanted
    return lambda: finished_shards(out) >= wanted and any(out.glob("shards/.*.tmp"))


def run_and_kill(kind: str, out: Path, whole_s: float, rng: random.Random) -> bool:
    """Start a run and kill it; whether it was still alive."""
    has_come = moment_of(kind, out, whole_s, rng)
    pid = start(out)
    alive = True
    while alive and not has_come():
        time.sleep(0.001)
        alive = os.waitpid(pid, os.WNOHANG) == (0, 0)
    if alive and KINDS[kind]:
        time.sleep(rng.uniform(0, KINDS[kind]))
        alive = os.waitpid(pid, os.WNOHANG) == (0, 0)
    if alive:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        wait_for_group(pid)
    return alive


def wait_for_group(group: int) -> None:
    """Wait until the killed workers are gone."""
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)


def left_behind(out: Path) -> set[str]:
    """What a killed run leaves, in words."""
    found = {
        "half a shard": any(out.glob("shards/.*.tmp")),
        "half a file": any(out.glob(".*.tmp")),
        "some shards": 0 < finished_shards(out) < SHARDS,
        "all shards, no manifest": finished_shards(out) == SHARDS and not (out / "dataset.json").exists(),
        "a journal": (out / ".finished").exists(),
        "a manifest": (out / "dataset.json").exists(),
    }
    return {words for words, there in found.items() if there}


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main(kills: int, seed: int) -> int:
    rng = random.Random(seed)
    done, sets, identical, ratios = 0, 0, 0, []
    kinds: Counter[str] = Counter()
    left: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        wait_for_end(start(Path(folder) / "first"))  # compiles, where nothing is cached
        whole_s = wait_for_end(start(Path(folder) / "whole"))
        expected = contents(Path(folder) / "whole")
        while done < kills or not sets:
            out, spent_s, resumed = Path(folder) / f"set{sets}", 0.0, 0
            while True:
                kind, begin = list(KINDS)[done % len(KINDS)], time.perf_counter()
                if run_and_kill(kind, out, whole_s, rng):
                    done, resumed = done + 1, resumed + 1
                    kinds[kind] += 1
                    left.update(left_behind(out))
                spent_s += time.perf_counter() - begin
                if done >= kills or rng.random() < ENDS_AFTER_A_KILL:
                    break
            spent_s += wait_for_end(start(out))
            sets, identical = sets + 1, identical + (contents(out) == expected)
            ratios.append(spent_s / whole_s - 1)
    facts = {"resumed_sets": sets, "identical_sets": identical, "of_kind": dict(kinds), "left_behind": dict(left)}
    facts |= {"whole_run_s": round(whole_s, 2), "median_overhead": round(statistics.median(ratios), 2)}
    facts |= {
        "frames": FRAMES,
        "shards": FRAMES // ROWS_PER_SHARD,
        "size_px": SIZE_PX,
        "workers": WORKERS,
        "seed": seed,
    }
    report.record("kill_resume", "kills", done, "kills", **facts)
    return 0 if identical == sets else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="8 kills instead of 50")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sys.exit(main(given.kills or (8 if given.quick else 50), given.seed))

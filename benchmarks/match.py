"""Matching against brute force: `in_plane_vs_brute_force`, `so3_vs_brute_force`, and how both grow.

    python benchmarks/match.py [--quick | --large]

Targets are the rotations of Biwi+ (from the folder SYNHEAD_DATA, by default ../shared/data), without it as many from a
law with its moments. Sources are ten heads with 51,096 rotations each: drawn at the same rotations, as `synhead render`
draws them, and (`own_rotations`) each at its own. Ours is all of `match_poses`, from rotation matrices to the table of
matches: with the compiled loops where numba is installed, loaded beforehand (`load_seconds`), and without them
(`scipy_seconds`), as a single short run does it. The peer is the largest product of viewing directions, or of
quaternions up to sign, for every target and head: NumPy through BLAS on float64 in blocks, timed on some targets of one
head and scaled up; its conversions are not counted. One thread each, CPU time, medians of runs in turns. `--large` goes
on to 10,000,000 rotations (minutes, 3 GB).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import report

from synhead_tools.formats.open import open_any
from synhead_tools.geometry.compiled_points import way_of_indices
from synhead_tools.geometry.distance import direction_angle_deg, geodesic_distance_deg
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.matching.in_plane import viewing_direction
from synhead_tools.matching.match_poses import MODES, match_poses

HEADS, FRAMES, TARGETS = 10, 51_096, 15_678
BLOCK = 512
TARGETS_CHECKED = 4096


def target_rotations(rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Which targets there are, and their rotations (15,678, 3, 3)."""
    data = Path(os.environ.get("SYNHEAD_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
    path = data / "biwi_plus" / "Biwi_plus.npz"
    if path.is_file():
        return "Biwi+", open_any(path).read("rotmat")
    return "biwi-like law", biwi_like_rotations(TARGETS, rng)


def brute_force(mode: str, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Row of the nearest source vector for each target vector: the largest product, block by block."""
    nearest = []
    for first in range(0, len(target), BLOCK):
        product = target[first : first + BLOCK] @ source.T
        nearest.append(np.argmax(np.abs(product, out=product) if mode == "so3" else product, axis=1))
    return np.concatenate(nearest)


def cpu_seconds(function: Callable, *arguments, **options) -> tuple[float, object]:
    start = time.process_time()
    result = function(*arguments, **options)
    return time.process_time() - start, result


def peak_mib(function: Callable, *arguments, **options) -> float | None:
    """Most memory, MiB, that a call holds at a time beyond what was there before; None where Linux does not say."""
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what earlier calls left free would be taken again unseen
        Path("/proc/self/clear_refs").write_text("5")
        before = _status_mib("VmRSS")
        function(*arguments, **options)
        return round(_status_mib("VmHWM") - before, 1)
    except (OSError, AttributeError):
        return None


def _status_mib(name: str) -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


def compare(mode: str, name: str, sources: np.ndarray, target: np.ndarray, runs: int, sample: int, facts: dict) -> None:
    """Ten heads at `sources` (10, n, 3, 3): all matches in turns with brute force on `sample` targets of one head."""
    heads = np.repeat([f"head{i}".encode() for i in range(HEADS)], sources.shape[1])
    flat = sources.reshape(-1, 3, 3)
    vectors = quat_xyzw_from_rotmat if mode == "so3" else viewing_direction
    source_vectors = np.ascontiguousarray(vectors(sources[0]))
    chosen = np.linspace(0, len(target) - 1, sample).round().astype(int)
    target_vectors = np.ascontiguousarray(vectors(target[chosen]))
    ours, scipy, brute = [], [], []
    for _ in range(runs):
        seconds, matches = cpu_seconds(match_poses, flat, heads, target, mode=mode)
        ours.append(seconds)
        with way_of_indices("scipy"):
            seconds, same = cpu_seconds(match_poses, flat, heads, target, mode=mode)
        scipy.append(seconds)
        seconds, found = cpu_seconds(brute_force, mode, source_vectors, target_vectors)
        brute.append(seconds * HEADS * len(target) / sample)
    angle_deg = geodesic_distance_deg(sources[0][found], target[chosen])
    if mode == "in-plane":
        angle_deg = direction_angle_deg(source_vectors[found], target_vectors)
    value, peer, without = (float(np.median(seconds)) for seconds in (ours, brute, scipy))
    report.record(
        "match", name, value, "s", "NumPy brute force (BLAS), every head", peer / value,
        peer_seconds=peer, peer_timed_on=f"{sample} targets of one head, scaled up", scipy_seconds=without,
        scipy_ratio=peer / without, scipy_same_matches=bool(np.array_equal(same.source, matches.source)),
        runs=runs, heads=HEADS,
        source_rotations=sources.shape[1], targets=len(target),
        peak_mib=peak_mib(match_poses, flat, heads, target, mode=mode),
        worst_difference_deg=float(np.abs(matches.residual_deg[chosen] - angle_deg).max()), **facts,
    )  # fmt: skip


def grow(mode: str, sizes: tuple[int, ...], target: np.ndarray, rng: np.random.Generator) -> None:
    """Seconds and memory to index more and more rotations and to ask for all targets; the power of n log n it is."""
    build, ask, memory = [], [], []
    for size in sizes:
        source = np.empty((size, 3, 3))
        for first in range(0, size, 1_000_000):
            part = source[first : first + 1_000_000]
            part[:] = biwi_like_rotations(len(part), rng)
        runs = 3 if size <= 1_000_000 else 1
        pairs = [cpu_seconds(MODES[mode], source) for _ in range(runs)]
        build.append(float(np.median([seconds for seconds, _ in pairs])))
        index = pairs[-1][1]
        ask.append(float(np.median([cpu_seconds(index.query, target)[0] for _ in range(runs)])))
        del index, pairs
        memory.append(peak_mib(lambda source=source: MODES[mode](source).query(target)))
    scale = np.log(np.array(sizes) * np.log(sizes))
    power = np.polyfit(scale, np.log(build), 1)[0]
    report.record(
        "match", f"{mode.replace('-', '_')}_growth", float(power), "power of n log n", sizes=sizes, build_seconds=build,
        query_seconds=ask, peak_mib=memory, source_mib=[round(size * 72 / 2**20, 1) for size in sizes],
        targets=len(target),
    )  # fmt: skip


def load(target: np.ndarray) -> None:
    """Load the compiled loops, and compile them if that was never done."""
    for mode in MODES:
        MODES[mode](target[:100]).query(target[:100])


def main(quick: bool, large: bool) -> None:
    rng = np.random.default_rng(0)
    name, target = target_rotations(rng)
    runs, sample = (3, BLOCK) if quick else (5, TARGETS_CHECKED)
    own = biwi_like_rotations(HEADS * FRAMES, rng).reshape(HEADS, FRAMES, 3, 3)
    same = np.broadcast_to(own[:1], own.shape)
    load_seconds, _ = cpu_seconds(load, target)
    facts = {"target": name, "load_seconds": round(load_seconds, 2)}
    for mode in MODES:
        figure = f"{mode.replace('-', '_')}_vs_brute_force"
        compare(mode, figure, same, target, runs, sample, {**facts, "sources": "the same for all heads"})
        compare(mode, f"{figure}_own_rotations", own, target, runs, sample, {**facts, "sources": "own per head"})
    sizes = (10_000, 100_000) if quick else (100_000, 1_000_000, 10_000_000)[: 3 if large else 2]
    for mode in MODES:
        grow(mode, sizes, target, rng)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true")
    sizes.add_argument("--large", action="store_true")
    given = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # BLAS reads it when it is loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OMP_NUM_THREADS": "1"})
    with way_of_indices("compiled"):
        main(given.quick, given.large)

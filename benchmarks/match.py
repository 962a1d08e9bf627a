"""In-plane matching against brute force: `in_plane_vs_brute_force`, and the same for full rotations.

    python benchmarks/match.py [--quick]

Peer: NumPy brute force through BLAS on float64, in blocks, in the same run.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import report

from synhead_tools.geometry.direction_index import DirectionIndex
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.geometry.rotation_index import RotationIndex
from synhead_tools.matching.in_plane import match_in_plane, viewing_direction

BLOCK = 512


def _brute_force(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Index of the largest dot product, block by block."""
    return np.concatenate([np.argmax(target[i : i + BLOCK] @ source.T, axis=1) for i in range(0, len(target), BLOCK)])


def _seconds(function, *arguments) -> tuple[float, object]:
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main(quick: bool) -> None:
    n_source, n_target, runs = (51_096, 2_000, 3) if quick else (51_096, 15_678, 5)
    rng = np.random.default_rng(0)
    source, target = biwi_like_rotations(n_source, rng), biwi_like_rotations(n_target, rng)
    ours, brute, ours_so3, brute_so3 = [], [], [], []
    directions = viewing_direction(source), viewing_direction(target)
    quaternions = quat_xyzw_from_rotmat(source), quat_xyzw_from_rotmat(target)
    for _ in range(runs):
        ours.append(_seconds(match_in_plane, source, target)[0])
        seconds, found = _seconds(_brute_force, *directions)
        brute.append(seconds)
        ours_so3.append(_seconds(lambda: RotationIndex(source).query(target))[0])
        brute_so3.append(_seconds(lambda: np.abs(quaternions[1][:BLOCK] @ quaternions[0].T).argmax(1))[0])
    angle = DirectionIndex(directions[0]).query(directions[1])[0][:, 0]
    same = np.degrees(np.arccos(np.clip((directions[1] * directions[0][found]).sum(1), -1, 1)))
    worst = float(np.abs(same - angle).max())
    facts = {"source_rotations": n_source, "targets": n_target, "runs": runs, "worst_difference_deg": worst}
    value, peer = float(np.median(ours)), float(np.median(brute))
    report.record("match", "in_plane_vs_brute_force", value, "s", "numpy brute force (BLAS)", peer / value, **facts)
    value, peer = float(np.median(ours_so3)), float(np.median(brute_so3)) * n_target / min(BLOCK, n_target)
    facts.pop("worst_difference_deg")
    report.record(
        "match",
        "so3_vs_brute_force",
        value,
        "s",
        "numpy brute force (BLAS), one block scaled up",
        peer / value,
        **facts,
    )


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])

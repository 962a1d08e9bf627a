"""Poses made by a law, with a record of it."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.pose_laws import POSE_LAWS
from synhead_tools.geometry.pose_laws.distinct import count_distinct
from synhead_tools.geometry.pose_laws.grid import euler_grid
from synhead_tools.geometry.pose_laws.kernel_density import RotationDensity
from synhead_tools.geometry.pose_laws.ranges import parse_range_deg
from synhead_tools.geometry.pose_laws.streams import pose_rng
from synhead_tools.geometry.poses import Poses, check_pose_count

BIWI_MOMENTS = "BIWI: moments of ground truth"


def grid_poses(pitch: str, yaw: str, roll: str, convention: str) -> Poses:
    """The Euler grid of three ranges as `parse_range_deg` reads them.

    Raises
    ------
    ConventionError
        As `parse_range_deg` and `euler_grid`.
    """
    rotmats = euler_grid(*map(parse_range_deg, (pitch, yaw, roll)), convention)
    ranges = {"pitch": pitch, "yaw": yaw, "roll": roll, "convention": get_convention(convention).name}
    source = {"kind": "grid", **ranges, "poses": len(rotmats), "distinct": count_distinct(rotmats)}
    return Poses(rotmats, sources=(source,))


def law_poses(law: str, n: int, seed: int) -> Poses:
    """`n` poses of a law in `POSE_LAWS`, drawn from its own stream of `seed`.

    Raises
    ------
    UnknownNameError
        There is no such law.
    ConventionError
        No poses, or too many.
    """
    draw = POSE_LAWS.load(law)
    check_pose_count(n, f"the law {law}", "draw them in several runs with other seeds")
    source = {"kind": "law", "law": law, "poses": n}
    if law == "biwi-like":
        source["target_poses"] = BIWI_MOMENTS
    return Poses(draw(n, pose_rng(seed, law)), sources=(source,))


def poses_like(data: Poses, n: int, seed: int) -> Poses:
    """`n` poses of the `RotationDensity` of `data`, whose sources the record repeats.

    Raises
    ------
    ConventionError
        No poses, too many, or too few rotations to fit a law to.
    """
    check_pose_count(n, "the fitted law", "draw them in several runs with other seeds")
    density = RotationDensity(data.rotmats)
    low, middle, high = np.percentile(density.bandwidth_deg, [0, 50, 100]).round(4).tolist()
    source = {
        "kind": "law",
        "law": "kernel density",
        "poses": n,
        "kernels": len(density.weights),
        "neighbours": density.neighbours,
        "bandwidth_deg": {"least": low, "median": middle, "largest": high},
        "fitted_to": list(data.sources),
    }
    used = [text for part in data.sources if (text := part.get("target_poses"))]
    if used:
        source["target_poses"] = f"law fitted to {'; '.join(dict.fromkeys(used))}"
    return Poses(density.draw(n, pose_rng(seed, "like")), sources=(source,))

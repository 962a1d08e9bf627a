"""How near the matches come, which targets they reach and which frames they use."""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.matching.match_poses import Matches

PERCENTILES = (5, 50, 95, 99, 100)
WITHIN_DEG = (1, 2, 5)
"""Angles at which coverage is told: the share of targets that have a match so near."""

YAW_EDGES_DEG = (-180, -90, -75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90, 180)
HISTOGRAM_EDGES_DEG = (0, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 60, 180)
_ROWS_LISTED = 100


def match_report(
    matches: Matches,
    drawn: np.ndarray,
    n_targets: int,
    target: dict[str, Any],
    target_rotmat: np.ndarray | None = None,
    n_source: int | None = None,
) -> dict[str, Any]:
    """Counts, residuals, coverage, unmatched targets and reuse of frames, over all matches and per head.

    Parameters
    ----------
    matches : Matches
        All of them.
    drawn : bool array, shape (n,)
        Which got a picture.
    n_targets : int
        Number of target poses.
    target : dict
        What the target says of itself.
    target_rotmat : array-like, shape (n_targets, 3, 3), optional
        The rotations matched to; with them, coverage is also told by `biwi+` yaw.
    n_source : int, optional
        Number of source frames there were to choose from.

    Returns
    -------
    dict
        Ready for JSON; angles in degrees, shares from 0 to 1. Coverage counts a target with none near enough as not
        covered.
    """
    heads = {head.decode(): matches.of(head) for head in matches.asked}
    uses = np.bincount(matches.source)
    report = {
        "target": target,
        "target_labels_used": True,
        "mode": matches.mode,
        "targets": n_targets,
        "heads": len(np.unique(matches.head_id)),
        "matches": len(matches),
        "pictures": int(drawn.sum()),
        "residual_deg": percentiles(matches.residual_deg),
        "residual_deg_per_head": {head: percentiles(matches.residual_deg[mine]) for head, mine in heads.items()},
        "residual_histogram": {
            "edges_deg": list(HISTOGRAM_EDGES_DEG),
            "matches_per_head": {head: _histogram(matches.residual_deg[mine]) for head, mine in heads.items()},
        },
        "in_plane_deg_abs": percentiles(np.abs(matches.in_plane_deg)),
        "coverage": _coverage(matches, heads, target_rotmat),
        "unmatched_targets": {
            head.decode(): {"targets": len(rows), "first_rows": rows[:_ROWS_LISTED].tolist()}
            for head, rows in matches.unmatched().items()
        },
        "distinct_source_frames": int((uses > 0).sum()),
        "uses_of_a_used_frame": percentiles(uses[uses > 0]),
    }
    return report if n_source is None else report | {"source_frames": n_source}


def nearest_residuals_deg(matches: Matches) -> np.ndarray:
    """Residual of each target's nearest match with each head of `Matches.asked`: (heads, targets), infinite if none."""
    nearest = np.full((len(matches.asked), matches.n_targets), np.inf)
    for each, head in zip(nearest, matches.asked, strict=True):
        mine = matches.of(head) & (matches.rank == 0)
        each[matches.target[mine]] = matches.residual_deg[mine]
    return nearest


def percentiles(values: np.ndarray) -> dict[str, float | None]:
    """`PERCENTILES` of some values; null where there are none."""
    if len(values) == 0:
        return {str(p): None for p in PERCENTILES}
    found = np.percentile(values, PERCENTILES)
    return {str(p): round(float(v), 4) for p, v in zip(PERCENTILES, found, strict=True)}


def yaw_bins(target_rotmat: np.ndarray) -> np.ndarray:
    """Bin of `YAW_EDGES_DEG` (n,) that the `biwi+` yaw of rotations (n, 3, 3) is in."""
    yaw_deg = euler_deg_from_rotmat(target_rotmat, "biwi+")[:, 1]
    return np.clip(np.searchsorted(YAW_EDGES_DEG, yaw_deg, side="right") - 1, 0, len(YAW_EDGES_DEG) - 2)


def _coverage(matches: Matches, heads: dict[str, np.ndarray], target_rotmat: np.ndarray | None) -> dict[str, Any]:
    nearest = nearest_residuals_deg(matches)
    coverage = {
        "mean_over_heads": _shares(nearest),
        "any_head": _shares(nearest.min(axis=0)),
        "per_head": {head: _shares(row) for head, row in zip(heads, nearest, strict=True)},
    }
    if target_rotmat is not None:
        which = yaw_bins(target_rotmat)
        edges = list(zip(YAW_EDGES_DEG[:-1], YAW_EDGES_DEG[1:], strict=True))
        coverage["mean_over_heads_by_yaw"] = [
            {"yaw_deg": edges[i], "targets": int((which == i).sum()), **_shares(nearest[:, which == i])}
            for i in np.unique(which).tolist()
        ]
    return coverage


def _shares(residual_deg: np.ndarray) -> dict[str, float]:
    return {f"within_{limit}_deg": round(float((residual_deg <= limit).mean()), 4) for limit in WITHIN_DEG}


def _histogram(residual_deg: np.ndarray) -> list[int]:
    return np.histogram(residual_deg, HISTOGRAM_EDGES_DEG)[0].tolist()

"""How near the matches come."""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.matching.match_poses import Matches

PERCENTILES = (5, 50, 95, 99, 100)


def match_report(matches: Matches, drawn: np.ndarray, n_targets: int, target: dict[str, Any]) -> dict[str, Any]:
    """Counts and residual percentiles, over all matches and per head.

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
    """
    heads = np.unique(matches.head_id)
    return {
        "target": target,
        "target_labels_used": True,
        "targets": n_targets,
        "heads": len(heads),
        "matches": len(matches),
        "pictures": int(drawn.sum()),
        "residual_deg": _percentiles(matches.residual_deg),
        "residual_deg_per_head": {
            head.decode(): _percentiles(matches.residual_deg[matches.head_id == head]) for head in heads
        },
        "in_plane_deg_abs": _percentiles(np.abs(matches.in_plane_deg)),
        "distinct_source_frames": len(np.unique(matches.source)),
    }


def _percentiles(values: np.ndarray) -> dict[str, float]:
    found = np.percentile(values, PERCENTILES)
    return {str(p): round(float(v), 4) for p, v in zip(PERCENTILES, found, strict=True)}

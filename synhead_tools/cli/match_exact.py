"""``synhead match-biwi --mode exact``: every head rendered at the target's own rotations, so that nothing remains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.dataset import open_dataset
from synhead_tools.formats.manifest import manifest_path
from synhead_tools.matching.choice import chosen_targets
from synhead_tools.matching.folders import SYNBIWI_NAME, matched_folder
from synhead_tools.matching.match_poses import Matches
from synhead_tools.matching.report import match_report
from synhead_tools.matching.results import honest_fields, write_matches, write_report, write_union
from synhead_tools.matching.target import MatchTarget
from synhead_tools.rendering.render_dataset import render_dataset
from synhead_tools.rendering.replan import plan_at_poses

EXACT = "exact"


def build_exact(
    source: str | Path,
    target: MatchTarget,
    out: str | Path,
    max_targets: int | None = None,
    *,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Write a SynBiwi+ without residuals, and its union with the source.

    Parameters
    ----------
    source : path
        Folder of a rendered dataset of ours, or of a SynHead+: heads, camera and looks are those of its run.
    target : MatchTarget
    out : path
        Folder to make, as by `synhead_tools.matching.build.build_matched`, but for the picture of the report.
    max_targets : int, optional
        Take so many targets, evenly spread; all if left out.
    workers, resume, overwrite, progress
        As of `synhead_tools.rendering.render_dataset.render_dataset`.

    Returns
    -------
    dict
        The report.

    Raises
    ------
    SynheadError
        The source was not rendered by us, or as `render_dataset` and `matched_folder`.
    """
    if not manifest_path(source).is_file():
        raise ManifestError(f"{source} is no dataset of ours: nothing says how to render it at other rotations")
    dataset = open_dataset(source)
    rows = chosen_targets(len(target), max_targets)
    facts = honest_fields(dataset, target, {"mode": EXACT, "max_targets": max_targets})
    told = {"sources": [target.facts], "target_poses": facts["target_poses"]}
    told["target_labels_used"] = facts["target_labels_used"]
    plan = plan_at_poses(dataset.manifest, target.rotmat_camera[rows], target.target_id[rows], told)
    with matched_folder(out, overwrite, resume, reads=(dataset, target.source)) as folder:
        render_dataset(
            plan, folder / SYNBIWI_NAME, workers=workers, resume=resume, overwrite=overwrite, progress=progress,
            parents=facts["parents"],
        )  # fmt: skip
        with open_dataset(folder / SYNBIWI_NAME) as rendered:
            matches = _matches(rendered.read("head_id"), rows, len(target))
            report = _report(matches, target)
            report["synbiwi+_frames"] = len(rendered)
            report["synhead++_frames"] = len(write_union(dataset, rendered, folder))
        write_matches(folder, matches, np.ones(len(matches), bool), target.target_id)
        write_report(folder, report)
    return report


def _matches(head_id: np.ndarray, rows: np.ndarray, n_targets: int) -> Matches:
    """Each rendered sample as a match; its row of ``synbiwi+`` stands for the row of the source."""
    count = len(head_id)
    zero, heads = np.zeros(count), tuple(np.unique(head_id).tolist())
    target = np.tile(rows, count // len(rows))
    return Matches(target, np.arange(count), zero, zero, head_id, np.zeros(count, int), EXACT, n_targets, heads)


def _report(matches: Matches, target: MatchTarget) -> dict[str, Any]:
    report = match_report(matches, np.ones(len(matches), bool), len(target), target.facts, target.rotmat)
    return report | {
        "target_labels_used": target.labels_used,
        "target_poses": target.poses,
        "targets_without_prediction": list(target.without_pose),
        "empty_corners": {"frames": 0, "written": False},
    }

"""From options to a render plan; shared by the commands that draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.cli.pose_options import PoseOptions
from synhead_tools.errors import SynheadError
from synhead_tools.formats.label_poses import read_label_poses
from synhead_tools.formats.tracks import read_tracks
from synhead_tools.geometry.pose_laws.drawn import grid_poses, law_poses, poses_like
from synhead_tools.geometry.poses import Poses, join_poses
from synhead_tools.heads.expression_file import read_expressions
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS
from synhead_tools.heads.library import expand_names
from synhead_tools.rendering.plan import RenderPlan


def head_names(text: str) -> tuple[str, ...]:
    """Heads of a comma list of what `expand_names` takes; ``"all"`` is the ten presets."""
    names = expand_names(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise SynheadError("no head named; give a comma list such as f01,m03, or all")
    return names


def poses_from_options(options: PoseOptions, convention: str, seed: int) -> Poses:
    """All poses, source by source in the order of the options' help."""
    parts = []
    if options.ranges is not None:
        parts.append(grid_poses(*options.ranges, convention))
    if options.tracks:
        parts.append(read_tracks(options.tracks, convention))
    labels = {"sequences": options.sequences, "convention": options.labels_convention}
    parts += [read_label_poses(path, **labels) for path in options.poses_from]
    for law, count in (("uniform", options.uniform), ("biwi-like", options.biwi_like)):
        if count is not None:
            parts.append(law_poses(law, count, seed))
    if options.like is not None:
        parts.append(poses_like(read_label_poses(options.like, **labels, thin=True), options.count, seed))
    return join_poses(parts)


def record_of_poses(poses: Poses) -> dict[str, Any]:
    """What the manifest says of the poses: their sources, and whose true rotations had a part in them, if anybody's."""
    used = dict.fromkeys(text for source in poses.sources if (text := source.get("target_poses")))
    return {"sources": list(poses.sources), "target_poses": "; ".join(used) or None}


def expressions_from_option(text: str) -> str | np.ndarray:
    """The name of a law, or the rows of a file."""
    if text in EXPRESSION_LAWS:
        return text
    if not Path(text).exists():
        known = ", ".join(EXPRESSION_LAWS)
        raise SynheadError(f"expressions {text!r} is neither one of {known} nor a file that is there")
    return read_expressions(text)


def plan_from_options(
    heads: str, poses: PoseOptions, convention: str, seed: int, expressions: str = "none", **settings: Any
) -> RenderPlan:
    """The plan of ``synhead render``; `settings` are further parameters of `RenderPlan` as they are."""
    drawn = poses_from_options(poses, convention, seed)
    return RenderPlan(
        head_names(heads), drawn.rotmats, track_id=drawn.track_id, frame_id=drawn.frame_id, seed=seed,
        convention=convention, expressions=expressions_from_option(expressions), poses_from=record_of_poses(drawn),
        **settings,
    )  # fmt: skip

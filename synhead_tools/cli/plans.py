"""From options to a render plan; shared by the commands that draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synhead_tools.errors import SynheadError
from synhead_tools.formats.tracks import read_track
from synhead_tools.geometry.pose_laws import euler_grid, parse_range_deg
from synhead_tools.heads.expression_file import read_expressions
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS
from synhead_tools.heads.library import expand_names
from synhead_tools.heads.pose_neck import BODY_FOLLOW
from synhead_tools.rendering.plan import RenderPlan


def head_names(text: str) -> tuple[str, ...]:
    """Heads of a comma list of what `expand_names` takes; ``"all"`` is the ten presets."""
    names = expand_names(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise SynheadError("no head named; give a comma list such as f01,m03, or all")
    return names


def poses_from_options(
    ranges: tuple[str, str, str] | None, tracks: tuple[Path, ...], convention: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations (n, 3, 3), track ids and frame ids: the grid first (track -1), then each track file in its order."""
    rotmats, track_id, frame_id = [], [], []
    if ranges is not None:
        grid = euler_grid(*(parse_range_deg(text) for text in ranges), convention)
        rotmats.append(grid)
        track_id.append(np.full(len(grid), -1))
        frame_id.append(np.arange(len(grid)))
    for number, path in enumerate(tracks):
        track = read_track(path, convention)
        rotmats.append(track)
        track_id.append(np.full(len(track), number))
        frame_id.append(np.arange(len(track)))
    return np.concatenate(rotmats), np.concatenate(track_id), np.concatenate(frame_id)


def expressions_from_option(text: str) -> str | np.ndarray:
    """The name of a law, or the rows of a file."""
    if text in EXPRESSION_LAWS:
        return text
    if not Path(text).exists():
        known = ", ".join(EXPRESSION_LAWS)
        raise SynheadError(f"expressions {text!r} is neither one of {known} nor a file that is there")
    return read_expressions(text)


def plan_from_options(
    heads: str,
    ranges: tuple[str, str, str] | None,
    tracks: tuple[Path, ...],
    convention: str,
    size_px: int,
    lighting: str,
    backend: str,
    seed: int,
    body_follow: float = BODY_FOLLOW,
    expressions: str = "none",
) -> RenderPlan:
    """The plan of ``synhead render``."""
    rotmats, track_id, frame_id = poses_from_options(ranges, tracks, convention)
    poses_from = {"grid": dict(zip(("pitch", "yaw", "roll"), ranges, strict=True)) if ranges else None}
    poses_from |= {"tracks": [track.name for track in tracks], "convention": convention}
    return RenderPlan(
        head_names(heads), rotmats, track_id=track_id, frame_id=frame_id, size_px=size_px, lighting=lighting,
        backend=backend, seed=seed, convention=convention, body_follow=body_follow,
        expressions=expressions_from_option(expressions), poses_from=poses_from,
    )  # fmt: skip

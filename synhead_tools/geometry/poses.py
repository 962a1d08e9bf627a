"""Poses to be drawn: rotations with the track and frame each comes from, and a record of their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synhead_tools.errors import ConventionError

POSES_LIMIT = 1_000_000
"""About a hundred times what a dense grid of one degree in yaw and pitch holds; 72 MB of rotations."""

NO_TRACK = -1
TRACK_STEP = 100
"""Track ids that are taken are moved on in hundreds, as the groups of NVIDIA's SynHead are numbered."""


@dataclass(frozen=True, eq=False)
class Poses:
    """Rotations in the order in which they are drawn.

    Attributes
    ----------
    rotmats : array, shape (n, 3, 3)
        R_head_to_camera.
    track_id : int array, shape (n,)
        Motion track of each, `NO_TRACK` for none; by default none has one.
    frame_id : int array, shape (n,)
        Frame within the track, or running number, which is the default.
    sources : tuple of dict
        Where they come from, in JSON values, one for each source.
    """

    rotmats: np.ndarray
    track_id: np.ndarray | None = None
    frame_id: np.ndarray | None = None
    sources: tuple[dict[str, Any], ...] = field(default=())

    def __post_init__(self) -> None:
        count = len(self.rotmats)
        if self.track_id is None:
            object.__setattr__(self, "track_id", np.full(count, NO_TRACK, np.int32))
        if self.frame_id is None:
            object.__setattr__(self, "frame_id", np.arange(count, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.rotmats)


def check_pose_count(poses: int, what: str, advice: str) -> None:
    """Refuse no poses, or more than `POSES_LIMIT`, before memory is taken for them.

    Raises
    ------
    ConventionError
        Says `what` has them and what to do.
    """
    if poses > POSES_LIMIT:
        raise ConventionError(f"{what} has {poses} poses, more than {POSES_LIMIT}; {advice}")
    if poses < 1:
        raise ConventionError(f"{what} has no poses; give at least one")


def join_poses(parts: Sequence[Poses]) -> Poses:
    """All poses of `parts`, one part after another.

    Tracks of different parts stay different: where a part has a track id that was taken before, all its ids are moved
    on by a multiple of `TRACK_STEP`, which its sources then state as ``track_id_added``.

    Raises
    ------
    ConventionError
        No poses, or more than `POSES_LIMIT`.
    """
    check_pose_count(sum(map(len, parts)), "the plan", "draw them in several runs")
    taken: set[int] = set()
    track_ids, sources = [], []
    for part in parts:
        own = set(np.unique(part.track_id).tolist()) - {NO_TRACK}
        added = TRACK_STEP * (max(taken) // TRACK_STEP + 1) if own & taken else 0
        taken |= {track + added for track in own}
        track_ids.append(np.where(part.track_id == NO_TRACK, NO_TRACK, part.track_id.astype(np.int64) + added))
        sources += [{**source, "track_id_added": added} if added else source for source in part.sources]
    return Poses(
        np.concatenate([part.rotmats for part in parts]),
        np.concatenate(track_ids),
        np.concatenate([part.frame_id for part in parts]),
        tuple(sources),
    )

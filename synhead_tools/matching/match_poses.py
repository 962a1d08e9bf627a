"""The table of matches: every target pose with, for each head or over all of them, the frames that come nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.geometry.ragged import ragged_offsets
from synhead_tools.matching.in_plane import InPlaneIndex
from synhead_tools.matching.nearest import FrameIndex, FullRotationIndex, Nearest
from synhead_tools.matching.reuse_limit import match_with_limit

MODES: Mapping[str, Callable[[np.ndarray], FrameIndex]] = MappingProxyType(
    {"in-plane": InPlaneIndex, "so3": FullRotationIndex}
)
"""How frames are compared, by name: by viewing direction, their pictures turned; or by the full rotation."""

ALL_HEADS = b"*"
"""Stands for the head where matches are looked for among the frames of all heads at once."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Matches, head by head in alphabetical order, within a head by target, then from the nearest on.

    Attributes
    ----------
    target : int array, shape (n,)
        Row of the target pose.
    source : int array, shape (n,)
        Row of the chosen source frame.
    in_plane_deg : array, shape (n,)
        Turn of its picture, positive clockwise; 0 in mode ``so3``.
    residual_deg : array, shape (n,)
        Geodesic distance that remains.
    head_id : bytes array, shape (n,)
        Head of the frame.
    rank : int array, shape (n,)
        0 for a target's nearest match (of that head), 1 for the next one and so on.
    mode : str
        One of `MODES`.
    n_targets : int
        How many targets were to be matched.
    asked : tuple of bytes
        The heads each target was to be matched with; `ALL_HEADS` alone where any would do.
    """

    target: np.ndarray
    source: np.ndarray
    in_plane_deg: np.ndarray
    residual_deg: np.ndarray
    head_id: np.ndarray
    rank: np.ndarray
    mode: str
    n_targets: int
    asked: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.target)

    def take(self, which: np.ndarray) -> Matches:
        """The matches named by a mask or by positions."""
        names = ("target", "source", "in_plane_deg", "residual_deg", "head_id", "rank")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    def of(self, head: bytes) -> np.ndarray:
        """Which matches belong to a head of `asked`: bool (n,)."""
        return np.ones(len(self), bool) if head == ALL_HEADS else self.head_id == head

    def unmatched(self) -> dict[bytes, np.ndarray]:
        """For each head of `asked` the rows, ascending, of the targets without any match."""
        counts = {head: np.bincount(self.target[self.of(head)], minlength=self.n_targets) for head in self.asked}
        return {head: np.flatnonzero(count == 0) for head, count in counts.items()}


def match_poses(
    source_rotmat: np.ndarray,
    source_head_id: np.ndarray,
    target_rotmat: np.ndarray,
    *,
    mode: str = "in-plane",
    per_head: bool = True,
    k: int = 1,
    max_residual_deg: float | None = None,
    max_uses: int | None = None,
    workers: int = 1,
) -> Matches:
    """Match target poses with source frames.

    Parameters
    ----------
    source_rotmat : array-like, shape (n, 3, 3)
        Rotations of the frames to choose from.
    source_head_id : array-like, shape (n,)
        Which head each shows.
    target_rotmat : array-like, shape (m, 3, 3)
        Poses to come near to. Both sides are taken as they are: R_head_to_camera, or both R_ray
        (`synhead_tools.matching.pose_frames`).
    mode : str
        One of `MODES`.
    per_head : bool
        Match every target with every head, or once with the frames of all heads.
    k : int
        How many frames per target (and head); fewer where a head has no more.
    max_residual_deg : float, optional
        Frames farther away than this are no matches.
    max_uses : int, optional
        How often one source frame may be used, over all targets; see `synhead_tools.matching.reuse_limit`.
    workers : int
        Threads; -1 for all cores. The answer does not depend on it.

    Returns
    -------
    Matches

    Raises
    ------
    ManifestError
        The mode is unknown, a number is out of range, there is nothing to match, or a rotation is not finite.
    """
    source_rotmat, target_rotmat = np.asarray(source_rotmat, float), np.asarray(target_rotmat, float)
    _check(source_rotmat, target_rotmat, mode, k, max_residual_deg, max_uses)
    source_head_id = np.asarray(source_head_id, np.bytes_)
    rows_of = _rows_of_heads(source_head_id) if per_head else {ALL_HEADS: np.arange(len(source_rotmat))}
    match_frames = partial(
        _match_frames, make_index=MODES[mode], target=target_rotmat, k=k, max_residual_deg=max_residual_deg,
        max_uses=max_uses, workers=workers,
    )  # fmt: skip
    known, found = {}, []
    for rows in rows_of.values():
        together = rows[-1] - rows[0] == len(rows) - 1  # then a view will do
        rotmat = source_rotmat[rows[0] : rows[-1] + 1] if together else source_rotmat[rows]
        target, rank, nearest = _answer_once(known, rotmat, match_frames)
        source = rows[nearest.source]
        head_id = source_head_id[source]
        found.append((target, source, nearest.in_plane_deg, nearest.residual_deg, head_id, rank))
    columns = (np.concatenate(column) for column in zip(*found, strict=True))
    return Matches(*columns, mode, len(target_rotmat), tuple(rows_of))


def _rows_of_heads(head_id: np.ndarray) -> dict[bytes, np.ndarray]:
    """Rows of each head, ascending; heads in alphabetical order."""
    # heads mostly come one after the other: comparing neighbours saves sorting all the names
    start = np.concatenate([[0], np.flatnonzero(head_id[1:] != head_id[:-1]) + 1, [len(head_id)]])
    names, which = np.unique(head_id[start[:-1]], return_inverse=True)
    size = np.diff(start)
    order = np.argsort(which, kind="stable")
    run, place = ragged_offsets(size[order])
    rows = start[order][run] + place
    ends = np.cumsum(np.bincount(which, weights=size)).astype(int)
    return dict(zip(names.tolist(), np.split(rows, ends[:-1]), strict=True))


Answer = tuple[np.ndarray, np.ndarray, Nearest]


def _answer_once(
    known: dict[tuple, list[tuple[np.ndarray, Answer]]],
    rotmat: np.ndarray,
    match_frames: Callable[[np.ndarray], Answer],
) -> Answer:
    """Match these frames, or repeat the answer for others with the very same rotations, as heads of one plan have."""
    few = rotmat[np.linspace(0, len(rotmat) - 1, 5).astype(int)]
    alike = known.setdefault((len(rotmat), few.tobytes()), [])
    for other, answer in alike:
        if np.array_equal(other, rotmat):
            return answer
    alike.append((rotmat, match_frames(rotmat)))
    return alike[-1][1]


def _match_frames(
    source: np.ndarray,
    *,
    make_index: Callable[[np.ndarray], FrameIndex],
    target: np.ndarray,
    k: int,
    max_residual_deg: float | None,
    max_uses: int | None,
    workers: int,
) -> Answer:
    """Target rows, ranks and matches (q,) of all targets among the frames of one head, by target and rank."""
    index, k = make_index(source), min(k, len(source))
    limit_deg = np.inf if max_residual_deg is None else max_residual_deg
    if max_uses is not None:
        return match_with_limit(index, target, k, max_uses, limit_deg, workers)
    nearest = index.query(target, k, workers)
    row, rank = np.nonzero(nearest.residual_deg <= limit_deg)
    return row, rank, nearest.take(row, rank)


def _check(
    source: np.ndarray, target: np.ndarray, mode: str, k: int, max_residual_deg: float | None, max_uses: int | None
) -> None:
    if mode not in MODES:
        raise ManifestError(f"{mode!r} is no mode of matching; known: {', '.join(MODES)}")
    if k < 1 or (max_uses is not None and max_uses < 1):
        raise ManifestError(f"{k} matches per target and {max_uses} uses per frame: both must be at least 1")
    if max_residual_deg is not None and not max_residual_deg >= 0:
        raise ManifestError(f"max_residual_deg is {max_residual_deg}; give 0 or more")
    for side, rotmat in (("source", source), ("target", target)):
        if rotmat.ndim != 3 or rotmat.shape[1:] != (3, 3) or len(rotmat) == 0:
            raise ManifestError(f"the {side} has no rotations to match: shape {rotmat.shape}, not (n, 3, 3)")
        finite = np.isfinite(rotmat)
        if not finite.all():
            row = int(np.argmin(finite.all(axis=(1, 2))))
            raise ManifestError(f"the rotation of {side} row {row} is not finite; leave the row out")

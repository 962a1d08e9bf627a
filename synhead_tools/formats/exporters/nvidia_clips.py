"""Which group, head, track and frame number of NVIDIA's SynHead each sample of a dataset becomes.

That layout knows ten heads by name, four groups of at most a hundred tracks, and one CSV file per track that holds for
all heads: a clip, the frames of one track with one head, has as many pictures as its file has rows, in one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.nvidia_synhead_clips import GROUPS, HEADS, TRACKS_PER_GROUP

TRACKS_LIMIT = TRACKS_PER_GROUP * len(GROUPS)
FRAMES_LIMIT = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Clip:
    """Frames of one track with one head.

    Attributes
    ----------
    head : str
        Name in the layout, one of `HEADS`.
    track : int
        0 to `TRACKS_LIMIT` - 1: hundreds are groups.
    rows : int array, shape (n,)
        Samples, in order of `numbers`.
    numbers : int array, shape (n,)
        Numbers of the frames, ascending, each once.
    """

    head: str
    track: int
    rows: np.ndarray
    numbers: np.ndarray

    @property
    def group_name(self) -> str:
        """``BIWI``, ``breitenstein``, ``kinect`` or ``softkinetic``."""
        return GROUPS[self.track // TRACKS_PER_GROUP]

    @property
    def track_name(self) -> str:
        """Two digits."""
        return f"{self.track % TRACKS_PER_GROUP:02d}"


def check_fits(heads: int, tracks: int) -> None:
    """Check that so many heads and tracks have a place.

    Raises
    ------
    ExportError
        There are more than the layout has places for.
    """
    if heads > len(HEADS):
        raise ExportError(f"there are {heads} heads; NVIDIA's layout has names for {len(HEADS)}; take fewer")
    if tracks > TRACKS_LIMIT:
        raise ExportError(
            f"there are {tracks} tracks (heads with other poses count as such); NVIDIA's layout has places for "
            f"{TRACKS_LIMIT}; take fewer"
        )


def head_names(heads: Iterable[str]) -> dict[str, str]:
    """A name of the layout for each head: its own if it is one of them, else the first that is free.

    Raises
    ------
    ExportError
        There are more heads than names.
    """
    heads = list(dict.fromkeys(heads))
    check_fits(len(heads), 0)
    free = [name for name in HEADS if name not in heads]
    return {head: head if head in HEADS else free.pop(0) for head in heads}


def assign_clips(
    heads: np.ndarray, tracks: np.ndarray, frames: np.ndarray, rotmats: np.ndarray
) -> tuple[list[Clip], dict[str, str]]:
    """Give every sample its place.

    A track keeps its number where it has one from 0 to `TRACKS_LIMIT` - 1; frames of no track make one of their own,
    with the first free number. Heads that do not share all frame numbers and rotations of a track get a track each.
    Frames keep their numbers, or are counted from 0 where a clip has one twice or below 0.

    Parameters
    ----------
    heads : bytes array, shape (n,)
    tracks, frames : int arrays, shape (n,)
    rotmats : array, shape (n, 3, 3)

    Returns
    -------
    clips : list of Clip
        In order of track and head.
    names : dict of str to str
        Head of the dataset to its name in the layout.

    Raises
    ------
    ExportError
        Too many heads or tracks.
    """
    names = head_names(head.decode("utf-8", "replace") for head in heads.tolist())
    labels, head_of = np.unique(heads, return_inverse=True)
    drafts: dict[tuple[int, bytes], list[tuple[str, np.ndarray, np.ndarray]]] = {}
    order = np.lexsort((head_of, tracks))
    cuts = np.flatnonzero((np.diff(tracks[order]) != 0) | (np.diff(head_of[order]) != 0)) + 1
    for rows in np.split(order, cuts):
        rows, numbers = _numbered(rows, frames)
        content = numbers.astype("<i8").tobytes() + np.ascontiguousarray(rotmats[rows], "<f8").tobytes()
        head = names[labels[head_of[rows[0]]].decode("utf-8", "replace")]
        drafts.setdefault((int(tracks[rows[0]]), content), []).append((head, rows, numbers))
    taken = _track_numbers([track for track, _ in drafts])
    clips = [
        Clip(head, number, rows, numbers)
        for number, parts in zip(taken, drafts.values(), strict=True)
        for head, rows, numbers in parts
    ]
    return sorted(clips, key=lambda clip: (clip.track, clip.head)), names


def _numbered(rows: np.ndarray, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one clip in order of their frame numbers, and these; in their own order if the numbers will not do."""
    numbers = frames[rows]
    if len(np.unique(numbers)) < len(rows) or numbers.min() < 0 or numbers.max() > FRAMES_LIMIT:
        rows = np.sort(rows)
        return rows, np.arange(len(rows))
    order = np.argsort(numbers)
    return rows[order], numbers[order]


def _track_numbers(wanted: list[int]) -> list[int]:
    """A number for each track: the wanted one if it can be had, else the first free one."""
    check_fits(0, len(wanted))
    kept = {number for number in wanted if 0 <= number < TRACKS_LIMIT}
    free = iter([number for number in range(TRACKS_LIMIT) if number not in kept])
    given: list[int] = []
    for number in wanted:
        given.append(number if number in kept else next(free))
        kept.discard(number)
    return given

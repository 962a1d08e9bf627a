"""The clips of NVIDIA's SynHead on the disk: which frames of which track with which head are there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError

GROUPS = ("BIWI", "breitenstein", "kinect", "softkinetic")
HEADS = tuple(f"{kind}{number:02d}" for kind in "fm" for number in range(1, 6))
TRACKS_PER_GROUP = 100
"""Track ids count on in hundreds: BIWI from 0, breitenstein from 100, kinect from 200, softkinetic from 300."""

GROUP_SPELLINGS = {**{name: name for name in GROUPS}, "softkinect": "softkinetic"}
"""Names of the groups' folders; the loader that documents them spells one in two ways."""

_TRACK, _NUMBER = re.compile(r"\d\d"), re.compile(r"(\d+)\D*$")


@dataclass(frozen=True)
class Clip:
    """The frames of one track with one head.

    Attributes
    ----------
    group, head, track : str
        Names: ``BIWI``, ``f01``, ``00``.
    folder : Path
        Where its frames are.
    names : list of str
        File names, in order of their numbers.
    numbers : list of int
        Those numbers.
    """

    group: str
    head: str
    track: str
    folder: Path
    names: list[str]
    numbers: list[int]

    @property
    def name(self) -> str:
        """Group, head and track, as a path."""
        return f"{self.group}/{self.head}/{self.track}"

    @property
    def group_folder(self) -> Path:
        """Folder of the group."""
        return self.folder.parent.parent

    @property
    def csv_path(self) -> Path:
        """File with the poses of the track."""
        return self.group_folder / f"{self.track}.csv"

    @property
    def track_id(self) -> int:
        """Number of the track, different for all tracks of all groups."""
        hundreds = GROUPS.index(self.group) if self.group in GROUPS else 0
        return TRACKS_PER_GROUP * hundreds + int(self.track)


def is_synhead(folder: Path) -> bool:
    """Whether `folder` is a group or holds one, looked for under the documented names only."""
    return folder.is_dir() and any(map(_is_group, (folder, *(folder / name for name in GROUP_SPELLINGS))))


def find_clips(root: Path) -> list[Clip]:
    """Clips of the groups in `root`, or of `root` if it is a group, in order of group, head and track.

    Raises
    ------
    LabelFormatError
        A picture has no number in its name, or the number of another; or two folders are the same group.
    """
    folders = [root] if _has_head(root) else [folder for name in GROUP_SPELLINGS if (folder := root / name).is_dir()]
    groups = [GROUP_SPELLINGS.get(name := folder.resolve().name, name) for folder in folders]
    if len(set(groups)) < len(groups):
        raise LabelFormatError(f"{root} has two folders of one group, {folders[-1].name} among them; remove one")
    return [clip for folder, group in zip(folders, groups, strict=True) for clip in _clips_of_group(folder, group)]


def missing_parts(root: Path, clips: list[Clip]) -> list[str]:
    """One line for the groups, and for each group's heads and tracks, that are documented or begun but not there."""
    folders = {clip.group: clip.group_folder for clip in clips}
    absent = [name for name in GROUPS if name not in folders]
    found = [f"no frames of {', '.join(absent)}"] if absent and root not in folders.values() else []
    for group, folder in folders.items():
        have = {(clip.head, clip.track) for clip in clips if clip.group == group}
        heads = sorted({head for head, _ in have})
        tracks = sorted(file.stem for file in folder.glob("*.csv") if _TRACK.fullmatch(file.stem))
        if len(heads) < len(HEADS):
            found.append(f"{group} has no frames of {', '.join(head for head in HEADS if head not in heads)}")
        for head in heads:
            lacking = [track for track in tracks if (head, track) not in have]
            if lacking:
                found.append(f"{group}/{head} has no frames of track {', '.join(lacking)}")
    return found + [
        f"{clip.name}: {len(clip.numbers)} frames are numbered from {clip.numbers[0]} to {clip.numbers[-1]}"
        for clip in clips
        if clip.numbers[-1] - clip.numbers[0] != len(clip.numbers) - 1
    ]


def _is_group(folder: Path) -> bool:
    return _has_head(folder) and any((folder / f"{track:02d}.csv").is_file() for track in range(TRACKS_PER_GROUP))


def _has_head(folder: Path) -> bool:
    return any((folder / head).is_dir() for head in HEADS)


def _clips_of_group(group_folder: Path, group: str) -> list[Clip]:
    clips = []
    for head in HEADS:
        if not (group_folder / head).is_dir():
            continue
        for folder in sorted((group_folder / head).iterdir()):
            if _TRACK.fullmatch(folder.name) and folder.is_dir():
                names, numbers = _frames(folder)
                if names:
                    clips.append(Clip(group, head, folder.name, folder, names, numbers))
    return clips


def _frames(folder: Path) -> tuple[list[str], list[int]]:
    """Names and numbers of the pictures in `folder`, by number: 2 before 10, whether padded or not."""
    numbered: dict[int, str] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.lower().endswith(".png") or entry.name.startswith("."):
                continue
            match = _NUMBER.search(entry.name[:-4])
            number = int(match[1]) if match and len(match[1]) <= 18 else -1
            if not 0 <= number <= np.iinfo(np.int32).max:
                raise LabelFormatError(f"{folder / entry.name} has no frame number in its name; rename or remove it")
            if number in numbered:
                raise LabelFormatError(f"{folder}: {numbered[number]} and {entry.name} have one number; remove one")
            numbered[number] = entry.name
    return [numbered[number] for number in sorted(numbered)], sorted(numbered)

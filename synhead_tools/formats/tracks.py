"""Motion tracks: one head rotation per frame, as in NVIDIA's SynHead (rows of ``pitch,yaw,roll``, no header)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.nvidia_synhead_clips import GROUP_SPELLINGS, GROUPS, TRACKS_PER_GROUP
from synhead_tools.formats.file_hash import sha256_of_file
from synhead_tools.formats.pose_csv import read_pose_csv
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles
from synhead_tools.geometry.poses import Poses, check_pose_count


def read_track_deg(path: str | os.PathLike) -> np.ndarray:
    """Angles of a track file as they stand there: pitch, yaw, roll in degrees, shape (n_frames, 3).

    The file has no header and three columns, or a header that names ``pitch``, ``yaw`` and ``roll``.

    Raises
    ------
    LabelFormatError
        Names the row and column that cannot be read.
    """
    return read_pose_csv(path).angles_deg


def read_track(path: str | os.PathLike, convention: str | EulerConvention) -> np.ndarray:
    """Rotations R_head_to_camera of a track file, shape (n_frames, 3, 3).

    Parameters
    ----------
    path : path
        As `read_track_deg`.
    convention : str or EulerConvention
        What pitch, yaw and roll of the file mean. A file does not say it: NVIDIA's are in ``"synhead"``.

    Raises
    ------
    LabelFormatError
        Names the row and column that cannot be read.
    """
    angles_deg = read_track_deg(path)
    return rotmat_from_euler(triples_of_angles(angles_deg, convention), convention)


def read_tracks(paths: Iterable[str | os.PathLike], convention: str | EulerConvention) -> Poses:
    """All frames of several tracks, one track after another.

    A track given as a file gets the next free number as its ``track_id``, from 0. A folder stands for the CSV files in
    it, or, if it has none, for those one level below, in order of their names; there ``GROUP/NN.csv`` keeps the number
    that the reader of NVIDIA's SynHead gives it: NN, plus 100 for breitenstein, 200 for kinect, 300 for softkinetic.
    ``frame_id`` counts rows from 0.

    Parameters
    ----------
    paths : iterable of path
        Files and folders.
    convention : str or EulerConvention
        As for `read_track`.

    Raises
    ------
    LabelFormatError
        A file cannot be read, or a folder has no CSV files.
    ConventionError
        More than `synhead_tools.geometry.poses.POSES_LIMIT` frames.
    """
    rotmats, numbers, sources = [], [], []
    taken: set[int] = set()
    poses = 0
    for track in (track for path in paths for track in _find_tracks(Path(path))):
        rotmats.append(read_track(track.path, convention))
        number = track.number if track.number not in taken | {None} else max(taken, default=-1) + 1
        taken.add(number)
        numbers.append(number)
        poses += len(rotmats[-1])
        check_pose_count(poses, f"all up to track {track.name}", "draw them in several runs")
        sources.append(
            {
                "kind": "track",
                "file": track.name,
                "sha256": sha256_of_file(track.path),
                "track_id": number,
                "convention": get_convention(convention).name,
                "poses": len(rotmats[-1]),
            }
        )
    lengths = [len(part) for part in rotmats]
    return Poses(
        np.concatenate(rotmats),
        np.repeat(numbers, lengths),
        np.concatenate([np.arange(length) for length in lengths]),
        tuple(sources),
    )


@dataclass(frozen=True)
class _Track:
    path: Path
    name: str  # without the way to it
    number: int | None = None  # that it brings along


def _find_tracks(path: Path) -> Iterator[_Track]:
    if not path.is_dir():
        yield _Track(path, path.name)
        return
    folders = [path] if _csv_files(path) else sorted((f for f in path.iterdir() if f.is_dir()), key=_group_order)
    files = [file for folder in folders for file in _csv_files(folder)]
    if not files:
        raise LabelFormatError(f"{path} holds no tracks; give a folder with NN.csv files, or with GROUP/NN.csv")
    for file in files:
        group = _group_number(file.parent)
        numbered = len(file.stem) == 2 and file.stem.isdecimal() and file.stem.isascii()
        number = TRACKS_PER_GROUP * (group or 0) + int(file.stem) if numbered else None
        name = file.name if file.parent == path and group is None else f"{file.resolve().parent.name}/{file.name}"
        yield _Track(file, name, number)


def _csv_files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() == ".csv" and not file.name.startswith(".") and file.is_file()
    )


def _group_number(folder: Path) -> int | None:
    """Place among the groups of NVIDIA's SynHead, or None for a folder with another name."""
    name = GROUP_SPELLINGS.get(folder.resolve().name)
    return None if name is None else GROUPS.index(name)


def _group_order(folder: Path) -> tuple[int, str]:
    group = _group_number(folder)
    return (len(GROUPS) if group is None else group, folder.name)

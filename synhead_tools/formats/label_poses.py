"""Poses of any label file or dataset that can be opened, with tracks and frames where it knows them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.file_hash import sha256_of_file
from synhead_tools.formats.manifest import manifest_path
from synhead_tools.formats.open import needs_convention, open_any
from synhead_tools.formats.sample import SampleSource, check_rotations
from synhead_tools.geometry.equal_rows import group_equal_rows
from synhead_tools.geometry.poses import NO_TRACK, POSES_LIMIT, Poses, check_pose_count

LARGEST_NUMBER = np.iinfo(np.int32).max
RUNS_LIMIT = 1000
TRACK_COLUMNS = ("sequence", "track_id")
"""What says to which sequence a frame belongs, the first one that is there."""


def read_label_poses(
    path: str | os.PathLike, sequences: str | None = None, convention: str | None = None, thin: bool = False
) -> Poses:
    """Rotations of a label file or dataset, in its order.

    ``track_id`` is its ``sequence`` or, without one, its own ``track_id``, and -1 where it knows neither;
    ``frame_id`` is its own or the row. Samples that repeat track, frame and rotation of an earlier one (a dataset has
    them for each head) are taken once.

    Parameters
    ----------
    path : path
        What `synhead_tools.formats.open.open_any` opens.
    sequences : str, optional
        Which of the tracks to take, as `parse_numbers` reads it; all if left out.
    convention : str, optional
        Euler convention of a file that does not say its own; not used for others.
    thin : bool
        Of more samples than may be drawn, take as many evenly spread ones.

    Returns
    -------
    Poses
        Its source has ``target_poses``, which says whose true rotations they are: everything but rendered data may
        be somebody's target. Rendered datasets hand on what their manifest says.

    Raises
    ------
    LabelFormatError
        It cannot be opened, has no rotations, or not the `sequences`.
    ShardError
        A row is no rotation.
    ConventionError
        More than `synhead_tools.geometry.poses.POSES_LIMIT` samples.
    """
    path = Path(path)
    if sequences is not None:
        parse_numbers(sequences)  # before anything is read
    source = open_any(path, convention=convention if convention and needs_convention(path) else None)
    if "rotmat" not in source.columns:
        raise LabelFormatError(f"{path} has no rotations; it has {', '.join(source.columns)}")
    rows = rows_of_sequences(source, sequences, path)
    track_name = next((name for name in TRACK_COLUMNS if name in source.columns), None)
    if thin and len(rows) > POSES_LIMIT:
        rows = rows[np.linspace(0, len(rows) - 1, POSES_LIMIT).round().astype(np.int64)]
    check_pose_count(len(rows), f"{path}", "choose some with --sequences, or draw like them with --like")
    rotmats = np.asarray(source.read("rotmat", rows), float)
    check_rotations({"rotmat": rotmats}, str(path))
    tracks = source.read(track_name, rows) if track_name else np.full(len(rows), NO_TRACK)
    frames = source.read("frame_id", rows) if "frame_id" in source.columns else rows
    keep = _first_of_each(tracks, frames, rotmats)
    record = _record(source, path, sequences, len(rows), len(keep))
    if isinstance(source, Dataset):
        source.close()
    return Poses(rotmats[keep], np.asarray(tracks)[keep], np.asarray(frames)[keep], (record,))


def rows_of_sequences(source: SampleSource, sequences: str | None, where: str | os.PathLike) -> np.ndarray:
    """Rows, ascending, of the sequences (or tracks) named as in ``1,3-5``; all rows for None.

    Raises
    ------
    LabelFormatError
        It is no such list, or the source, called `where` in messages, has not these sequences.
    """
    if sequences is None:
        return np.arange(len(source))
    track_name = next((name for name in TRACK_COLUMNS if name in source.columns), None)
    return _rows_of_tracks(source, track_name, parse_numbers(sequences), where)


def parse_numbers(text: str) -> list[tuple[int, int]]:
    """Runs of whole numbers, first and last, of a list such as ``"1,3-5"``.

    Raises
    ------
    LabelFormatError
        It is no such list, or a run ends before it begins.
    """
    runs = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last <= LARGEST_NUMBER or len(runs) >= RUNS_LIMIT:
            raise LabelFormatError(f"cannot read the sequences {text[:60]!r}; write numbers and runs, as in 1,3-5")
        runs.append((first, last))
    return runs


def _rows_of_tracks(
    source: SampleSource, track_name: str | None, wanted: list[tuple[int, int]], path: str | os.PathLike
) -> np.ndarray:
    tracks = source.read(track_name) if track_name else np.zeros(0, int)
    present = np.unique(tracks[tracks != NO_TRACK])
    if not len(present):
        raise LabelFormatError(f"{path} knows no sequences; leave out --sequences")
    chosen = np.zeros(len(tracks), bool)
    for first, last in wanted:
        inside = (tracks >= first) & (tracks <= last)
        if not inside.any():
            run = f"{first}" if first == last else f"{first}-{last}"
            raise LabelFormatError(f"{path} has no sequence {run}; it has {_listed(present)}")
        chosen |= inside
    return np.flatnonzero(chosen)


def _listed(numbers: np.ndarray) -> str:
    """Ascending numbers as runs: 1-12, 14."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    texts = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(texts[:20]) + (", ..." if len(texts) > 20 else "")


def _first_of_each(tracks: np.ndarray, frames: np.ndarray, rotmats: np.ndarray) -> np.ndarray:
    """Rows, ascending, without those that repeat an earlier one."""
    return group_equal_rows(np.column_stack([tracks, frames, rotmats.reshape(-1, 9)]).astype(float)).first


def _record(source: SampleSource, path: Path, sequences: str | None, rows: int, kept: int) -> dict[str, Any]:
    told = source.describe()
    record = {"kind": "labels", "file": path.resolve().name, **_digest(source, path)}
    record |= {name: told.get(name) for name in ("dataset", "subset", "convention", "calibrated")}
    record |= {"sequences": sequences, "rows": rows, "poses": kept}
    target = _target_poses(source)
    return record | ({"target_poses": target} if target else {})


def _digest(source: SampleSource, path: Path) -> dict[str, str]:
    """SHA-256 of the file, of a dataset's manifest, or of all rotations where there are many files."""
    if isinstance(source, Dataset):
        return {"manifest_sha256": sha256_of_file(manifest_path(path))}
    if path.is_file():
        return {"sha256": sha256_of_file(path)}
    return {"rotmats_sha256": hashlib.sha256(np.ascontiguousarray(source.read("rotmat"), "<f8").tobytes()).hexdigest()}


def _target_poses(source: SampleSource) -> str | None:
    if isinstance(source, Dataset):
        manifest = source.manifest
        return (manifest.target_poses or "not recorded") if manifest.target_labels_used else None
    return f"{source.describe().get('dataset')}: ground truth"

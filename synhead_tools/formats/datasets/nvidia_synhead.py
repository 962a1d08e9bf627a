"""NVIDIA's SynHead as distributed (``synhead2_release``): ten heads rendered along 70 motion tracks.

    GROUP/NN.csv              one track: pitch,yaw,roll in degrees, no header, one row per frame
    GROUP/HEAD/NN/*.png       its frames with one head, in order of their numbers, 400 x 400 px
    background/*.jpg          pictures to put behind the heads; not read

Groups are BIWI (tracks 00 to 23), breitenstein, kinect and softkinetic, heads f01 to f05 and m01 to m05. NVIDIA gives
no description; this is what Christopher Angelini's loader (``dataset.py``, ``sequencer.py``) reads. It takes pictures
without their alpha and pastes the head where channel 2, which then is red, is above zero. Where the files have alpha it
is used here instead.

In which order the angles were composed is not published either; see `synhead_tools.geometry.conventions.synhead`.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.label_columns import PICTURE_BYTES_LIMIT, PictureFiles, load_picture
from synhead_tools.formats.datasets.nvidia_synhead_clips import Clip, find_clips, is_synhead, missing_parts
from synhead_tools.formats.row_blocks import row_numbers
from synhead_tools.formats.tracks import read_track_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.input_files import read_input


class NvidiaSynhead(PictureFiles):
    """Every frame on the disk, in order of group, head, track and frame.

    Columns: ``image`` (over black, colour premultiplied by alpha), ``alpha`` if the first picture has it, ``rotmat``,
    ``quat_xyzw``, ``euler_deg`` (convention synhead: pitch, yaw, roll), ``head_id``, ``track_id`` (NN and
    100 for breitenstein, 200 for kinect, 300 for softkinetic), ``frame_id`` (the number in the picture's name) and
    ``target_id`` (``GROUP/HEAD/NN/NAME``). There are no face boxes. Groups, heads or tracks may be missing.

    Parameters
    ----------
    root : path
        Folder with the groups, or one group.
    labels : None
        For the sake of the common signature; must be None.

    Attributes
    ----------
    clips : list of Clip
        What was found.

    Raises
    ------
    LabelFormatError
        There are no frames, the poses of a track are missing or malformed, or a clip has another number of frames than
        its track has rows; names the track. Or two frames of a clip have one number.
    """

    def __init__(self, root: str | os.PathLike, labels: None = None) -> None:
        root = Path(root)
        if labels is not None:
            raise LabelFormatError(f"{root} has one CSV file per track; leave out {labels}")
        self.clips = find_clips(root)
        if not self.clips:
            raise LabelFormatError(f"{root}: no GROUP/HEAD/NN/*.png found; give the folder with BIWI, kinect, ...")
        columns = _columns(self.clips, _poses_deg(self.clips))
        super().__init__(root, columns, [clip.folder / name for clip in self.clips for name in clip.names])
        self._has_alpha = _has_alpha(self._files[0])

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder with NN.csv beside HEAD/NN, or with such a folder called BIWI, kinect, ..."""
        return is_synhead(path)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in schema order."""
        image, *labels = super().columns
        return (image, "alpha", *labels) if self._has_alpha else (image, *labels)

    def read(self, name: str, rows: Any = None) -> np.ndarray:
        """Return column `name` of the samples `rows`: all when None, else integers in any order, repeats allowed.

        Pictures without transparency among others that have it count as covered everywhere.

        Raises
        ------
        LabelFormatError
            A picture is missing, damaged, or not of the size of all; names it.
        ShardError
            No such column or row.
        """
        if not self._has_alpha or name not in ("image", "alpha"):
            return super().read(name, rows)
        size = self._size or load_picture(self._files[0]).shape[:2]
        self._size = size
        rows = row_numbers(rows, len(self), str(self.path))
        out = np.empty((len(rows), *size, 3) if name == "image" else (len(rows), *size), np.uint8)
        for place, row in zip(out, rows, strict=True):
            picture = load_picture(self._files[row], "RGBA")
            if picture.shape[:2] != size:
                height, width = picture.shape[:2]
                raise LabelFormatError(f"{self._files[row]} is {width} x {height} px; expected {size[1]} x {size[0]}")
            place[:] = _premultiplied(picture) if name == "image" else picture[..., 3]
        return out

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {
            "dataset": "SynHead (NVIDIA)",
            "subset": f"{self._subset()}; {len(self)} frames",
            "convention": "synhead",
            "calibrated": None,  # nobody says which camera drew the pictures
            "crop": "whole picture",
            "frames": len(self),
            "target_labels_used": False,
        }

    def problems(self) -> list[str]:
        """One line for each group, head and track that is missing, and for gaps in the numbers of frames."""
        return missing_parts(self.path, self.clips)

    def _subset(self) -> str:
        parts = []
        for group in dict.fromkeys(clip.group for clip in self.clips):
            heads = {clip.head for clip in self.clips if clip.group == group}
            tracks = {clip.track for clip in self.clips if clip.group == group}
            parts.append(f"{group} ({len(tracks)} tracks, {len(heads)} heads)")
        return ", ".join(parts)


def _poses_deg(clips: list[Clip]) -> list[np.ndarray]:
    """Pitch, yaw, roll (n_frames, 3) of each clip; clips of one track share them."""
    read: dict[Path, np.ndarray] = {}
    for clip in clips:
        path = clip.csv_path
        if not path.is_file():
            raise LabelFormatError(f"{path} is missing; it has the poses of {clip.name}")
        if path not in read:
            read[path] = read_track_deg(path)
        if len(read[path]) != len(clip.names):
            counts = f"{len(clip.names)} pictures, but {path} has {len(read[path])} rows"
            raise LabelFormatError(f"{clip.folder} has {counts}; restore what is missing")
    return [read[clip.csv_path] for clip in clips]


def _columns(clips: list[Clip], poses_deg: list[np.ndarray]) -> dict[str, np.ndarray]:
    euler_deg = np.concatenate(poses_deg)
    rotmat = rotmat_from_euler(euler_deg, "synhead")
    sizes = [len(clip.names) for clip in clips]
    names = [f"{clip.name}/{name}" for clip in clips for name in clip.names]
    return {
        "rotmat": rotmat,
        "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
        "euler_deg": euler_deg,
        "head_id": np.repeat(np.array([clip.head.encode() for clip in clips], "S16"), sizes),
        "track_id": np.repeat(np.array([clip.track_id for clip in clips], "i4"), sizes),
        "frame_id": np.array([number for clip in clips for number in clip.numbers], "i4"),
        "target_id": np.array([os.fsencode(name)[-64:] for name in names], "S64"),
    }


def _has_alpha(path: Path) -> bool:
    from PIL import Image

    load_picture(path)  # says what is wrong with a damaged one
    data = read_input(path, PICTURE_BYTES_LIMIT, LabelFormatError, "restore the picture")
    with Image.open(io.BytesIO(data)) as picture:
        return picture.has_transparency_data


def _premultiplied(picture_rgba: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) over black of a picture (H, W, 4) whose colours are not multiplied by alpha, as in PNG."""
    colour, alpha = picture_rgba[..., :3].astype(np.uint16), picture_rgba[..., 3:]
    return ((colour * alpha + 127) // 255).astype(np.uint8)

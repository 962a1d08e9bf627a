"""The layout of NVIDIA's SynHead: ``GROUP/HEAD/NN/NNNNN.png`` and ``GROUP/NN.csv``.

A row of a CSV file, without a header, is ``pitch,yaw,roll`` of a frame in degrees, convention ``synhead``, six digits
after the point: what is read back is the rotation to 1e-6 degrees. Frames are in order of the numbers in their names.
Pictures are RGB, PNG, of the size they have (NVIDIA's are 400 x 400 px), over black. See `nvidia_clips` for who gets
which place, and ``export.json`` for what became of heads and tracks.

NVIDIA gives no description of its layout; this is what `synhead_tools.formats.datasets.nvidia_synhead` reads.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.nvidia_synhead_clips import GROUPS
from synhead_tools.formats.exporters.blocks import Progress, blocks, no_progress, require_columns
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.nvidia_clips import Clip, assign_clips
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import euler_from_rotmat

FORMAT = "nvidia-synhead"
CONVENTION = "synhead"
COLUMNS = ("image", "rotmat")
FILES = rf"({'|'.join(GROUPS)})/([fm]0[1-5]/(\d\d/(\d{{5,}}\.png)?)?|\d\d\.csv)?"
DIGITS = 6
"""After the point: 5e-7 degrees per angle."""


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write pictures and CSV files; see the module for where they go.

    Parameters
    ----------
    dataset, out, pictures, overwrite, progress
        As `export_dataset`.

    Raises
    ------
    ExportError
        No image or rotation, more heads or tracks than the layout has places for, or JPEG is asked for.
    OutputExistsError
        As `export_folder`.
    """
    require_columns(dataset, COLUMNS, FORMAT)
    pictures = pictures.settled("png")
    if pictures.format != "png":
        raise ExportError(f"{FORMAT} has PNG pictures only; leave out the picture format")
    rotmats, tracks, clips, names = _places(dataset)
    facts = {"format": FORMAT, "frames": len(dataset), "convention": CONVENTION, **pictures.facts(), "heads_as": names}
    facts["tracks"] = {f"{clip.group_name}/{clip.track_name}": int(tracks[clip.rows[0]]) for clip in clips}
    with export_folder(dataset, out, facts, FILES, overwrite) as folder:
        folders, clip_of, number_of = [], np.empty(len(dataset), np.int32), np.empty(len(dataset), np.int64)
        for index, clip in enumerate(clips):
            folders.append(folder / clip.group_name / clip.head / clip.track_name)
            folders[-1].mkdir(parents=True)
            clip_of[clip.rows], number_of[clip.rows] = index, clip.numbers
        for clip in {clip.track: clip for clip in clips}.values():  # the heads of a track have the same poses
            path = folder / clip.group_name / f"{clip.track_name}.csv"
            path.write_text(_csv_text(rotmats[clip.rows]), encoding="ascii", newline="")
        for row_names, block in blocks(dataset, COLUMNS, pictures, progress):
            for row, image in zip(map(int, row_names), block["image"], strict=True):
                (folders[clip_of[row]] / f"{number_of[row]:05d}.png").write_bytes(pictures.encode(image))
    return facts


def _places(dataset: SampleSource) -> tuple[np.ndarray, np.ndarray, list[Clip], dict[str, str]]:
    """Rotations (n, 3, 3) and track ids (n,) of all samples, their clips, and the names heads get."""
    wanted = ("rotmat", *(name for name in ("head_id", "track_id", "frame_id") if name in dataset.columns))
    parts = [block for _, block in blocks(dataset, wanted, AS_STORED)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in wanted}
    count = len(dataset)
    heads = columns.get("head_id", np.full(count, b"f01", "S16"))
    tracks = columns.get("track_id", np.full(count, -1))
    frames = columns.get("frame_id", np.arange(count))
    return columns["rotmat"], tracks, *assign_clips(heads, tracks, frames, columns["rotmat"])


def _csv_text(rotmats: np.ndarray) -> str:
    """Rows of a track with rotations (n, 3, 3)."""
    angles_deg = np.round(euler_from_rotmat(rotmats, CONVENTION), DIGITS) + 0.0  # no minus zero
    return "".join(
        f"{pitch:.{DIGITS}f},{yaw:.{DIGITS}f},{roll:.{DIGITS}f}\n" for pitch, yaw, roll in angles_deg.tolist()
    )

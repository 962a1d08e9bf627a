"""Where the files of the BIWI Kinect Head Pose Database lie, in every layout it is handed around in.

- As published, and on Hugging Face: ``hpdb/NN/frame_XXXXX_rgb.png``, ``..._pose.txt``, ``..._depth.bin``,
  ``hpdb/NN/rgb.cal``, ``hpdb/NN/depth.cal``, ``hpdb/NN.obj``; ``hpdb`` at times within ``kinect_head_pose_db``.
- Annotations, published apart: ``db_annotations/NN/frame_XXXXX_pose.bin``.
- On Kaggle: the same with ``faces_0`` for ``hpdb``, beside ``db_annotations``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from synhead_tools.errors import LabelFormatError

SEQUENCES = tuple(f"{number:02d}" for number in range(1, 25))
"""Names of the sequences' folders."""

KNOWN_FRAMES = dict(
    zip(
        SEQUENCES,
        (499, 511, 730, 744, 946, 542, 745, 772, 882, 726, 572, 732)
        + (485, 797, 654, 914, 395, 614, 502, 556, 634, 665, 569, 492),
        strict=True,
    )
)
"""Frames of each sequence as published, 15,678 together."""

WITHOUT_POSE_BIN = ("01", 3)
"""The one frame that was published without a ``pose.bin``."""

BASES = ("hpdb", "faces_0", "kinect_head_pose_db/hpdb", "kinect_head_pose_db", ".")
"""Where the sequences' folders may lie under the folder a user names; the first that has some is taken."""

PICTURE, POSE_TXT, POSE_BIN, DEPTH = KINDS = ("rgb.png", "pose.txt", "pose.bin", "depth.bin")

_ANNOTATIONS = "db_annotations"
_FRAME = re.compile(r"frame_(\d{5})_(rgb\.png|pose\.txt|pose\.bin|depth\.bin)")


class SequenceFiles:
    """The files of one sequence.

    Parameters
    ----------
    folder : path
        The sequence's folder, called ``NN``. Files of ``db_annotations/NN`` at most three folders up count as its own.

    Attributes
    ----------
    name : str
        ``"01"`` to ``"24"``.
    folder : Path
    files : dict of str to dict of int to Path
        Kind (one of `KINDS`) to frame number to file, in order of frames.

    Raises
    ------
    LabelFormatError
        A folder cannot be listed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = sequence_name(folder)
        self.files: dict[str, dict[int, Path]] = {kind: {} for kind in KINDS}
        for place in (_annotation_folder(folder, self.name), folder):
            for name in _listed(place) if place is not None else []:
                if match := _FRAME.fullmatch(name):
                    self.files[match[2]][int(match[1])] = place / name
        self.files = {kind: dict(sorted(files.items())) for kind, files in self.files.items()}

    @property
    def poses(self) -> set[int]:
        """Frames with a ``pose.txt`` or a ``pose.bin``."""
        return set(self.files[POSE_TXT]) | set(self.files[POSE_BIN])

    @property
    def mesh(self) -> Path:
        """The subject's mesh, where it should be: beside the folder or in it."""
        inside, beside = (place / f"{self.name}.obj" for place in (self.folder, self.folder.resolve().parent))
        return inside if inside.is_file() else beside

    def frame_name(self, frame: int, kind: str = PICTURE) -> str:
        """``NN/frame_XXXXX_kind``: what Biwi+ and messages call a file."""
        return f"{self.name}/frame_{frame:05d}_{kind}"


def sequence_folders(root: Path) -> list[Path]:
    """Folders of sequences under `root`, in order; `root` itself if it is one. Looks at names only, and is quick."""
    for base in BASES:
        folders = [folder for name in SEQUENCES if (folder := root / base / name).is_dir()]
        if folders:
            return folders
    return [root] if sequence_name(root) in SEQUENCES else []


def sequence_name(folder: Path) -> str:
    """Name of a folder, also if it was given as ``.`` or by a link of another name."""
    return folder.name if folder.name in SEQUENCES else folder.resolve().name


def first_and_rest(names: list[str]) -> str:
    """The first of `names`, and how many more there are."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _annotation_folder(folder: Path, name: str) -> Path | None:
    places = list(folder.resolve().parents)[:3]
    return next((found for place in places if (found := place / _ANNOTATIONS / name).is_dir()), None)


def _listed(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError as error:
        raise LabelFormatError(f"{folder} cannot be listed ({error.strerror or error}); mend its rights") from None

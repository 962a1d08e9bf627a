"""Colour pictures of the BIWI Kinect Head Pose Database, joined with the labels and boxes of a Biwi+ file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_plus import PICTURE_SIZE, BiwiPlusLabels
from synhead_tools.formats.datasets.label_columns import PictureFiles

_SEQUENCE = re.compile(r"\d\d")
_FRAME_PATTERN = "frame_*_rgb.png"


class BiwiFrames(PictureFiles):
    """Every frame that is both on the disk and in the label file, in order of sequence and frame.

    Columns: those of `BiwiPlusLabels` and ``image`` (480 x 640 RGB, the whole picture, read when asked for).

    Parameters
    ----------
    root : path
        Folder with ``hpdb/NN/frame_XXXXX_rgb.png``, with ``NN/frame_...``, or one ``NN`` itself.
    labels : path or BiwiPlusLabels
        A Biwi+ ``.npz`` file. With the full file every picture must be listed; the files of other protocols leave
        frames out on purpose, and so does this reader then.

    Attributes
    ----------
    label_source : BiwiPlusLabels
        Where the labels come from.

    Raises
    ------
    LabelFormatError
        No pictures, no labels, or a picture without a label; names it.
    """

    def __init__(self, root: str | os.PathLike, labels: str | os.PathLike | BiwiPlusLabels | None = None) -> None:
        root = Path(root)
        if labels is None:
            raise LabelFormatError(f"{root} holds BIWI pictures without labels; give a Biwi+ .npz file as labels")
        source = labels if isinstance(labels, BiwiPlusLabels) else BiwiPlusLabels(labels)
        found = find_frames(root)
        if not found:
            raise LabelFormatError(f"{root}: no NN/frame_XXXXX_rgb.png found; give the folder that holds hpdb")
        rows = {name: source.row_of(name) for name in found}
        unlabelled = [name for name, row in rows.items() if row is None]
        if unlabelled and (source.protocol == "Biwi+" or len(unlabelled) == len(found)):
            listed = f"{unlabelled[0]} and {len(unlabelled) - 1} more" if len(unlabelled) > 1 else unlabelled[0]
            raise LabelFormatError(f"{root}: no label for {listed} in {source.path}; give the matching file")
        names = [name for name in found if rows[name] is not None]
        labels_of_names = source.labels(np.array([rows[name] for name in names]))
        super().__init__(root, labels_of_names, [found[name] for name in names], PICTURE_SIZE)
        self.label_source = source

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder with BIWI's colour pictures in it."""
        return path.is_dir() and any(next(folder.glob(_FRAME_PATTERN), None) for folder in _sequence_folders(path))

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {**self.label_source.describe(), "subset": self._subset(), "frames": len(self)}

    def _subset(self) -> str:
        sequences, frames = self.read("sequence"), self.read("frame_id")
        listed = self.label_source.read("sequence")
        present = np.unique(sequences)
        of = int(np.isin(listed, present).sum())
        if len(present) > 1:
            return f"{len(present)} sequences, {len(self)} of {of} frames"
        return f"sequence {present[0]:02d}, frames {frames.min()}-{frames.max()} ({len(self)} of {of})"


def find_frames(root: Path) -> dict[str, Path]:
    """Colour pictures under `root`, from ``NN/frame_XXXXX_rgb.png`` to their paths, sorted by name."""
    files = {
        f"{folder.resolve().name}/{file.name}": file
        for folder in _sequence_folders(Path(root))
        for file in folder.glob(_FRAME_PATTERN)
    }
    return dict(sorted(files.items()))


def _sequence_folders(root: Path) -> list[Path]:
    if _SEQUENCE.fullmatch(root.resolve().name):
        return [root]
    base = root / "hpdb" if (root / "hpdb").is_dir() else root
    return sorted(folder for folder in base.iterdir() if _SEQUENCE.fullmatch(folder.name) and folder.is_dir())

"""The BIWI Kinect Head Pose Database: pictures with the labels of its own pose files, or of a Biwi+ file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_calibration import Calibration, read_calibration
from synhead_tools.formats.datasets.biwi_depth import read_depth_bin
from synhead_tools.formats.datasets.biwi_layout import (
    DEPTH,
    KNOWN_FRAMES,
    PICTURE,
    SequenceFiles,
    first_and_rest,
    sequence_folders,
)
from synhead_tools.formats.datasets.biwi_mesh import read_subject_mesh
from synhead_tools.formats.datasets.biwi_plus import PICTURE_SIZE, BiwiPlusLabels
from synhead_tools.formats.datasets.biwi_poses import columns_from_poses
from synhead_tools.formats.datasets.biwi_problems import find_problems
from synhead_tools.formats.datasets.label_columns import PictureFiles
from synhead_tools.formats.row_blocks import row_numbers

CAMERAS = ("rgb", "depth")


class BiwiFrames(PictureFiles):
    """Every labelled frame on the disk, in order of sequence and frame.

    With a Biwi+ file as `labels`, the columns are those of `BiwiPlusLabels` and ``image`` (480 x 640 RGB, the whole
    picture, read when asked for). Without, they come from ``pose.txt``, or from ``pose.bin`` where there is no
    ``pose.txt``, and from ``rgb.cal``:

    - ``rotmat``, ``quat_xyzw``, ``euler_deg`` (convention biwi+): of the colour camera, R_ext R, or, if not
      `calibrated`, of the depth camera, R. Biwi+ publishes the same labels, calibrated and not.
    - ``translation_m``: R_ext t + T, BIWI's head centre in the colour camera, also if not `calibrated`. It is not the
      midpoint of the eyes, but about 34 mm below and 16 mm behind it
      (see `synhead_tools.formats.datasets.biwi_pose_files`).
    - ``intrinsics`` of ``rgb.cal``, its numbers taken as they are; ``target_id``, ``sequence`` and ``frame_id``.
    - ``face_box_xyxy``: a square about the projected head centre. BIWI has no boxes and nothing was detected: this one
      knows the labels, and does for a look at the data, not for a score. On the seven frames of which both were known,
      its intersection over union with the Biwi+ box was 0.89 on average, 0.80 at least.

    Parameters
    ----------
    root : path
        Folder with ``hpdb/NN/frame_XXXXX_rgb.png``, ``faces_0/NN/...`` or ``NN/...``, or one ``NN`` itself; see
        `synhead_tools.formats.datasets.biwi_layout`.
    labels : path or BiwiPlusLabels, optional
        A Biwi+ ``.npz`` file. With the full file every picture must be listed; the files of other protocols leave
        frames out on purpose, and so does this reader then.
    calibrated : bool
        Whether rotations of pose files are taken to the colour camera. A Biwi+ file says itself what its are.

    Attributes
    ----------
    label_source : BiwiPlusLabels or None
        Where the labels come from; None for the pose files.
    calibrated : bool
        Whether rotations are of the colour camera.

    Raises
    ------
    LabelFormatError
        No pictures, no labels, a picture without a label, or a sequence without pictures or ``rgb.cal``; names the
        first and counts the rest.
    """

    def __init__(
        self,
        root: str | os.PathLike,
        labels: str | os.PathLike | BiwiPlusLabels | None = None,
        calibrated: bool = True,
    ) -> None:
        root = Path(root)
        self._sequences = {sequence.name: sequence for sequence in map(SequenceFiles, sequence_folders(root))}
        pictures = _pictures(self._sequences.values())
        if not pictures:
            raise LabelFormatError(f"{root}: no NN/frame_XXXXX_rgb.png found; give the folder that holds hpdb")
        if labels is None:
            self.label_source, self.calibrated = None, bool(calibrated)
            columns = columns_from_poses(root, list(self._sequences.values()), self.calibrated)
        else:
            self.label_source = labels if isinstance(labels, BiwiPlusLabels) else BiwiPlusLabels(labels)
            self.calibrated = self.label_source.calibrated
            if self.calibrated and not calibrated:
                raise LabelFormatError(f"{self.label_source.path} holds calibrated labels; give the file without")
            columns = _columns_of(self.label_source, pictures, root)
        files = [pictures[name.decode()] for name in columns["target_id"].tolist()]
        super().__init__(root, columns, files, PICTURE_SIZE)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder with BIWI's colour pictures in it."""
        return path.is_dir() and any(next(folder.glob("frame_*_rgb.png"), None) for folder in sequence_folders(path))

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        if self.label_source is not None:
            return {**self.label_source.describe(), "subset": self._subset(), "frames": len(self)}
        return {
            "dataset": "BIWI",
            "subset": self._subset(),
            "convention": "biwi+",
            "calibrated": self.calibrated,
            "crop": "square about the head centre of the label, projected, not detected",
            "frames": len(self),
            "target_labels_used": False,
        }

    def problems(self) -> list[str]:
        """List what is missing from this copy of the database, or contradicts itself in it; one line each."""
        return find_problems(list(self._sequences.values()))

    def depth_mm(self, row: int) -> np.ndarray:
        """Depth image of the sample `row`: (480, 640) uint16 millimetres, 0 where nothing was measured.

        It is of the depth camera, ``calibration(sequence, "depth")``, not of the picture's.

        Raises
        ------
        LabelFormatError
            The file is missing or damaged.
        ShardError
            No such row.
        """
        row = int(row_numbers(np.array([row]), len(self), str(self.path))[0])
        picture = self._files[row]
        return read_depth_bin(picture.with_name(picture.name.removesuffix(PICTURE) + DEPTH))

    def subject_mesh(self, sequence: int) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) in metres about the head centre, head frame axes, and faces (F, 3) of a sequence's subject.

        Raises
        ------
        LabelFormatError
            No such sequence, or ``NN.obj`` is missing or damaged.
        """
        return read_subject_mesh(self._sequence(sequence).mesh)

    def calibration(self, sequence: int, camera: str = "rgb") -> Calibration:
        """Calibration of the colour camera (``"rgb"``) or the depth camera (``"depth"``) of a sequence.

        Raises
        ------
        LabelFormatError
            No such sequence or camera, or the file is missing or damaged.
        """
        if camera not in CAMERAS:
            raise LabelFormatError(f"{self.path}: no camera {camera!r}; there are {', '.join(CAMERAS)}")
        return read_calibration(self._sequence(sequence).folder / f"{camera}.cal")

    def _sequence(self, number: int) -> SequenceFiles:
        name = f"{number:02d}"
        if name not in self._sequences:
            raise LabelFormatError(f"{self.path}: no sequence {name}; there are {', '.join(self._sequences)}")
        return self._sequences[name]

    def _subset(self) -> str:
        sequences, frames = self.read("sequence"), self.read("frame_id")
        present = np.unique(sequences)
        if self.label_source is not None:
            of = int(np.isin(self.label_source.read("sequence"), present).sum())
        else:
            of = sum(KNOWN_FRAMES[f"{number:02d}"] for number in present.tolist())
        if len(present) > 1:
            return f"{len(present)} sequences, {len(self)} of {of} frames"
        return f"sequence {present[0]:02d}, frames {frames.min()}-{frames.max()} ({len(self)} of {of})"


def find_frames(root: Path) -> dict[str, Path]:
    """Colour pictures under `root`, from ``NN/frame_XXXXX_rgb.png`` to their paths, sorted by name."""
    return _pictures(map(SequenceFiles, sequence_folders(Path(root))))


def _pictures(sequences: Any) -> dict[str, Path]:
    return {
        sequence.frame_name(frame): file for sequence in sequences for frame, file in sequence.files[PICTURE].items()
    }


def _columns_of(source: BiwiPlusLabels, pictures: dict[str, Path], root: Path) -> dict[str, np.ndarray]:
    rows = {name: source.row_of(name) for name in pictures}
    unlabelled = [name for name, row in rows.items() if row is None]
    if unlabelled and (source.protocol == "Biwi+" or len(unlabelled) == len(pictures)):
        listed = first_and_rest(unlabelled)
        raise LabelFormatError(f"{root}: no label for {listed} in {source.path}; give the matching file")
    return source.labels(np.array([row for row in rows.values() if row is not None]))

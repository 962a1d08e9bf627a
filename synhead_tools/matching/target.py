"""The poses to come near to: a target's labels, or what somebody predicted for its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_pairs import join_rows
from synhead_tools.formats.label_poses import rows_of_sequences
from synhead_tools.formats.sample import SampleSource
from synhead_tools.matching.pose_frames import read_rotations, rotations_in_frame


@dataclass(frozen=True, eq=False)
class MatchTarget:
    """Poses to be matched.

    Attributes
    ----------
    rotmat : array, shape (m, 3, 3)
        Rotations in the frame in which they are compared.
    rotmat_camera : array, shape (m, 3, 3)
        The same, R_head_to_camera.
    target_id : bytes array, shape (m,)
        Names of the frames.
    facts : dict
        What the target says of itself.
    poses : str
        Whose poses they are, for manifests.
    labels_used : bool
        Whether they are the target's labels.
    without_pose : tuple of str
        Frames of the target for which nothing was predicted.
    source : SampleSource
        What was read, so that nobody overwrites it.
    """

    rotmat: np.ndarray
    rotmat_camera: np.ndarray
    target_id: np.ndarray
    facts: dict[str, Any]
    poses: str
    labels_used: bool
    without_pose: tuple[str, ...]
    source: SampleSource

    def __len__(self) -> int:
        return len(self.rotmat)


def read_target(
    target: SampleSource,
    frame: str = "camera",
    sequences: str | None = None,
    predictions: SampleSource | None = None,
    predictions_name: str = "predictions",
) -> MatchTarget:
    """Read the poses of a target.

    Parameters
    ----------
    target : SampleSource
        Has ``rotmat``, which is not read where there are predictions; ``target_id`` names its frames.
    frame : str
        See `synhead_tools.matching.pose_frames`.
    sequences : str, optional
        Which sequences to take, as in ``1,3-5``; all if left out.
    predictions : SampleSource, optional
        Rotations in the camera frame that stand for the target's labels. Frames are joined by ``target_id``; without
        such names on both sides, row by row.
    predictions_name : str
        What manifests call them.

    Raises
    ------
    LabelFormatError
        There are no rotations or sequences; a prediction is of no frame of the target; nothing is left.
    """
    facts = dict(target.describe())
    where = str(facts.get("dataset", "target"))
    rows = rows_of_sequences(target, sequences, where)
    names = frame_names(target)
    if predictions is None:
        camera, rotmat = read_rotations(target, "camera", rows), read_rotations(target, frame, rows)
        return MatchTarget(rotmat, camera, names[rows], facts, f"{where}: ground truth", True, (), target)
    wanted = np.zeros(len(target), bool)
    wanted[rows] = True
    row_of_prediction = _joined(predictions, target, predictions_name, where)
    predicted = np.full(len(target), -1)
    predicted[row_of_prediction] = np.arange(len(predictions))
    rows, missing = np.flatnonzero(wanted & (predicted >= 0)), np.flatnonzero(wanted & (predicted < 0))
    if len(rows) == 0:
        raise LabelFormatError(f"{predictions_name} predicts no frame that is asked for; give predictions of {where}")
    camera = read_rotations(predictions, "camera", predicted[rows])
    rotmat = rotations_in_frame(camera, frame, **_crop_facts(target, frame, rows))
    without = tuple(name.decode("utf-8", "replace") for name in names[missing].tolist())
    return MatchTarget(rotmat, camera, names[rows], facts, f"predicted: {predictions_name}", False, without, target)


def frame_names(target: SampleSource) -> np.ndarray:
    """Names of the frames, S64 (n,): the target's own, else running numbers."""
    if "target_id" in target.columns:
        return np.asarray(target.read("target_id"), "S64")
    return np.array([f"{row:08d}".encode() for row in range(len(target))], "S64")


def _joined(predictions: SampleSource, target: SampleSource, name: str, where: str) -> np.ndarray:
    """Row of the target for each prediction."""
    keys = None
    if "target_id" in predictions.columns and "target_id" in target.columns:
        keys = tuple(
            [each.decode("utf-8", "replace") for each in source.read("target_id").tolist()]
            for source in (predictions, target)
        )
    return join_rows(name, where, (len(predictions), len(target)), keys)


def _crop_facts(target: SampleSource, frame: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What the ray frame needs beside rotations: where the target's face boxes are, which are no labels of poses."""
    if frame == "camera":
        return {}
    missing = [name for name in ("intrinsics", "face_box_xyxy") if name not in target.columns]
    if missing:
        raise LabelFormatError(f"the target has no column {missing[0]!r}, which the {frame} frame needs")
    return {"intrinsics": target.read("intrinsics", rows), "box_xyxy": target.read("face_box_xyxy", rows)}

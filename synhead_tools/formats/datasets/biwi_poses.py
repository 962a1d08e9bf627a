"""Labels of BIWI frames from the database's own pose files and calibration, as Biwi+ makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_calibration import read_calibration
from synhead_tools.formats.datasets.biwi_layout import (
    PICTURE,
    POSE_BIN,
    POSE_TXT,
    WITHOUT_POSE_BIN,
    SequenceFiles,
    first_and_rest,
)
from synhead_tools.formats.datasets.biwi_pose_files import read_pose_bin, read_pose_txt
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat, rotmat_from_quat_xyzw

BOX_SIDE_M = 0.224
"""Side of the projected square at the depth of BIWI's head centre, metres.

The median of the seven Biwi+ boxes whose head centres are known here (sequences 01, 02, 09 and 12; 0.220 to 0.228 m).
All of them are 132 px wide, as three in five Biwi+ boxes are; the detector's next size, 157 px, occurs in the same
sequences. `synhead_tools.geometry.boxes.face_box_xyxy`, which stands for all sequences, overlaps the seven by 0.80 on
average, this square by 0.89.
"""

LOCK_COSINE = 0.1
"""Cosine of the yaw below which rounding to six digits shows in pitch and roll; no frame of BIWI comes near."""


def columns_from_poses(root: Path, sequences: list[SequenceFiles], calibrated: bool) -> dict[str, np.ndarray]:
    """Label columns of every picture of `sequences`, in their order; see `BiwiFrames` for what they mean.

    Parameters
    ----------
    root : path
        Named in messages.
    sequences : list of SequenceFiles
    calibrated : bool
        Whether rotations are of the colour camera or of the depth camera.

    Raises
    ------
    LabelFormatError
        A sequence without pictures or ``rgb.cal``, a picture without pose file, or a damaged file; names the first.
    """
    frames = labelled_frames(root, sequences)
    parts = [_sequence_columns(sequence, frames[sequence.name], calibrated) for sequence in sequences]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rotmat = rotations_of_entries(columns["rotmat"])
    translation_m, intrinsics = columns["translation_m"], columns["intrinsics"]
    return columns | {
        "rotmat": rotmat,
        "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
        "euler_deg": euler_from_rotmat(rotmat, "biwi+"),
        "face_box_xyxy": projected_box_xyxy(translation_m, intrinsics).astype("f4"),
    }


def labelled_frames(root: Path, sequences: list[SequenceFiles]) -> dict[str, list[int]]:
    """Frames of each sequence that have a picture and a pose, by the sequence's name.

    Raises
    ------
    LabelFormatError
        A sequence has no pictures or no ``rgb.cal``, or a picture has no pose file; names the first, counts the rest.
        The one picture that was published without a ``pose.bin`` is passed over where there is no ``pose.txt``.
    """
    without_picture = [sequence.name for sequence in sequences if not sequence.files[PICTURE]]
    if without_picture:
        listed = first_and_rest(without_picture)
        raise LabelFormatError(f"{root}: no frame_XXXXX_rgb.png in sequence {listed}; restore or remove the folder")
    frames, missing = {}, []
    for sequence in sequences:
        poses = sequence.poses
        frames[sequence.name] = [frame for frame in sequence.files[PICTURE] if frame in poses]
        unlabelled = [frame for frame in sequence.files[PICTURE] if frame not in poses]
        if sequence.files[POSE_BIN] and not sequence.files[POSE_TXT]:
            unlabelled = [frame for frame in unlabelled if (sequence.name, frame) != WITHOUT_POSE_BIN]
        missing += [sequence.frame_name(frame) for frame in unlabelled]
    if not any(frames.values()):
        pictures = [sequence.frame_name(frame) for sequence in sequences for frame in sequence.files[PICTURE]]
        raise LabelFormatError(
            f"{root} holds BIWI pictures without labels: neither pose.txt nor pose.bin for {first_and_rest(pictures)}; "
            "restore the pose files, or give a Biwi+ .npz file as labels"
        )
    if missing:
        listed = first_and_rest(missing)
        raise LabelFormatError(f"{root}: neither pose.txt nor pose.bin for {listed}; restore it or drop the picture")
    uncalibrated = [sequence.name for sequence in sequences if not (sequence.folder / "rgb.cal").is_file()]
    if uncalibrated:
        raise LabelFormatError(f"{root}: no rgb.cal in sequence {first_and_rest(uncalibrated)}; restore the file")
    return frames


def rotations_of_entries(matrices: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) whose angles are the ones Biwi+ reads off the entries of matrices of rounded numbers.

    pitch = atan2(R21, R22), yaw = atan2(R20, hypot(R00, R10)), roll = -atan2(R10, R00) reproduces the published labels
    exactly. The nearest rotation in the usual sense, of which nothing is lost either, has angles that differ
    by 1e-5 degrees. Near gimbal lock, where the entries in question are rounding errors, it is taken nevertheless.
    """
    matrices = np.asarray(matrices, float)
    cosine = np.hypot(matrices[:, 0, 0], matrices[:, 1, 0])
    pitch = np.arctan2(matrices[:, 2, 1], matrices[:, 2, 2])
    yaw = np.arctan2(matrices[:, 2, 0], cosine)
    roll = -np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])
    of_entries = rotmat_from_euler(np.degrees(np.stack([pitch, yaw, roll], axis=1)), "biwi+")
    nearest = rotmat_from_quat_xyzw(quat_xyzw_from_rotmat(matrices))
    return np.where((cosine < LOCK_COSINE)[:, None, None], nearest, of_entries)


def projected_box_xyxy(centre_m: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """The square of `BOX_SIDE_M` about the projection of BIWI's head centre.

    Parameters
    ----------
    centre_m : array, shape (..., 3)
        Head centre in the colour camera, metres.
    intrinsics : array, shape (..., 3, 3)

    Returns
    -------
    array, shape (..., 4)
        xyxy in px, not clipped to the picture.
    """
    depth_m = centre_m[..., 2]
    centre_px = (intrinsics @ (centre_m / depth_m[..., None])[..., None])[..., :2, 0]
    half_px = (0.5 * BOX_SIDE_M * intrinsics[..., 0, 0] / depth_m)[..., None]
    return np.concatenate([centre_px - half_px, centre_px + half_px], axis=-1)


def read_pose(sequence: SequenceFiles, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and head centre (3,) in metres in the depth camera: of ``pose.txt``, else of ``pose.bin``."""
    if frame in sequence.files[POSE_TXT]:
        return read_pose_txt(sequence.files[POSE_TXT][frame])
    return read_pose_bin(sequence.files[POSE_BIN][frame])


def _sequence_columns(sequence: SequenceFiles, frames: list[int], calibrated: bool) -> dict[str, np.ndarray]:
    camera = read_calibration(sequence.folder / "rgb.cal")
    poses = [read_pose(sequence, frame) for frame in frames]
    rotmat = np.array([pose[0] for pose in poses]).reshape(-1, 3, 3)
    centre_m = np.array([pose[1] for pose in poses]).reshape(-1, 3)
    return {
        "rotmat": camera.rotmat @ rotmat if calibrated else rotmat,
        "translation_m": camera.from_depth_camera(centre_m),
        "intrinsics": np.tile(camera.intrinsics, (len(frames), 1, 1)),
        "target_id": np.array([sequence.frame_name(frame) for frame in frames], "S64"),
        "sequence": np.full(len(frames), int(sequence.name), "i4"),
        "frame_id": np.array(frames, "i4"),
    }

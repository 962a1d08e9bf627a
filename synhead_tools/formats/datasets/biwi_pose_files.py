"""Pose files of the BIWI Kinect Head Pose Database: ``frame_XXXXX_pose.txt`` and ``frame_XXXXX_pose.bin``.

Both hold the head's rotation and centre in the DEPTH camera. The text file has three rows of the matrix, a blank line
and the centre in millimetres; the binary file six float32: the centre in millimetres, then pitch, yaw and roll in
degrees in the convention ``biwi``.

The centre is not the midpoint of the eyes: on the mesh of subject 01 it lies at the height of the tip of the nose,
56 mm behind it, about 34 mm below the eyes and 16 mm behind the centres of the eyeballs.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.matrix_text import Block, check_rotation_rows, read_matrices
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.input_files import read_input

POSE_BIN_BYTES = 24
CENTRE_RANGE_MM = (100.0, 10_000.0)
"""Distance along the optical axis at which a Kinect can see anything, with room to spare."""

_BLOCKS = (Block("rotation", 3, 3), Block("head centre", 1, 3))
_ADVICE = "expected 3 rows of a rotation and the head centre in mm; restore the file or drop the frame"


def read_pose_txt(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read a ``pose.txt``.

    A transposed matrix is a rotation, too, and cannot be told from one file; comparison with ``pose.bin`` tells it
    (`synhead_tools.formats.datasets.biwi_problems`).

    Parameters
    ----------
    path : path
        Blank lines, Windows line ends and a byte order mark do no harm.

    Returns
    -------
    rotmat : array, shape (3, 3)
        R_head_to_camera of the depth camera, as written: a rotation up to the rounding of the text (six digits).
    centre_m : array, shape (3,)
        Head centre in the depth camera, metres.

    Raises
    ------
    LabelFormatError
        Not four rows of three numbers, no rotation (mirrored, scaled, skewed), or a centre that is not in front of
        the camera in millimetres; names file and line.
    """
    (rotmat, centre_mm), lines = read_matrices(path, _BLOCKS, _ADVICE)
    check_rotation_rows(rotmat, lines[0], path)
    return rotmat, _metres(centre_mm[0], f"{path}: line {lines[1][0]}")


def read_pose_bin(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read a ``pose.bin``.

    Parameters
    ----------
    path : path

    Returns
    -------
    rotmat, centre_m
        As `read_pose_txt`; the rotation is exact, its angles have the seven digits of float32.

    Raises
    ------
    LabelFormatError
        Not 24 bytes, an angle beyond a full turn, or a centre as in `read_pose_txt`; names the file.
    """
    data = read_input(path, 16 * POSE_BIN_BYTES, LabelFormatError, "restore the file or drop the frame")
    if len(data) != POSE_BIN_BYTES:
        raise LabelFormatError(f"{path} has {len(data)} bytes; expected {POSE_BIN_BYTES}, six float32; restore it")
    values = np.frombuffer(data, "<f4").astype(float)
    if not np.isfinite(values).all() or (np.abs(values[3:]) > 360).any():
        shown = ", ".join(f"{value:.6g}" for value in values)
        raise LabelFormatError(f"{path} holds {shown}: not x, y, z in mm and three angles in degrees; drop the frame")
    return rotmat_from_euler(values[3:], "biwi"), _metres(values[:3], str(Path(path)))


def _metres(centre_mm: np.ndarray, where: str) -> np.ndarray:
    nearest, farthest = CENTRE_RANGE_MM
    if not nearest <= centre_mm[2] <= farthest or np.abs(centre_mm[:2]).max() > farthest:
        shown = ", ".join(f"{value:.6g}" for value in centre_mm)
        raise LabelFormatError(
            f"{where}: head centre {shown} is not {nearest:.0f} to {farthest:.0f} mm in front of the camera; "
            "give millimetres, x right, y down, z forward, or drop the frame"
        )
    return centre_mm / 1000.0

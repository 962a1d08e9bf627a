"""Calibration files of the BIWI Kinect Head Pose Database: ``rgb.cal`` and ``depth.cal`` of a sequence."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.matrix_text import Block, check_rotation_rows, read_matrices

LARGEST_SIDE_PX = 100_000

_BLOCKS = (
    Block("camera matrix", 3, 3),
    Block("lens distortion", 1, 4),
    Block("rotation", 3, 3),
    Block("translation in mm", 1, 3),
    Block("picture's width and height", 1, 2),
)
_ADVICE = "restore the calibration file of the sequence"


@dataclass(frozen=True)
class Calibration:
    """A camera of BIWI, and where it stands beside the depth camera.

    Attributes
    ----------
    intrinsics : array, shape (3, 3)
        Camera matrix in px. The file does not say where coordinates start; see
        `synhead_tools.formats.datasets.biwi_plus.BIWI_INTRINSICS`.
    distortion : array, shape (4,)
        Lens distortion; 0 in the published files.
    rotmat : array, shape (3, 3)
        R_ext of x_this = R_ext x_depth + T, as written (six digits): the identity for the depth camera itself.
    translation_m : array, shape (3,)
        T, metres.
    size : tuple of 2 int
        Height and width of the pictures, px.
    """

    intrinsics: np.ndarray
    distortion: np.ndarray
    rotmat: np.ndarray
    translation_m: np.ndarray
    size: tuple[int, int]

    def from_depth_camera(self, points_m: np.ndarray) -> np.ndarray:
        """Points (..., 3) in the depth camera's frame, in this camera's frame; metres."""
        return np.asarray(points_m, float) @ self.rotmat.T + self.translation_m


def read_calibration(path: str | os.PathLike) -> Calibration:
    """Read ``rgb.cal`` or ``depth.cal``.

    Parameters
    ----------
    path : path
        Camera matrix (3 rows), four distortion coefficients, rotation (3 rows), translation in mm, width and height,
        with blank lines between them.

    Raises
    ------
    LabelFormatError
        The file is missing or not of this form, its camera matrix or its rotation is none; names file and line.
    """
    (intrinsics, distortion, rotmat, translation_mm, size), lines = read_matrices(path, _BLOCKS, _ADVICE)
    focal_px = intrinsics[[0, 1], [0, 1]]
    if intrinsics[1, 0] != 0 or (intrinsics[2] != (0, 0, 1)).any() or not (focal_px > 0).all():
        raise LabelFormatError(
            f"{path}: lines {lines[0][0]} to {lines[0][2]}: not a camera matrix (f s cx, 0 f cy, 0 0 1); {_ADVICE}"
        )
    check_rotation_rows(rotmat, lines[2], path)
    width, height = size[0]
    if not all(0 < side <= LARGEST_SIDE_PX and side == int(side) for side in (width, height)):
        raise LabelFormatError(f"{path}: line {lines[4][0]}: {width:g} x {height:g} is no picture size; {_ADVICE}")
    return Calibration(intrinsics, distortion[0], rotmat, translation_mm[0] / 1000.0, (int(height), int(width)))

"""Motion tracks: one head rotation per frame, as in NVIDIA's SynHead (rows of ``pitch,yaw,roll``, no header)."""

from __future__ import annotations

import os

import numpy as np

from synhead_tools.formats.pose_csv import read_pose_csv
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles


def read_track_deg(path: str | os.PathLike) -> np.ndarray:
    """Angles of a track file as they stand there: pitch, yaw, roll in degrees, shape (n_frames, 3).

    The file has no header and three columns, or a header that names ``pitch``, ``yaw`` and ``roll``.

    Raises
    ------
    LabelFormatError
        Names the row and column that cannot be read.
    """
    return read_pose_csv(path).angles_deg


def read_track(path: str | os.PathLike, convention: str | EulerConvention) -> np.ndarray:
    """Rotations R_head_to_camera of a track file, shape (n_frames, 3, 3).

    Parameters
    ----------
    path : path
        As `read_track_deg`.
    convention : str or EulerConvention
        What pitch, yaw and roll of the file mean. A file does not say it: NVIDIA's are in ``"synhead"``.

    Raises
    ------
    LabelFormatError
        Names the row and column that cannot be read.
    """
    angles_deg = read_track_deg(path)
    return rotmat_from_euler(triples_of_angles(angles_deg, convention), convention)

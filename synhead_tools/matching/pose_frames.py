"""Which rotation of a frame is compared: the one in the camera frame, or the one that its face crop shows.

A head off the optical axis is seen along the ray through its box, so that its crop shows R_ray = R_u^T R (see
`synhead_tools.geometry.rays`). Over Biwi+ the two differ by 6.75 degrees on average, and by up to 17. The published
SynBiwi+ was matched by labels, which are R: that is ``camera``. ``ray`` matches what an estimator of crops gets to see;
its source frames are then like their targets in the crop, while their labels R are not.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.rays import ray_rotation, to_ray_frame

POSE_FRAMES = ("camera", "ray")


def rotations_in_frame(
    rotmat: np.ndarray,
    frame: str = "camera",
    intrinsics: np.ndarray | None = None,
    box_xyxy: np.ndarray | None = None,
) -> np.ndarray:
    """Rotations as they are compared.

    Parameters
    ----------
    rotmat : array-like, shape (n, 3, 3)
        R_head_to_camera.
    frame : str
        One of `POSE_FRAMES`.
    intrinsics : array-like, shape (3, 3) or (n, 3, 3)
        For ``ray``: camera matrices.
    box_xyxy : array-like, shape (n, 4)
        For ``ray``: face boxes, pixels; the ray goes through their centres, as that of a training crop does.

    Returns
    -------
    array, shape (n, 3, 3)

    Raises
    ------
    LabelFormatError
        The frame is unknown, or what it needs is missing.
    """
    if frame not in POSE_FRAMES:
        raise LabelFormatError(f"{frame!r} is no frame of poses; known: {', '.join(POSE_FRAMES)}")
    if frame == "camera":
        return np.asarray(rotmat, float)
    if intrinsics is None or box_xyxy is None:
        raise LabelFormatError("rotations in the ray frame need intrinsics and face boxes; match in the camera frame")
    box_xyxy = np.asarray(box_xyxy, float)
    centre_px = (box_xyxy[..., :2] + box_xyxy[..., 2:]) / 2.0
    return to_ray_frame(rotmat, ray_rotation(centre_px, intrinsics))


def read_rotations(source: SampleSource, frame: str = "camera", rows: np.ndarray | None = None) -> np.ndarray:
    """Rotations (n, 3, 3) of a dataset's samples, or of some rows of it, as they are compared.

    Raises
    ------
    LabelFormatError
        The dataset lacks a column that `frame` needs.
    """
    needed = {"camera": ("rotmat",), "ray": ("rotmat", "intrinsics", "face_box_xyxy")}.get(frame, ())
    missing = [name for name in needed if name not in source.columns]
    if missing:
        name = dict(source.describe()).get("dataset", "the dataset")
        raise LabelFormatError(f"{name} has no column {missing[0]!r}, which matching in the {frame} frame needs")
    columns = {name: source.read(name) if rows is None else source.read(name, rows) for name in needed}
    return rotations_in_frame(columns.get("rotmat"), frame, columns.get("intrinsics"), columns.get("face_box_xyxy"))

"""A picture with faces, as the detector's training and scoring take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synhead_tools.errors import TrainingError

SMALLEST_PX = 8.0
"""Faces whose longer side is shorter than this are ignored."""


@dataclass(frozen=True, eq=False)
class SceneSample:
    """One picture and its n faces, n from 0 on.

    Attributes
    ----------
    image : (H, W, 3) uint8
        RGB.
    boxes_xyxy : (n, 4) float32
        Edges, pixels, (0, 0) the corner of the top-left one; may reach beyond the picture.
    ignored : (n,) bool
        Faces that are neither to be found nor background: too small, too much covered, seen from behind.
    points5 : (n, 5, 2) float32
        Subject's right eye (left in the picture), left eye, nose tip, right and left mouth corner; pixels. NaN where a
        point is not known.
    points5_visibility : (n, 5) uint8
        0 outside of the picture, 1 hidden, 2 seen. Known points are taught whether they are seen or not.
    mesh : (n, V, 3) float32 or None
        Vertices of `synhead_tools.heads.face_mesh`: x, y, and z as `synhead_tools.geometry.relative_depth` has it, all
        in pixels. NaN throughout for a face whose mesh is not known; None where none is.
    rotmat : (n, 3, 3) float64 or None
        R_head_to_camera, for scores alone.
    intrinsics : (3, 3) float64 or None
        Camera matrix of the picture, with `rotmat`.
    landmarks68 : (n, 68, 2) float32 or None
        iBUG order, pixels, for scores alone, where there is no mesh; NaN where not marked.
    """

    image: np.ndarray
    boxes_xyxy: np.ndarray
    ignored: np.ndarray
    points5: np.ndarray
    points5_visibility: np.ndarray
    mesh: np.ndarray | None = None
    rotmat: np.ndarray | None = None
    intrinsics: np.ndarray | None = None
    landmarks68: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes_xyxy)


class SceneSource(Protocol):
    """Pictures with faces, by number; a list of `SceneSample` is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> SceneSample: ...


def check_sample(sample: SceneSample, where: str) -> SceneSample:
    """The sample, if its arrays fit each other and its boxes have an area.

    Raises
    ------
    TrainingError
        Names `where` and the first fault.
    """
    n = len(sample.boxes_xyxy)
    tails: Sequence[tuple[str, tuple[int, ...]]] = (
        ("boxes_xyxy", (4,)), ("ignored", ()), ("points5", (5, 2)), ("points5_visibility", (5,))
    )  # fmt: skip
    for name, tail in tails:
        if getattr(sample, name).shape != (n, *tail):
            raise TrainingError(f"{where}: {name} has shape {getattr(sample, name).shape}, expected {(n, *tail)}")
    if sample.mesh is not None and (sample.mesh.ndim != 3 or sample.mesh.shape[::2] != (n, 3)):
        raise TrainingError(f"{where}: mesh has shape {sample.mesh.shape}, expected ({n}, V, 3)")
    if sample.image.ndim != 3 or sample.image.shape[2] != 3 or sample.image.dtype != np.uint8:
        raise TrainingError(f"{where}: image has shape {sample.image.shape}, expected (H, W, 3) of uint8")
    box = np.asarray(sample.boxes_xyxy, float)
    good = np.isfinite(box).all(axis=1) & (box[:, 2:] > box[:, :2]).all(axis=1)
    if not good.all():
        face = int(np.argmin(good))
        raise TrainingError(f"{where}: box {box[face].tolist()} of face {face} is not x1 < x2, y1 < y2; drop the face")
    return sample

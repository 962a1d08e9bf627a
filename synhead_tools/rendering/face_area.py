"""How much of a face a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.heads.regions import FACE_REGIONS
from synhead_tools.rendering.backend import Backend, Frame
from synhead_tools.rendering.compiled_labels import label_kernels
from synhead_tools.rendering.kept_by_identity import KeptByIdentity
from synhead_tools.rendering.scene import Camera, studio_lighting

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head

_IS_FACE = np.zeros(256, bool)
_IS_FACE[[int(region) for region in FACE_REGIONS]] = True
_REFERENCE_STEP_M = 0.05
_MAX_HEADS = 16


def face_area_px(frame: Frame, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera) -> int:
    """Count the pixels that show the face: its regions, front-facing and not hidden, before the ears.

    The region pictures call all skin of the head skin. The face is the part of it that lies no farther back than
    where the jaw line of `landmarks68` begins, and not above the hairline: as far above the brows as the base of the
    nose is below them (the rule of thirds).

    Parameters
    ----------
    frame : Frame
    head : Head
    rotmat, translation_m : (3, 3) and (3,) arrays
        Pose of the frame.
    camera : Camera
    """
    rotmat, translation_m = np.asarray(rotmat, np.float64), np.asarray(translation_m, np.float64)
    borders_m, kernels = _face_borders_m(head), label_kernels()
    if kernels is None:
        return _face_area_px(frame, rotmat, translation_m, camera.intrinsics, *borders_m)
    pose = (camera.intrinsics, rotmat, translation_m)
    found = np.empty(frame.region.shape[1] + 1, np.int32)
    words = kernels.words_of(frame.region)
    return int(kernels.face_area(frame.region, words, frame.depth_m, _IS_FACE, *pose, *borders_m, found))


def _face_borders_m(head: Head) -> tuple[float, float]:
    """Largest z and smallest y of the face, head frame."""
    landmarks = np.asarray(head.landmarks68_m, np.float64)
    brow_m, nose_base_m = landmarks[17:27, 1].mean(), landmarks[33, 1]
    return float(max(landmarks[0, 2], landmarks[16, 2])), float(brow_m - (nose_base_m - brow_m))


def _face_area_px(
    frame: Frame,
    rotmat: np.ndarray,
    translation_m: np.ndarray,
    intrinsics: np.ndarray,
    back_m: float,
    hairline_m: float,
) -> int:
    """`face_area_px` without numba; sums are written out in the order of the compiled twin."""
    rows, columns = np.nonzero(_IS_FACE[frame.region])
    depth_m = frame.depth_m[rows, columns].astype(np.float64)
    y = (rows + 0.5 - intrinsics[1, 2]) / intrinsics[1, 1]
    x = (columns + 0.5 - intrinsics[0, 2] - intrinsics[0, 1] * y) / intrinsics[0, 0]
    dx, dy, dz = x * depth_m - translation_m[0], y * depth_m - translation_m[1], depth_m - translation_m[2]
    back = dx * rotmat[0, 2] + dy * rotmat[1, 2] + dz * rotmat[2, 2]
    down = dx * rotmat[0, 1] + dy * rotmat[1, 1] + dz * rotmat[2, 1]
    return int(((back <= back_m) & (down >= hairline_m)).sum())


class FaceAreas:
    """How much of a head's face a frame shows, against the same head looking straight into the camera.

    ``visible_fraction`` is the face's area in the frame divided by the area it has at the identity rotation, on the
    optical axis, at the same distance, in a camera of the same focal lengths and size. So it is 1 for a frontal face
    that nothing covers, about one half in profile, 0 from behind, and may exceed 1 a little where a turn shows more
    of the face than its front does. Hair over the face counts as hiding only so far as it hides more than from the
    front. The frontal area is rendered once per head and camera at a distance rounded to 5 cm, and scaled by the
    square of the distance from there.

    Parameters
    ----------
    backend : Backend
        The renderer of the frames.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._areas = KeptByIdentity(lambda head: {}, _MAX_HEADS)

    def visible_fraction(
        self, frame: Frame, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera
    ) -> float:
        """Return the visible fraction of `head` in `frame`; 0 for a head without a face.

        Parameters
        ----------
        frame : Frame
        head : Head
        rotmat, translation_m : (3, 3) and (3,) arrays
            Pose of the frame.
        camera : Camera
            That of the frame.
        """
        distance_m = float(translation_m[2])
        rounded_m = max(round(distance_m / _REFERENCE_STEP_M), 1) * _REFERENCE_STEP_M
        frontal = self._frontal_area(head, camera, rounded_m) * (rounded_m / distance_m) ** 2
        return face_area_px(frame, head, rotmat, translation_m, camera) / frontal if frontal else 0.0

    def _frontal_area(self, head: Head, camera: Camera, distance_m: float) -> float:
        areas, key = self._areas(head), (camera.key(), distance_m)
        if key not in areas:
            centred = camera.intrinsics.copy()
            centred[:2, 2] = camera.width_px / 2, camera.height_px / 2
            camera = Camera(camera.width_px, camera.height_px, centred)
            pose = (np.eye(3), np.array([0.0, 0.0, distance_m]))
            frame = self._backend.render(head, *pose, camera, studio_lighting())
            areas[key] = float(face_area_px(frame, head, *pose, camera))
        return areas[key]

"""Labels of a rendered picture: where things are in it and how much of them is seen.

Everything here follows from the pose, the camera and the frame; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.formats.sample import HIDDEN, OUTSIDE, VISIBLE
from synhead_tools.geometry.boxes import face_box_xyxy, tight_box_xyxy
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.heads.head_pixels import head_pixels
from synhead_tools.heads.regions import FACE_REGIONS
from synhead_tools.rendering.backend import NEAR_M, Backend, Frame
from synhead_tools.rendering.scene import Camera, studio_lighting

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, HeadFacts

#: A point this far behind what its pixels show is still taken to be on it: rounding of landmarks and of pixels.
VISIBILITY_TOLERANCE_M = 0.004

_FACE = np.array([int(region) for region in FACE_REGIONS], np.uint8)
_REFERENCE_STEP_M = 0.05
_MAX_HEADS = 16


def pose_columns(
    rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray, convention: str | EulerConvention
) -> dict[str, np.ndarray]:
    """Return the label columns that follow from the poses alone.

    Parameters
    ----------
    rotmat : (n, 3, 3) array
        R_head_to_camera.
    translation_m : (n, 3) array
        Head origin in the camera frame.
    intrinsics : (n, 3, 3) array
        Camera matrices.
    convention : str or EulerConvention
        In which ``euler_deg`` is stated, in its written order, in degrees.

    Returns
    -------
    dict of str to ndarray
        ``rotmat``, ``quat_xyzw``, ``translation_m``, ``intrinsics``, ``euler_deg``, ``face_box_xyxy``.
    """
    return {
        "rotmat": np.asarray(rotmat, np.float64),
        "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
        "translation_m": np.asarray(translation_m, np.float64),
        "intrinsics": np.asarray(intrinsics, np.float64),
        "euler_deg": euler_deg_from_rotmat(rotmat, convention),
        "face_box_xyxy": face_box_xyxy(rotmat, translation_m, intrinsics).astype(np.float32),
    }


def point_columns(
    head: Head, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray
) -> dict[str, np.ndarray]:
    """Project a head's points: ``points5`` (n, 5, 3) and ``landmarks68`` (n, 68, 3) float32: x, y in px, depth in m.

    Those that an imported head does not have are left out.

    Parameters
    ----------
    head : Head
    rotmat, translation_m, intrinsics
        As in `pose_columns`.
    """
    columns = {}
    for name, points_m in (("points5", head.points5_m), ("landmarks68", head.landmarks68_m)):
        if points_m is None:
            continue
        points_px, depth_m = project_points(points_m, rotmat, translation_m, intrinsics)
        columns[name] = np.concatenate([points_px, depth_m[..., None]], axis=-1).astype(np.float32)
    return columns


def point_visibility(points: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """Say of projected points whether they are seen.

    A point is hidden where all of the 2 x 2 pixels around it show something that is more than
    `VISIBILITY_TOLERANCE_M` nearer than the point. Four pixels, because one pixel's depth is that of its nearest
    sample: on a surface seen at a grazing angle it would hide the points on that very surface.

    Parameters
    ----------
    points : (K, 3) array
        x, y in px, depth in m.
    depth_m : (H, W) array
        Depth of a `Frame`; 0 where it is empty.

    Returns
    -------
    (K,) uint8
        0 outside the picture or behind the camera, 1 hidden, 2 visible.
    """
    points = np.asarray(points, np.float64)
    height, width = depth_m.shape
    x, y, z = points.T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (z >= NEAR_M)
    seen_to = np.where(depth_m > 0, depth_m, np.inf)
    left = np.floor(np.where(inside, x, 0) - 0.5).astype(int)
    top = np.floor(np.where(inside, y, 0) - 0.5).astype(int)
    farthest = np.zeros(len(points))
    for row in (top, top + 1):
        for column in (left, left + 1):
            depth = seen_to[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            farthest = np.maximum(farthest, depth)
    visible = np.where(z <= farthest + VISIBILITY_TOLERANCE_M, VISIBLE, HIDDEN)
    return np.where(inside, visible, OUTSIDE).astype(np.uint8)


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
    rows, columns = np.nonzero(np.isin(frame.region, _FACE))
    intrinsics = camera.intrinsics
    y = (rows + 0.5 - intrinsics[1, 2]) / intrinsics[1, 1]
    x = (columns + 0.5 - intrinsics[0, 2] - intrinsics[0, 1] * y) / intrinsics[0, 0]
    seen_m = np.stack([x, y, np.ones_like(x)], axis=1) * frame.depth_m[rows, columns, None].astype(np.float64)
    points_m = (seen_m - translation_m) @ rotmat
    landmarks = np.asarray(head.landmarks68_m, np.float64)
    back_m = max(landmarks[0, 2], landmarks[16, 2])
    brow_m, nose_base_m = landmarks[17:27, 1].mean(), landmarks[33, 1]
    hairline_m = brow_m - (nose_base_m - brow_m)
    return int(((points_m[:, 2] <= back_m) & (points_m[:, 1] >= hairline_m)).sum())


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
        self._areas: dict[int, tuple[Head, dict[tuple, float]]] = {}

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
        centred = camera.intrinsics.copy()
        centred[:2, 2] = camera.width_px / 2, camera.height_px / 2
        camera = Camera(camera.width_px, camera.height_px, centred)
        if id(head) not in self._areas:
            while len(self._areas) >= _MAX_HEADS:
                del self._areas[next(iter(self._areas))]
            # the head is kept with its areas: while it lives its id() is no other's
            self._areas[id(head)] = (head, {})
        areas, key = self._areas[id(head)][1], (camera.key(), distance_m)
        if key not in areas:
            pose = (np.eye(3), np.array([0.0, 0.0, distance_m]))
            frame = self._backend.render(head, *pose, camera, studio_lighting())
            areas[key] = float(face_area_px(frame, head, *pose, camera))
        return areas[key]


def frame_columns(
    frame: Frame,
    head: Head,
    pose: tuple[np.ndarray, np.ndarray],
    points: dict[str, np.ndarray],
    camera: Camera,
    areas: FaceAreas,
) -> dict[str, np.ndarray]:
    """Return the labels of one sample that need its picture.

    Parameters
    ----------
    frame : Frame
    head : Head
    pose : tuple of two arrays
        rotmat (3, 3) and translation_m (3,).
    points : dict of str to ndarray
        ``points5`` (5, 3) and ``landmarks68`` (68, 3) of this sample, so far as there are any.
    camera : Camera
    areas : FaceAreas

    Returns
    -------
    dict of str to ndarray
        ``head_box_xyxy``; ``points5_visibility``, ``landmarks68_visibility`` of the points there are; and, where the
        68 points say what is face, ``visible_fraction``.
    """
    columns = {"head_box_xyxy": tight_box_xyxy(head_pixels(frame.alpha, frame.region)).astype(np.float32)}
    for name in ("points5", "landmarks68"):
        if name in points:
            columns[f"{name}_visibility"] = point_visibility(points[name], frame.depth_m)
    if head.landmarks68_m is not None:
        columns["visible_fraction"] = np.float32(areas.visible_fraction(frame, head, *pose, camera))
    return columns


def unknown_columns(heads: Iterable[HeadFacts]) -> frozenset[str]:
    """Return the columns that some of the heads, for want of landmarks, cannot have: a dataset has none of them."""
    unknown = set()
    for facts in heads:
        unknown |= set() if facts.has_points5 else {"points5", "points5_visibility"}
        unknown |= set() if facts.has_landmarks68 else {"landmarks68", "landmarks68_visibility", "visible_fraction"}
    return frozenset(unknown)


def annotate(
    head: Head,
    rotmat: np.ndarray,
    translation_m: np.ndarray,
    camera: Camera,
    frame: Frame,
    areas: FaceAreas,
    convention: str | EulerConvention = "synhead",
) -> dict[str, np.ndarray]:
    """Return every label column of one rendered sample; the arguments are those of the other functions here."""
    pose = (np.asarray(rotmat)[None], np.asarray(translation_m)[None], camera.intrinsics[None])
    columns = {**pose_columns(*pose, convention), **point_columns(head, *pose)}
    one = {name: column[0] for name, column in columns.items()}
    return {**one, **frame_columns(frame, head, (one["rotmat"], one["translation_m"]), one, camera, areas)}

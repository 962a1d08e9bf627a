"""Labels of a rendered picture: where things are in it and how much of them is seen.

Everything here follows from the pose, the camera and the frame; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.geometry.boxes import face_box_xyxy, tight_box_xyxy
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.heads.head_pixels import FRINGE_PX, REGION_KINDS, head_pixels
from synhead_tools.rendering.backend import NEAR_M, Frame
from synhead_tools.rendering.compiled_labels import label_kernels
from synhead_tools.rendering.face_area import FaceAreas, face_area_px
from synhead_tools.rendering.scene import Camera
from synhead_tools.rendering.visibility import point_visibility, seen_points, solid_surface

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, HeadFacts

__all__ = [
    "FaceAreas",
    "annotate",
    "face_area_px",
    "frame_columns",
    "point_columns",
    "point_visibility",
    "pose_columns",
    "unknown_columns",
]


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

    With them ``tight_face_box_xyxy`` (n, 4). Those that an imported head does not have are left out.

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
        columns[name] = projected_points(points_m, rotmat, translation_m, intrinsics).astype(np.float32)
    if head.face_mesh_m is not None:
        columns["tight_face_box_xyxy"] = tight_face_boxes_xyxy(head, rotmat, translation_m, intrinsics)
    return columns


def tight_face_boxes_xyxy(
    head: Head, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray:
    """Boxes (n, 4) float32 around the projections of a head's dense face mesh, whether seen or not, not clipped.

    Vertices nearer to the camera than it draws are left out; without any other the box is all 0.

    Parameters
    ----------
    head : Head
        With a face mesh.
    rotmat, translation_m, intrinsics
        As in `pose_columns`.
    """
    arrays = _as_float64(head.face_mesh_m, rotmat, translation_m, intrinsics)
    kernels = label_kernels()
    if kernels is None:
        return _boxes_xyxy(projected_points(*arrays)).astype(np.float32)
    boxes = np.empty((len(rotmat), 4))
    kernels.box_points(*arrays, NEAR_M, boxes)
    return boxes.astype(np.float32)


def _as_float64(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.ascontiguousarray(array, np.float64) for array in arrays)


def _boxes_xyxy(points: np.ndarray) -> np.ndarray:
    before = (points[..., 2] >= NEAR_M)[..., None]
    low = np.where(before, points[..., :2], np.inf).min(axis=1)
    high = np.where(before, points[..., :2], -np.inf).max(axis=1)
    return np.where(before.any(axis=1), np.concatenate([low, high], axis=1), 0)


def projected_points(
    points_m: np.ndarray, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray:
    """Project points of a head at n poses.

    Parameters
    ----------
    points_m : (K, 3) array
        Head frame, metres.
    rotmat, translation_m, intrinsics
        As in `pose_columns`.

    Returns
    -------
    (n, K, 3) float64
        x, y in px, depth in m; in the same order of sums wherever it runs.
    """
    points_m, rotmat, translation_m, intrinsics = _as_float64(points_m, rotmat, translation_m, intrinsics)
    points, kernels = np.empty((len(rotmat), len(points_m), 3)), label_kernels()
    if kernels is not None:
        kernels.project(points_m, rotmat, translation_m, intrinsics, points)
        return points
    # sums written out, in the order of the compiled twin: a matrix product's order depends on the machine
    a, b, c = points_m.T
    r, t, k = (np.moveaxis(array, 0, -1)[..., None] for array in (rotmat, translation_m, intrinsics))
    x, y, z = (a * r[i, 0] + b * r[i, 1] + c * r[i, 2] + t[i] for i in range(3))
    points[..., 0] = (x * k[0, 0] + y * k[0, 1] + z * k[0, 2]) / z
    points[..., 1] = (y * k[1, 1] + z * k[1, 2]) / z
    points[..., 2] = z
    return points


def frame_columns(
    frame: Frame,
    head: Head,
    pose: tuple[np.ndarray, np.ndarray],
    points: dict[str, np.ndarray],
    camera: Camera,
    areas: FaceAreas,
    shape: Head | None = None,
) -> dict[str, np.ndarray]:
    """Return the labels of one sample that need its picture.

    Parameters
    ----------
    frame : Frame
    head : Head
        With its own expression: the face is measured against it.
    pose : tuple of two arrays
        rotmat (3, 3) and translation_m (3,).
    points : dict of str to ndarray
        ``points5`` (5, 3) and ``landmarks68`` (68, 3) of this sample, so far as there are any.
    camera : Camera
    areas : FaceAreas
    shape : Head or None
        The head as the frame shows it, with another expression or wearing more; the neck may be straight.

    Returns
    -------
    dict of str to ndarray
        ``head_box_xyxy``; ``points5_visibility``, ``landmarks68_visibility`` of the points there are; and, where the
        68 points say what is face, ``visible_fraction``.
    """
    shape = head if shape is None else shape
    columns = {"head_box_xyxy": head_box_xyxy(frame.alpha, frame.region)}
    for name, points_m in (("points5", head.points5_m), ("landmarks68", head.landmarks68_m)):
        if name in points:
            solid = solid_surface(head, points_m)
            columns[f"{name}_visibility"] = seen_points(points[name], frame, shape, solid, pose, camera)
    if head.landmarks68_m is not None:
        columns["visible_fraction"] = np.float32(areas.visible_fraction(frame, head, *pose, camera))
    return columns


def head_box_xyxy(alpha: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Box (4,) float32 around `synhead_tools.heads.head_pixels.head_pixels` of a picture; all 0 without a head."""
    kernels = label_kernels()
    if kernels is None:
        return tight_box_xyxy(head_pixels(alpha, region)).astype(np.float32)
    columns = np.zeros((2, alpha.shape[1]), np.uint8)
    words = kernels.words_of(alpha), kernels.words_of(region)
    if len(words[0]) != len(words[1]):
        words = (np.zeros(0, np.uint64),) * 2
    return np.array(kernels.head_box(alpha, region, *words, REGION_KINDS, FRINGE_PX, columns), np.float32)


def unknown_columns(heads: Iterable[HeadFacts]) -> frozenset[str]:
    """Return the columns that some of the heads, for want of landmarks, cannot have: a dataset has none of them."""
    unknown = set()
    for facts in heads:
        unknown |= set() if facts.has_points5 else {"points5", "points5_visibility"}
        unknown |= set() if facts.has_landmarks68 else {"landmarks68", "landmarks68_visibility", "visible_fraction"}
        unknown |= set() if facts.has_recipe else {"tight_face_box_xyxy"}
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

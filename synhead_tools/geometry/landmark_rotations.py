"""Rotations of heads from their landmarks, in three dimensions or in the picture.

What is found is as good as the landmarks: a mouth that opens, or a contour that slides over the cheek as the head
turns, turns the answer by degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.frames import CAMERA_FRAMES
from synhead_tools.geometry.landmark_refinement import refined_perspective, refined_weak_perspective

LANDMARK_AXES = MappingProxyType({**CAMERA_FRAMES, "picture": np.diag([1.0, 1.0, -1.0])})
"""Axes that 3D landmarks are written in, by name, with what takes them to the camera frame.

``opencv`` and ``opengl`` are camera frames. ``picture`` has x to the right and y down, in pixels, and z towards the
viewer: the habit of 300W-LP and AFLW2000-3D (``pt3d_68``, once its y counts from the top) and of their networks. It is
a left-handed frame, so that rotations taken from it as it stands would be those of a mirror image.
"""

FLAT = 1e-3
"""Extent of landmarks in one direction, over their largest one, below which they are flat or in line."""

MEAN_SHAPE_STEPS = 50
MIRRORED = 0.5


@dataclass(frozen=True, eq=False)
class LandmarkRotations:
    """Rotations found from landmarks.

    Attributes
    ----------
    rotmat : array, shape (N, 3, 3)
        R_head_to_camera; the head frame is that of the reference.
    misfit : array, shape (N,)
        What the turned reference leaves of the landmarks: root mean square distance, over that of the landmarks from
        their centre. 0 for a rigid head.
    reference : array, shape (P, 3)
        The head's landmarks, given or found.
    """

    rotmat: np.ndarray
    misfit: np.ndarray
    reference: np.ndarray


def rotations_from_landmarks_3d(
    points: np.ndarray, reference: np.ndarray | None = None, axes: str = "opencv"
) -> LandmarkRotations:
    """Rotations that turn a head's landmarks, scaled and moved freely, nearest to those of each frame.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 13 (1991).

    Parameters
    ----------
    points : array-like, shape (N, P, 3)
        Landmarks of each frame, any unit. NaN where a landmark is not known.
    reference : array-like, shape (P, 3), optional
        The same landmarks of a head, in the head frame, any unit. Without it the frames' own mean shape is taken,
        turned so that the mean rotation is the identity (generalised Procrustes analysis): rotations then are true but
        for a constant rotation of the head frame.
    axes : str
        Of `LANDMARK_AXES`: how `points` are written. Nothing in the points tells axes from their mirror image, and
        with mirrored axes all rotations come out as another, consistent set.

    Raises
    ------
    ConventionError
        Shapes, axes, fewer than three landmarks or landmarks in line; names the frame. Or the frames are mirror images
        of the reference.
    """
    if axes not in LANDMARK_AXES:
        raise ConventionError(f"unknown axes {axes!r} of landmarks; known: {', '.join(LANDMARK_AXES)}")
    points, seen = _checked_points(points, 3)
    points = points @ LANDMARK_AXES[axes]
    if reference is None:
        reference = _mean_shape(points, seen)
    reference = _checked_reference(reference, points.shape[1], least_rank=2)
    rotmat, misfit, mirrored_misfit = _fitted(points, seen, reference)
    if np.median(mirrored_misfit) < MIRRORED * np.median(misfit):
        raise ConventionError(
            "the landmarks are mirror images of the reference; are their axes right, and left and right not swapped?"
        )
    return LandmarkRotations(rotmat, misfit, reference)


def nearest_rotations(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) of landmarks (N, P, 3) whatever they are: mirrored, flat, or all in one place.

    Those of `rotations_from_landmarks_3d`, axes ``opencv``, without its checks: for what a network says, which need not
    be a head at all. Numbers that are not finite count as 0.
    """
    reference = np.asarray(reference, float)
    known = np.nan_to_num(np.asarray(points, float), nan=0.0, posinf=0.0, neginf=0.0)
    model = reference - reference.mean(axis=0)
    return _nearest(np.swapaxes(known - known.mean(axis=1, keepdims=True), 1, 2) @ model)[0]


def rotations_from_landmarks_2d(
    points_px: np.ndarray, reference: np.ndarray, intrinsics: np.ndarray | None = None
) -> LandmarkRotations:
    """Rotations under which a head's landmarks project nearest to those in the picture.

    Parameters
    ----------
    points_px : array-like, shape (N, P, 2)
        x to the right and y down, pixels. NaN where a landmark is not known.
    reference : array-like, shape (P, 3)
        The same landmarks of a head, in the head frame, any unit. From one picture, a head and its mirror image in
        depth cannot be told apart unless its shape is known; so they must not lie in one plane.
    intrinsics : array-like, shape (3, 3) or (N, 3, 3), optional
        Camera matrix. Without it the projection is weak perspective (parallel, scaled), and the rotation is the one
        that a crop shows: R_ray of `synhead_tools.geometry.rays`.

    Raises
    ------
    ConventionError
        Shapes, too few landmarks in a frame (six with intrinsics, else four), or a flat reference.
    """
    points, seen = _checked_points(points_px, 2)
    reference = _checked_reference(reference, points.shape[1], least_rank=3)
    needed = 4 if intrinsics is None else 6
    if (seen.sum(axis=1) < needed).any():
        frame = int(np.argmax(seen.sum(axis=1) < needed))
        raise ConventionError(f"frame {frame}: {int(seen[frame].sum())} landmarks; at least {needed} are needed")
    if intrinsics is not None:
        inverse = np.linalg.inv(np.broadcast_to(np.asarray(intrinsics, float), (len(points), 3, 3)))
        points = points @ np.swapaxes(inverse[:, :2, :2], 1, 2) + inverse[:, None, :2, 2]
    model = reference - reference.mean(axis=0)
    starts = _weak_perspective_starts(points, seen, model)
    refine = refined_weak_perspective if intrinsics is None else refined_perspective
    tried = [refine(points, seen, model, start) for start in starts]
    better = tried[1][1] < tried[0][1]
    rotmat = np.where(better[:, None, None], tried[1][0], tried[0][0])
    size = _spread(points, seen)
    return LandmarkRotations(rotmat, np.minimum(tried[0][1], tried[1][1]) / size, reference)


def _checked_points(points: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Points with 0 for those not known, and which are."""
    points = np.asarray(points, float)
    if points.ndim != 3 or points.shape[2] != width:
        raise ConventionError(f"landmarks have shape (N, P, {width}), got {points.shape}")
    seen = np.isfinite(points).all(axis=2)
    few = seen.sum(axis=1) < 3
    if few.any():
        frame = int(np.argmax(few))
        raise ConventionError(f"frame {frame}: {int(seen[frame].sum())} known landmarks; at least 3 are needed")
    points = np.where(seen[..., None], points, 0.0)
    extent = np.linalg.svd(_centred(points, seen), compute_uv=False)
    line = extent[:, 1] <= FLAT * extent[:, 0]
    if line.any():
        raise ConventionError(f"frame {int(np.argmax(line))}: the landmarks lie in line; drop the frame")
    return points, seen


def _checked_reference(reference: np.ndarray, count: int, least_rank: int) -> np.ndarray:
    reference = np.asarray(reference, float)
    if reference.shape != (count, 3) or not np.isfinite(reference).all():
        raise ConventionError(f"the reference must be {count} finite points (P, 3), got {reference.shape}")
    extent = np.linalg.svd(reference - reference.mean(axis=0), compute_uv=False)
    if extent[least_rank - 1] <= FLAT * extent[0]:
        what = "in one plane" if least_rank == 3 else "in line"
        raise ConventionError(f"the landmarks of the reference lie {what}; give more of them")
    return reference


def _centred(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Points less the centre of those seen; 0 where not seen."""
    centre = points.sum(axis=1, keepdims=True) / seen.sum(axis=1)[:, None, None]
    return (points - centre) * seen[..., None]


def _spread(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.sqrt((_centred(points, seen) ** 2).sum(axis=(1, 2)) / seen.sum(axis=1))


def _fitted(points: np.ndarray, seen: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations (N, 3, 3), their misfits (N,), and the misfits of the mirrored reference (N,)."""
    here = _centred(points, seen)
    model = _centred(np.where(seen[..., None], reference, 0.0), seen)
    rotmat, stretch, sign = _nearest(np.swapaxes(here, 1, 2) @ model)
    total, of_model = (here**2).sum(axis=(1, 2)), (model**2).sum(axis=(1, 2))

    def misfit(last: np.ndarray) -> np.ndarray:
        explained = (stretch[:, 0] + stretch[:, 1] + last * stretch[:, 2]) ** 2 / of_model
        return np.sqrt(np.maximum(1.0 - explained / total, 0.0))

    return rotmat, misfit(sign), misfit(-sign)


def _nearest(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations nearest to matrices (N, 3, 3), their singular values, and which sign the last one's axis took."""
    u, stretch, vt = np.linalg.svd(matrix)
    sign = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    u[:, :, 2] *= sign[:, None]
    return u @ vt, stretch, sign


def _weak_perspective_starts(points: np.ndarray, seen: np.ndarray, model: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two rotations (N, 3, 3) to refine: the one nearest to the best affine map, and its mirror image in depth.

    Of a flat head both would project to the same picture; of a head that is not far from flat, noise may make the
    first start fall into the wrong one's valley.
    """
    here = _centred(points, seen)
    there = _centred(np.where(seen[..., None], model, 0.0), seen)
    affine = np.swapaxes(here, 1, 2) @ there @ np.linalg.pinv(np.swapaxes(there, 1, 2) @ there, hermitian=True)
    u, _, vt = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vt
    rotmat = np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], axis=1)
    normal = np.linalg.svd(model)[2][2]
    mirrored = np.diag([1.0, 1.0, -1.0]) @ rotmat @ (np.eye(3) - 2.0 * np.outer(normal, normal))
    return rotmat, mirrored


def _mean_shape(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean of the frames' shapes after each is turned, scaled and moved to it; (P, 3), centred, of unit size."""
    if not seen.any(axis=0).all():
        raise ConventionError(f"landmark {int(np.argmin(seen.any(axis=0)))} is known in no frame; leave it out")
    fullest = int(np.argmax(seen.sum(axis=1)))
    known, shape = seen[fullest], _of_unit_size(points[fullest], seen[fullest])
    for _ in range(MEAN_SHAPE_STEPS):
        common = seen & known
        rotmat, _, _ = _fitted(points * common[..., None], common, shape)
        mean = (_moved_to(shape, points, common, rotmat) * seen[..., None]).sum(axis=0) / seen.sum(axis=0)[:, None]
        known = np.ones(len(mean), bool)
        mean = _of_unit_size(mean, known)
        change, shape = np.abs(mean - shape).max(), mean
        if change < 1e-13:
            break
    u, _, vt = np.linalg.svd(rotmat.sum(axis=0))
    u[:, 2] *= np.sign(np.linalg.det(u @ vt))
    return shape @ (u @ vt).T


def _of_unit_size(shape: np.ndarray, known: np.ndarray) -> np.ndarray:
    centred = _centred(shape[None], known[None])[0]
    return centred / np.sqrt((centred**2).sum() / known.sum())


def _moved_to(shape: np.ndarray, points: np.ndarray, common: np.ndarray, rotmat: np.ndarray) -> np.ndarray:
    """All points of each frame (N, P, 3) after the turn, scale and shift that bring the common ones to `shape`."""
    counted = common[..., None] / common.sum(axis=1)[:, None, None]
    centre, of_shape = ((of * counted).sum(axis=1, keepdims=True) for of in (points, shape))
    turned = (points - centre) @ rotmat  # R^T x, row by row
    model = shape - of_shape
    scale = (model * turned * counted).sum(axis=(1, 2)) / (turned**2 * counted).sum(axis=(1, 2))
    return scale[:, None, None] * turned + of_shape

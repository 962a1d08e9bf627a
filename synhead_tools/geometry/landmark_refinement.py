"""Least squares of projected landmarks over rotations, many frames at once (Levenberg and Marquardt)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.rays import ray_rotation

STEPS = 40
FIRST_DAMPING = 1e-3
DONE = 1e-12
"""A step that improves no frame's error by more than this share of it is the last."""

Linearised = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From rotations (N, 3, 3) and the other unknowns (N, k) to errors (N, P, 2) and their slopes (N, P, 2, 3 + k)."""


def refined_weak_perspective(
    points: np.ndarray, seen: np.ndarray, model: np.ndarray, rotmat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (N, 3, 3) that leave the least error under u = s (R x)_xy + t, and the root mean square error (N,).

    Parameters
    ----------
    points : array, shape (N, P, 2)
        Places in the picture, 0 where not seen.
    seen : array of bool, shape (N, P)
    model : array, shape (P, 3)
        Landmarks of the head.
    rotmat : array, shape (N, 3, 3)
        Where to start.
    """
    weight = seen / seen.sum(axis=1, keepdims=True)
    here = points - (weight[..., None] * points).sum(axis=1, keepdims=True)

    def linearised(rotmat: np.ndarray, log_scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turned = model @ np.swapaxes(rotmat, 1, 2)
        turned = turned - (weight[..., None] * turned).sum(axis=1, keepdims=True)
        scale = np.exp(log_scale)[:, :, None]
        flat = scale * turned[..., :2]
        slopes = np.concatenate([scale[..., None] * _turn_slopes(turned)[:, :, :2], flat[..., None]], axis=-1)
        return flat - here, slopes

    turned = linearised(rotmat, np.zeros((len(points), 1)))[0] + here
    sizes = [np.sqrt((seen[..., None] * of**2).sum(axis=(1, 2))) for of in (here, turned)]
    log_scale = np.log(sizes[0] / sizes[1])[:, None]
    return _refined(linearised, seen, rotmat, log_scale)


def refined_perspective(
    points: np.ndarray, seen: np.ndarray, model: np.ndarray, rotmat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `refined_weak_perspective`, under u = p_xy / p_z with p = R x + t; `points` are at focal length 1."""

    def linearised(rotmat: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turned = model @ np.swapaxes(rotmat, 1, 2)
        place = turned + moved[:, None, :]
        nearness = 1.0 / np.maximum(place[..., 2:], 1e-9)  # behind the camera is as bad as next to it
        flat = place[..., :2] * nearness
        slope = np.zeros((*flat.shape, 3))
        slope[..., 0, 0] = slope[..., 1, 1] = nearness[..., 0]
        slope[..., 2] = -flat * nearness
        return flat - points, np.concatenate([slope @ _turn_slopes(turned), slope], axis=-1)

    centre = (points * seen[..., None]).sum(axis=1) / seen.sum(axis=1)[:, None]
    turned = (model @ np.swapaxes(rotmat, 1, 2))[..., :2]
    sizes = [
        np.sqrt((seen[..., None] * (of - of.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2)))
        for of in (np.where(seen[..., None], points, centre[:, None]), turned)
    ]
    distance = (sizes[1] / sizes[0])[:, None]
    start = ray_rotation(centre, np.eye(3)) @ rotmat  # parallel projection shows the head as its own ray does
    return _refined(linearised, seen, start, np.concatenate([centre * distance, distance], axis=1))


def _turn_slopes(turned: np.ndarray) -> np.ndarray:
    """How points (..., 3) move with small turns about x, y and z: (..., 3, 3)."""
    slopes = np.zeros((*turned.shape, 3))
    x, y, z = np.moveaxis(turned, -1, 0)
    slopes[..., 0, 1], slopes[..., 0, 2] = z, -y
    slopes[..., 1, 0], slopes[..., 1, 2] = -z, x
    slopes[..., 2, 0], slopes[..., 2, 1] = y, -x
    return slopes


def _refined(
    linearised: Linearised, seen: np.ndarray, rotmat: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotations with the least error, and the root mean square error (N,)."""
    damping = np.full(len(rotmat), FIRST_DAMPING)
    errors, slopes = linearised(rotmat, others)
    cost = _cost(errors, seen)
    for _ in range(STEPS):
        weighted = slopes * seen[:, :, None, None]
        normal = np.einsum("npij,npik->njk", weighted, slopes)
        uphill = np.einsum("npij,npi->nj", weighted, errors)
        diagonal = np.einsum("nii->ni", normal)
        diagonal *= 1.0 + damping[:, None]
        diagonal += 1e-300
        step = -np.linalg.solve(normal, uphill[..., None])[..., 0]
        tried = Rotation.from_rotvec(step[:, :3]).as_matrix() @ rotmat, others + step[:, 3:]
        new_errors, new_slopes = linearised(*tried)
        new_cost = _cost(new_errors, seen)
        better = new_cost < cost
        gain = np.where(better, cost - new_cost, 0.0)
        done = (gain <= DONE * cost).all()
        rotmat, others = (_chosen(better, new, old) for new, old in zip(tried, (rotmat, others), strict=True))
        errors, slopes = _chosen(better, new_errors, errors), _chosen(better, new_slopes, slopes)
        cost = np.where(better, new_cost, cost)
        damping = np.where(better, 0.2 * damping, 10.0 * damping)
        if done and (damping > 1.0).all():
            break
    return rotmat, np.sqrt(cost / seen.sum(axis=1))


def _cost(errors: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return (errors**2 * seen[..., None]).sum(axis=(1, 2))


def _chosen(better: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)

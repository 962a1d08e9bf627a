"""In-plane matching: which picture, turned about its principal point, comes nearest to a target pose.

Turning a picture by the angle a about its principal point turns the head as R_turned = Rz(a) R, which leaves the
third row of R alone: the viewing direction seen from the head. The best turn is closed-form, and what remains is the
angle between the two viewing directions: a nearest-neighbour problem on the sphere, not on SO(3).
"""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.direction_index import DirectionIndex
from synhead_tools.geometry.distance import geodesic_distance_deg

TIE_DEG = 1e-6
"""Frames whose directions agree within this angle, degrees, count as equally near; the smallest turn wins."""


def viewing_direction(rotmat: np.ndarray) -> np.ndarray:
    """The optical axis in the head frame, unit vectors (..., 3): the third row of R_head_to_camera (..., 3, 3)."""
    return np.asarray(rotmat, float)[..., 2, :]


def turn_about_optical_axis(angle_deg: np.ndarray) -> np.ndarray:
    """Rz: rotation matrices (..., 3, 3) about the optical axis; positive takes x to y, clockwise in the picture."""
    angle = np.radians(np.asarray(angle_deg, float))
    cosine, sine, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = [[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def best_turn_deg(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The angle a, degrees in [-180, 180], for which Rz(a) `source` comes nearest to `target`, (..., 3, 3) each.

    Maximises trace(target^T Rz(a) source) = cos(a) (M00 + M11) + sin(a) (M01 - M10) + M22 with M = source target^T.
    """
    m = np.asarray(source, float) @ np.swapaxes(np.asarray(target, float), -1, -2)
    return np.degrees(np.arctan2(m[..., 0, 1] - m[..., 1, 0], m[..., 0, 0] + m[..., 1, 1]))


def match_in_plane(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each target rotation the source frame that comes nearest when its picture is turned.

    Parameters
    ----------
    source : array-like, shape (n, 3, 3)
        Rotations of the frames to choose from; n >= 1.
    target : array-like, shape (m, 3, 3)
        Rotations to come near to.

    Returns
    -------
    index : int array, shape (m,)
        The chosen source frame. Among equally near ones (`TIE_DEG`) that with the smallest turn.
    in_plane_deg : array, shape (m,)
        The turn a of R_turned = Rz(a) R_source; positive is clockwise in the picture.
    residual_deg : array, shape (m,)
        Geodesic distance that remains, degrees.
    """
    source, target = np.asarray(source, float), np.asarray(target, float)
    unique, first_of, group = _group_by_direction(viewing_direction(source))
    angle_deg, nearest = DirectionIndex(unique).query(viewing_direction(target), k=min(4, len(unique)))
    candidates = _members(nearest, angle_deg <= angle_deg[:, :1] + TIE_DEG, first_of, group)
    turn = best_turn_deg(source[np.maximum(candidates, 0)], target[:, None])
    cost = np.where(candidates < 0, np.inf, np.abs(turn))
    best = np.argmin(cost, axis=1)[:, None]
    index = np.take_along_axis(candidates, best, 1)[:, 0]
    in_plane_deg = np.take_along_axis(turn, best, 1)[:, 0]
    turned = turn_about_optical_axis(in_plane_deg) @ source[index]
    return index, in_plane_deg, geodesic_distance_deg(turned, target)


def _group_by_direction(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group frames that look along the same direction: (unique directions, start of each group, members in order)."""
    key = np.round(direction / np.radians(TIE_DEG)).astype(np.int64)
    order = np.lexsort((np.arange(len(key)), key[:, 2], key[:, 1], key[:, 0]))
    changed = np.any(key[order][1:] != key[order][:-1], axis=1)
    start = np.concatenate([[0], np.flatnonzero(changed) + 1, [len(key)]])
    return direction[order[start[:-1]]], start, order


def _members(nearest: np.ndarray, tied: np.ndarray, start: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Frames of the tied groups of each target, padded with -1: shape (m, largest number)."""
    size = np.where(tied, start[nearest + 1] - start[nearest], 0)
    width = int(size.sum(axis=1).max())
    candidates = np.full((len(nearest), width), -1)
    filled = np.zeros(len(nearest), int)
    for column in range(nearest.shape[1]):
        for offset in range(int(size[:, column].max(initial=0))):
            row = np.flatnonzero(size[:, column] > offset)
            candidates[row, filled[row]] = order[start[nearest[row, column]] + offset]
            filled[row] += 1
    return candidates

"""PADACO's instance weights: source samples count by how often they are near a pose predicted for the target.

Kuhnke and Ostermann, ICCV 2019, Algorithm 1: for each target prediction its N_n nearest source labels are counted into
W, once, after stage 1; stage 2 draws source samples in proportion to W.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.direction_index import squared_length
from synhead_tools.geometry.point_index import PointIndex
from synhead_tools.geometry.rotation_index import RotationIndex
from synhead_tools.learning.pose_heads.label_scale import network_euler_deg

_BLOCK_ROWS = 2048


def count_nearest_sources(
    source_rotmat: np.ndarray, target_rotmat: np.ndarray, n_neighbours: int, metric: str = "geodesic"
) -> np.ndarray:
    """W: how many target predictions have a source sample among their nearest.

    Parameters
    ----------
    source_rotmat : array-like, shape (n, 3, 3)
        Source labels, ray frame.
    target_rotmat : array-like, shape (m, 3, 3)
        Predictions for the target, ray frame.
    n_neighbours : int
        N_n; more than n means all.
    metric : str
        ``geodesic``, or ``euler`` for the Euclidean distance of (pitch, yaw, roll) as published.

    Returns
    -------
    array, shape (n,)
        float64 counts; they sum to m * min(N_n, n). Of equally near samples those count that come first.
    """
    source_rotmat, target_rotmat = np.asarray(source_rotmat, float), np.asarray(target_rotmat, float)
    k = min(n_neighbours, len(source_rotmat))
    if metric == "euler":
        triples = _triples(source_rotmat)
        index_of = lambda block: triples.query(network_euler_deg(block), k)[1]  # noqa: E731
    else:
        rotations = RotationIndex(source_rotmat)
        index_of = lambda block: rotations.query(block, k=k)[1]  # noqa: E731
    weights = np.zeros(len(source_rotmat))
    for start in range(0, len(target_rotmat), _BLOCK_ROWS):
        index = index_of(target_rotmat[start : start + _BLOCK_ROWS])
        weights += np.bincount(np.ravel(index), minlength=len(weights))
    return weights


def distance_to_nearest_target(
    source_rotmat: np.ndarray, target_rotmat: np.ndarray, metric: str = "geodesic"
) -> np.ndarray:
    """How far each source label (n, 3, 3) is from the nearest of the target predictions (m, 3, 3), degrees, (n,).

    `metric` as for `count_nearest_sources`.
    """
    source_rotmat, target_rotmat = np.asarray(source_rotmat, float), np.asarray(target_rotmat, float)
    if metric == "euler":
        squared, _ = _triples(target_rotmat).query(network_euler_deg(source_rotmat))
        return np.sqrt(squared[:, 0])
    targets = RotationIndex(target_rotmat)
    blocks = range(0, len(source_rotmat), _BLOCK_ROWS)
    return np.concatenate([targets.query(source_rotmat[i : i + _BLOCK_ROWS])[0][:, 0] for i in blocks])


def effective_sample_size(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2: as many equally weighted samples would vary as much (Kish, 1965)."""
    weights = np.asarray(weights, float)
    return float(weights.sum() ** 2 / (weights**2).sum())


def _triples(rotmat: np.ndarray) -> PointIndex:
    """Index of rotations (n, 3, 3) by their angles as numbers; its measure is the squared distance."""
    return PointIndex(network_euler_deg(rotmat), lambda a, b: squared_length(a - b))

"""A disc of triangles laid flat, one-to-one, with its rim on an ellipse."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, identity
from scipy.sparse.linalg import spsolve

_WIDTH = 0.86  # of the ellipse, whose height is 1


def border_edges(triangles: np.ndarray) -> np.ndarray:
    """Return the directed edges (E, 2) that only one triangle has, as it runs."""
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, which, counts = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    return edges[counts[which.ravel()] == 1]


def loops(triangles: np.ndarray) -> list[list[int]]:
    """Return the borders, each as its vertices in the order in which the triangles run, longest first."""
    following = dict(border_edges(triangles).tolist())
    found = []
    while following:
        start = min(following)
        loop = [start]
        while (after := following.pop(loop[-1])) != start:
            loop.append(after)
        found.append(loop)
    return sorted(found, key=len, reverse=True)


def unrolled(places: np.ndarray, triangles: np.ndarray, top: int, bottom: int) -> np.ndarray:
    """Return coordinates (V, 2) in 0..1, u right and v down, of a disc whose rim's vertices `top` and `bottom` are.

    Inner vertices are mean-value mixes of their neighbours, which on a convex rim is one-to-one.

    References
    ----------
    M. S. Floater, "Mean value coordinates", Computer Aided Geometric Design 20 (2003).
    """
    count = len(places)
    rim = loops(triangles)[0]
    flat = np.zeros((count, 2))
    flat[rim] = _on_ellipse(places, rim, top, bottom)
    weights = _mean_value_weights(places, triangles)
    inner = np.ones(count, dtype=bool)
    inner[rim] = False
    system = (identity(count, format="csr") - weights)[inner]
    flat[inner] = spsolve(system[:, inner].tocsc(), -(system[:, ~inner] @ flat[~inner]))
    return flat


def _on_ellipse(places: np.ndarray, rim: list[int], top: int, bottom: int) -> np.ndarray:
    """Rim vertices by arc length, each half between top and bottom by itself."""
    start = rim.index(top)
    ring = rim[start:] + rim[:start]
    turn = ring.index(bottom)
    steps = np.linalg.norm(places[ring] - places[ring[1:] + ring[:1]], axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    share = np.where(
        np.arange(len(ring)) <= turn,
        along[:-1] / along[turn],
        1 + (along[:-1] - along[turn]) / (along[-1] - along[turn]),
    )
    angle = dict(zip(ring, np.pi * share, strict=True))
    angles = np.array([angle[vertex] for vertex in rim])
    # seen from outside the rim runs against the clock, from the top to the subject's right, left in the picture
    return np.column_stack([0.5 - _WIDTH / 2 * np.sin(angles), 0.5 - np.cos(angles) / 2])


def _mean_value_weights(places: np.ndarray, triangles: np.ndarray):
    rows, columns, values = [], [], []
    for k in range(3):
        at, one, other = triangles[:, k], triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3]
        first, second = places[one] - places[at], places[other] - places[at]
        lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
        cosine = np.einsum("ij,ij->i", first, second) / (lengths[0] * lengths[1])
        half_tangent = np.tan(np.arccos(np.clip(cosine, -1, 1)) / 2)
        for end, length in zip((one, other), lengths, strict=True):
            rows.append(at)
            columns.append(end)
            values.append(half_tangent / length)
    shape = (len(places), len(places))
    weights = coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape).tocsr()
    return weights.multiply(1 / np.asarray(weights.sum(axis=1))).tocsr()

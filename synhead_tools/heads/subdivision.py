"""Catmull-Clark subdivision as a sparse matrix: topology once, then one product per head."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix


def catmull_clark(faces: np.ndarray, vertex_count: int) -> tuple[csr_matrix, np.ndarray]:
    """Return the operator of one Catmull-Clark step and the finer quads.

    New vertices are ordered: the old ones (moved; vertex i stays vertex i), one per edge, one per face. At borders the
    curve through the border vertices is smoothed as Catmull and Clark's successors do: (1, 6, 1) / 8 at vertices,
    midpoints at edges. Vertices no face uses stay where they are.

    Parameters
    ----------
    faces : (Q, 4) int array
        Quads.
    vertex_count : int
        Number of vertices the faces index into.

    Returns
    -------
    operator : (vertex_count + E + Q, vertex_count) csr_matrix
        Finer positions are ``operator @ positions``; rows sum to one.
    finer : (4 Q, 4) int array
        Quads in the order of `faces`, four each; corner 0 of each is the old corner.

    References
    ----------
    E. Catmull and J. Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", CAD 10 (1978).
    """
    edges, edge_of, uses = _edges(faces)
    to_faces = _face_points(faces, vertex_count)
    midpoints = _pairs(edges, 0.5, vertex_count)
    inner = uses == 2
    edge_faces = _incidence(edge_of, np.repeat(np.arange(len(faces)), 4), (len(edges), len(faces)))
    smooth_edges = midpoints * 0.5 + (edge_faces @ to_faces) * 0.25
    edge_points = _choose(inner, smooth_edges, midpoints)
    moved = _moved_vertices(faces, edges, uses, to_faces, midpoints, vertex_count)
    return _stack([moved, edge_points, to_faces]), _finer(faces, edge_of, vertex_count, len(edges))


def linear(faces: np.ndarray, vertex_count: int) -> tuple[csr_matrix, np.ndarray]:
    """Return the operator that splits quads at midpoints without moving anything, as texture coordinates need it.

    Parameters and results are those of `catmull_clark`.
    """
    edges, edge_of, _ = _edges(faces)
    identity = csr_matrix((np.ones(vertex_count), (np.arange(vertex_count),) * 2), shape=(vertex_count,) * 2)
    parts = [identity, _pairs(edges, 0.5, vertex_count), _face_points(faces, vertex_count)]
    return _stack(parts), _finer(faces, edge_of, vertex_count, len(edges))


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unique edges (E, 2), the edge of each face side (Q*4,) and how many faces use each edge."""
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, edge_of, uses = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True)
    return edges, edge_of.ravel(), uses


def _face_points(faces: np.ndarray, vertex_count: int) -> csr_matrix:
    rows = np.repeat(np.arange(len(faces)), 4)
    values = np.full(faces.size, 0.25)
    return coo_matrix((values, (rows, faces.ravel())), shape=(len(faces), vertex_count)).tocsr()


def _pairs(edges: np.ndarray, value: float, vertex_count: int) -> csr_matrix:
    rows = np.repeat(np.arange(len(edges)), 2)
    values = np.full(edges.size, value)
    return coo_matrix((values, (rows, edges.ravel())), shape=(len(edges), vertex_count)).tocsr()


def _incidence(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    return coo_matrix((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()


def _rows_divided(matrix: csr_matrix, divisor: np.ndarray) -> csr_matrix:
    return csr_matrix(matrix.multiply(1.0 / np.maximum(divisor, 1)[:, None]))


def _choose(mask: np.ndarray, yes: csr_matrix, no: csr_matrix) -> csr_matrix:
    return csr_matrix(yes.multiply(mask[:, None]) + no.multiply(~mask[:, None]))


def _moved_vertices(faces, edges, uses, to_faces, midpoints, count) -> csr_matrix:
    """(F + 2 R + (n - 3) P) / n inside, (M + P) / 2 on borders with M the mean of the border edges' midpoints."""
    at_faces = _incidence(faces.ravel(), np.repeat(np.arange(len(faces)), 4), (count, len(faces)))
    at_edges = _incidence(edges.ravel(), np.repeat(np.arange(len(edges)), 2), (count, len(edges)))
    valence, edge_valence = (np.asarray(matrix.sum(axis=1)).ravel() for matrix in (at_faces, at_edges))
    identity = csr_matrix((np.ones(count), (np.arange(count),) * 2), shape=(count, count))
    ring = _rows_divided(at_faces @ to_faces, valence) + 2 * _rows_divided(at_edges @ midpoints, edge_valence)
    inner = _rows_divided(ring + identity.multiply((valence - 3)[:, None]), valence)
    at_border = at_edges.multiply((uses != 2)[None, :]).tocsr()
    border_valence = np.asarray(at_border.sum(axis=1)).ravel()
    border = (_rows_divided(at_border @ midpoints, border_valence) + identity) * 0.5
    return _choose(valence == 0, identity, _choose(border_valence > 0, border, inner))


def _finer(faces: np.ndarray, edge_of: np.ndarray, vertex_count: int, edge_count: int) -> np.ndarray:
    after = vertex_count + edge_of.reshape(faces.shape)
    before = np.roll(after, 1, axis=1)
    centre = np.broadcast_to((vertex_count + edge_count + np.arange(len(faces)))[:, None], faces.shape)
    return np.stack([faces, after, centre, before], axis=-1).reshape(-1, 4)


def _stack(parts: list[csr_matrix]) -> csr_matrix:
    from scipy.sparse import vstack

    return csr_matrix(vstack(parts))

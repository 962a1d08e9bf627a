"""Tubes along curves: the frames of glasses."""

from __future__ import annotations

import numpy as np

from synhead_tools.heads.surface import unit, vertex_normals

_SIDES = 8


def tube(
    path: np.ndarray, half_width: float | np.ndarray, half_height: float | np.ndarray, up: np.ndarray, closed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the closed surface of an elliptic tube along a path.

    Parameters
    ----------
    path : (N, 3) array
        Its middle line; the last point is not the first one again.
    half_width, half_height : float or (N,) array
        Half axes across `up` and along it, in the unit of the path.
    up : (3,) array
        Roughly at right angles to the path everywhere.
    closed : bool
        Whether the path is a loop; otherwise the ends are capped.

    Returns
    -------
    vertices, triangles : (V, 3) float64, (T, 3) int64
        Counter-clockwise seen from outside in a frame of either hand: wound so that the enclosed volume is positive.
    """
    path = np.asarray(path, np.float64)
    count = len(path)
    along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    if not closed:
        along[0], along[-1] = path[1] - path[0], path[-1] - path[-2]
    side = unit(np.cross(along, up))
    top = unit(np.cross(side, along))
    angle = 2 * np.pi * np.arange(_SIDES) / _SIDES
    width, height = (np.broadcast_to(half, count)[:, None, None] for half in (half_width, half_height))
    across, upward = np.cos(angle)[None, :, None], np.sin(angle)[None, :, None]
    rings = path[:, None] + width * across * side[:, None] + height * upward * top[:, None]
    vertices, triangles = rings.reshape(-1, 3), _ring_triangles(count, closed)
    if not closed:
        first, last = len(vertices), len(vertices) + 1
        vertices = np.concatenate([vertices, path[[0, -1]]])
        here, following = np.arange(_SIDES), np.roll(np.arange(_SIDES), -1)
        end = (count - 1) * _SIDES
        caps = [np.column_stack([np.full(_SIDES, first), following, here]),
                np.column_stack([np.full(_SIDES, last), end + here, end + following])]  # fmt: skip
        triangles = np.concatenate([triangles, *caps])
    if signed_volume(vertices, triangles) < 0:
        triangles = triangles[:, ::-1]
    return vertices, triangles


def signed_volume(vertices: np.ndarray, triangles: np.ndarray) -> float:
    """Return six times the volume inside of a closed surface, negative if it is wound inside out."""
    a, b, c = np.moveaxis((vertices - vertices.mean(axis=0))[triangles], 1, 0)
    return float((np.cross(a, b) * c).sum())


def joined(pieces: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices, unit normals and triangles of several surfaces as one."""
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in pieces])
    vertices = np.concatenate([vertices for vertices, _ in pieces])
    triangles = np.concatenate([piece[1] + start for piece, start in zip(pieces, starts, strict=False)])
    return vertices, vertex_normals(vertices, triangles), triangles


def _ring_triangles(count: int, closed: bool) -> np.ndarray:
    here = np.arange(count if closed else count - 1)
    ring, side = (grid.ravel() for grid in np.meshgrid(here, np.arange(_SIDES), indexing="ij"))
    following, next_side = (ring + 1) % count, (side + 1) % _SIDES
    a, b = ring * _SIDES + side, ring * _SIDES + next_side
    c, d = following * _SIDES + side, following * _SIDES + next_side
    return np.concatenate([np.column_stack([a, b, d]), np.column_stack([a, d, c])])

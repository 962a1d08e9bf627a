"""Eyeballs: rigid balls at the sockets' centres, looking straight ahead unless an expression turns them.

MakeHuman's macro targets shear the eyes: on its men the irises end up 8 degrees outward and 7 degrees down. Eyeballs
are hard, so they are moved, turned and scaled here, never deformed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import EYEBALLS, load_geometry, load_proxy
from synhead_tools.heads.proxies import fit


def eye_centres(vertices_dm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (3,) of the subject's right and left eyeball in the frame of the vertices."""
    geometry = load_geometry()
    return vertices_dm[geometry.right_eye_vertices].mean(axis=0), vertices_dm[geometry.left_eye_vertices].mean(axis=0)


def place_eyeballs(vertices_dm: np.ndarray, neutral_dm: np.ndarray) -> np.ndarray:
    """Return the vertices (P, 3) of both eyeballs (dm, mesh frame).

    They turn about the centres they have on the neutral head. The expression's targets turn the helper spheres about
    points some 7 mm behind these and would push the balls sideways out of their sockets; a ball is turned to where
    the front of its helper sphere went, without rolling (Listing's law).

    Parameters
    ----------
    vertices_dm : (V, 3) array
        Morphed base vertices, expression included.
    neutral_dm : (V, 3) array
        The same head without expression: what moves the helper spheres from there is the gaze.
    """
    balls = _balls_at_rest()
    placed = np.empty_like(balls)
    for centre, rest_centre, move in _sides(vertices_dm, neutral_dm):
        side = np.sign(balls[:, 0]) == np.sign(rest_centre[0])
        placed[side] = centre + (balls[side] - rest_centre) @ move.T
    return placed


def pupils(vertices_dm: np.ndarray, neutral_dm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles (3,) of the front of the right and left eyeball (dm, mesh frame).

    Parameters are those of `place_eyeballs`.
    """
    balls = _balls_at_rest()
    return tuple(
        centre + move @ [0.0, 0.0, _depth_on_axis(balls - rest_centre)]
        for centre, rest_centre, move in _sides(vertices_dm, neutral_dm)
    )


@lru_cache(maxsize=1)
def _balls_at_rest() -> np.ndarray:
    return fit(load_proxy(EYEBALLS), load_geometry().vertices_dm)


def _sides(vertices: np.ndarray, neutral: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (centre, centre at rest, scaled rotation) of the right and the left eyeball."""
    geometry = load_geometry()
    rest = geometry.vertices_dm
    sides = []
    for sphere in (geometry.right_eye_vertices, geometry.left_eye_vertices):
        centre, rest_centre = neutral[sphere].mean(axis=0), rest[sphere].mean(axis=0)
        scale = _radius(neutral[sphere]) / _radius(rest[sphere])
        front = scale * _depth_on_axis(_balls_at_rest() - rest_centre)
        turned_front = _rotation(neutral[sphere], vertices[sphere])[:, 2] * front
        gaze = vertices[sphere].mean(axis=0) - centre + turned_front
        sides.append((centre, rest_centre, scale * _turn_to(gaze)))
    return sides


def _depth_on_axis(offset: np.ndarray) -> float:
    """Return how far in front of the centre the surface meets the axis, which at rest is z."""
    radius = np.where(offset[:, 2] > 0, np.hypot(offset[:, 0], offset[:, 1]), np.inf)
    return float(offset[radius < radius.min() * 1.1, 2].mean())


def _radius(sphere: np.ndarray) -> float:
    return float(np.sqrt(((sphere - sphere.mean(axis=0)) ** 2).sum(axis=1).mean()))


def _rotation(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the rotation that best takes `before` to `after` about their centres (Kabsch)."""
    u, _, vt = np.linalg.svd((before - before.mean(axis=0)).T @ (after - after.mean(axis=0)))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    return vt.T @ flip @ u.T


def _turn_to(direction: np.ndarray) -> np.ndarray:
    """Return the smallest rotation that takes +z to `direction`, which must not be -z."""
    x, y, z = direction / np.linalg.norm(direction)
    axis = np.array([[0, 0, x], [0, 0, y], [-x, -y, 0]])  # of z cross direction, as a matrix
    return np.eye(3) + axis + axis @ axis / (1 + z)

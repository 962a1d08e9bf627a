"""The 68 points of the iBUG scheme and the five of face detectors, on the rendered surface."""

from __future__ import annotations

import numpy as np

from synhead_tools.heads.assets import EYEBALLS, load_geometry, load_proxy
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.proxies import fit

NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT = 30, 48, 54


def eye_centres(vertices_dm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (3,) of the subject's right and left eyeball in the frame of the vertices."""
    geometry = load_geometry()
    return vertices_dm[geometry.right_eye_vertices].mean(axis=0), vertices_dm[geometry.left_eye_vertices].mean(axis=0)


def pupils(vertices_dm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles (3,) of the front of the right and left eyeball: the mean of the innermost ring of the iris.

    Parameters
    ----------
    vertices_dm : (V, 3) array
        Morphed base vertices, mesh frame.
    """
    fitted = fit(load_proxy(EYEBALLS), vertices_dm)
    rest = fit(load_proxy(EYEBALLS), load_geometry().vertices_dm)
    return tuple(
        fitted[_around_axis(rest, centre)].mean(axis=0) for centre in eye_centres(load_geometry().vertices_dm)
    )


def landmarks68(vertices_dm: np.ndarray) -> np.ndarray:
    """Return the 68 landmarks (68, 3) on the subdivided skin, frame and unit of `vertices_dm`."""
    rows = bust_topology().subdivide[load_geometry().landmark_vertices]
    return rows @ vertices_dm


def points5(vertices_dm: np.ndarray) -> np.ndarray:
    """Return right pupil, left pupil, nose tip, right and left mouth corner (5, 3), frame of `vertices_dm`."""
    points = landmarks68(vertices_dm)
    return np.array([*pupils(vertices_dm), points[NOSE_TIP], points[MOUTH_RIGHT], points[MOUTH_LEFT]])


def _around_axis(eyeballs: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the frontal vertices of one eyeball nearest to the axis through its centre."""
    offset = eyeballs - centre
    radius = np.where(offset[:, 2] > 0, np.hypot(offset[:, 0], offset[:, 1]), np.inf)
    return np.flatnonzero(radius < radius.min() * 1.1)

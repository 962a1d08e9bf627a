"""The 68 points of the iBUG scheme and the five of face detectors, on the rendered surface."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.eyeballs import pupils

NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT = 30, 48, 54


def landmarks68(vertices_dm: np.ndarray) -> np.ndarray:
    """Return the 68 landmarks (68, 3) on the subdivided skin, frame and unit of `vertices_dm`."""
    return _rows() @ vertices_dm


def points5(vertices_dm: np.ndarray, neutral_dm: np.ndarray) -> np.ndarray:
    """Return right pupil, left pupil, nose tip, right and left mouth corner (5, 3), frame of the vertices.

    `neutral_dm` is the same head without expression, see `synhead_tools.heads.eyeballs.place_eyeballs`.
    """
    points = landmarks68(vertices_dm)
    return np.array([*pupils(vertices_dm, neutral_dm), points[NOSE_TIP], points[MOUTH_RIGHT], points[MOUTH_LEFT]])


@lru_cache(maxsize=1)
def _rows() -> csr_matrix:
    return bust_topology().subdivide[load_geometry().landmark_vertices]

"""What must be known of a head to put something on it: its skin without expression, its ears, how far it reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.heads.assets import load_geometry, load_proxy
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.haircuts import mirror_vertices
from synhead_tools.heads.landmarks import landmarks68
from synhead_tools.heads.proxies import fit
from synhead_tools.heads.recipe import HeadRecipe
from synhead_tools.heads.regions import Region

# On the base mesh, subject's left: where the ear's upper end meets the head; the groove behind it, on the way down.
_EAR_ROOT, _EAR_GROOVE = 4545, (4537, 4540, 4555)


@dataclass(frozen=True, eq=False)
class WornShape:
    """A head without expression, as hats and glasses see it; head frame, metres.

    Attributes
    ----------
    skin, triangles : (V, 3) float64, (T, 3) int64
        The skin at the default level of detail.
    ear : (T,) bool
        Whether a triangle is an ear's.
    landmarks : (68, 3) float64
    ear_roots : (2, 3) float64
        Where right and left ear meet the head at their upper ends.
    ear_grooves : (2, K, 3) float64
        Points behind right and left ear, from above downwards.
    strands : (N, 3) float64
        Vertices of brows and lashes.
    """

    skin: np.ndarray
    triangles: np.ndarray
    ear: np.ndarray
    landmarks: np.ndarray
    ear_roots: np.ndarray
    ear_grooves: np.ndarray
    strands: np.ndarray


def worn_shape(
    recipe: HeadRecipe, neutral_dm: np.ndarray, to_head_frame: Callable[[np.ndarray], np.ndarray]
) -> WornShape:
    """Return the shape of a head from its base vertices without expression (dm, mesh frame)."""
    topology = bust_topology()
    control = topology.subdivide @ neutral_dm
    strands = np.concatenate([fit(load_proxy(name), neutral_dm) for name in (recipe.brows, recipe.lashes)])
    roots, grooves = _ear_vertices()
    return WornShape(
        skin=to_head_frame(topology.skin.mix @ control),
        triangles=topology.skin.triangles,
        ear=topology.region == Region.EAR,
        landmarks=to_head_frame(landmarks68(neutral_dm)),
        ear_roots=to_head_frame(control[roots]),
        ear_grooves=to_head_frame(control[grooves]),
        strands=to_head_frame(strands),
    )


@lru_cache(maxsize=1)
def _ear_vertices() -> tuple[np.ndarray, np.ndarray]:
    left = np.array([_EAR_ROOT, *_EAR_GROOVE])
    both = np.stack([mirror_vertices()[left], left])
    assert len(load_geometry().vertices_dm) > both.max()
    return both[:, 0], both[:, 1:]


def reach(places: np.ndarray, vertices: np.ndarray, triangles: np.ndarray, axes: tuple[int, int, int]) -> np.ndarray:
    """Return how far a surface reaches along an axis above places of a plane.

    Parameters
    ----------
    places : (N, 2) array
        Coordinates along the first two `axes`.
    vertices, triangles : (V, 3) and (T, 3) arrays
    axes : tuple of three ints
        Two axes of the plane, and the one along which the largest coordinate is looked for.

    Returns
    -------
    (N,) float64
        -inf where no triangle is met.
    """
    corners = vertices[:, list(axes)][triangles]
    flat = corners[..., :2]
    around = ((flat.max(axis=1) >= places.min(axis=0)) & (flat.min(axis=1) <= places.max(axis=0))).all(axis=1)
    corners = corners[around]
    place, near = _neighbours(places, corners[..., :2])
    (ax, ay, za), (bx, by, zb), (cx, cy, zc) = np.moveaxis(corners[near], 0, -1)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    area = np.where(np.abs(area) < 1e-14, np.nan, area)  # seen on edge it meets no place
    px, py = places[place].T
    b = ((px - ax) * (cy - ay) - (py - ay) * (cx - ax)) / area
    c = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / area
    met = (b >= 0) & (c >= 0) & (b + c <= 1)
    farthest = np.full(len(places), -np.inf)
    np.maximum.at(farthest, place[met], (za + b * (zb - za) + c * (zc - za))[met])
    return farthest


def _neighbours(places: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (place, triangle) that may meet, as two index arrays; `corners` is (T, 3, 2)."""
    if not len(corners):
        return np.zeros(0, int), np.zeros(0, int)
    middle = corners.mean(axis=1)
    radius = np.linalg.norm(corners - middle[:, None], axis=-1).max(axis=1)
    small = np.flatnonzero(radius <= 3 * np.median(radius))
    lists = cKDTree(middle[small]).query_ball_point(places, radius[small].max(), return_sorted=True)
    place = np.repeat(np.arange(len(places)), [len(found) for found in lists])
    near = small[np.concatenate([np.zeros(0, int), *map(np.asarray, lists)]).astype(int)]
    large = np.setdiff1d(np.arange(len(corners)), small)
    return (
        np.concatenate([place, np.repeat(np.arange(len(places)), len(large))]),
        np.concatenate([near, np.tile(large, len(places))]),
    )

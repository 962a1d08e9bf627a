"""Skin below a neckline: drawn in so that it never shows through the cloth, and left out where nobody sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.bust import skin_mesh
from synhead_tools.heads.pose_neck import neck_bend
from synhead_tools.heads.recipe import NOTHING
from synhead_tools.heads.regions import Region
from synhead_tools.heads.torso import below_neckline_dm

_TUCK_M, _TUCK_FROM_DM, _TUCK_TO_DM = 0.014, 0.02, 0.2
_HIDDEN_DM = 0.22


@dataclass(frozen=True, eq=False)
class CoveredSkin:
    """What a style of cloth makes of the skin, the same on all heads of a level of detail.

    Attributes
    ----------
    bend : (V,) float32
        See `synhead_tools.heads.head.Part`; 0 for vertices that no triangle uses.
    depth_m : (V, 1) float32
        How far each vertex is moved inwards.
    triangles : (T, 3) int32
        Triangles that are left, and a fan that closes the skin inside of the cloth.
    triangle_region : (T,) uint8
    """

    bend: np.ndarray
    depth_m: np.ndarray
    triangles: np.ndarray
    triangle_region: np.ndarray


@lru_cache(maxsize=16)
def covered_skin(style: str, detail: int) -> CoveredSkin:
    """Return what a style of cloth (or ``none``) makes of the skin at a level of detail (50 ms, then cached)."""
    rest, _, _, triangles, region = skin_mesh(load_geometry().vertices_dm, detail)
    bend = neck_bend(rest)
    if style == NOTHING:
        return CoveredSkin(bend, np.zeros((len(rest), 1), np.float32), triangles.astype(np.int32), region)
    below = below_neckline_dm(rest, style)
    share = np.clip((below - _TUCK_FROM_DM) / (_TUCK_TO_DM - _TUCK_FROM_DM), 0, 1)
    depth_m = _TUCK_M * share * np.clip(4 * bend - 0.8, 0, 1)
    hidden = ((below > _HIDDEN_DM) & (bend > 0.9))[triangles].all(axis=1)
    bottom = len(rest) - 1  # the lowest point of what closes the bust
    hidden, border = _border(rest, triangles, hidden)
    fan = np.column_stack([border[:, 1], border[:, 0], np.full(len(border), bottom)])
    kept = np.concatenate([triangles[~hidden], fan]).astype(np.int32)
    kept_region = np.concatenate([region[~hidden], np.full(len(fan), Region.NECK, np.uint8)])
    used = np.zeros(len(rest), bool)
    used[kept] = True
    return CoveredSkin(bend * used, depth_m.astype(np.float32)[:, None], kept, kept_region)


def _border(rest: np.ndarray, triangles: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which triangles may go and the edges (E, 2) of those that stay along them; loops that touch nowhere.

    Vertices at one place count as one. Where the border touches itself, triangles stay until it does not.
    """
    place = np.unique(np.round(rest, 5), axis=0, return_inverse=True)[1].ravel()

    def sides(chosen: np.ndarray) -> np.ndarray:
        return np.stack([chosen, np.roll(chosen, -1, axis=1)], axis=-1).reshape(-1, 2)

    def number(edges: np.ndarray) -> np.ndarray:
        return place[edges[:, 0]] * len(rest) + place[edges[:, 1]]

    while True:
        edges = sides(triangles[~hidden])
        border = edges[np.isin(number(edges), number(sides(triangles[hidden])[:, ::-1]))]
        starts, uses = np.unique(place[border[:, 0]], return_counts=True)
        touching = np.isin(place[triangles], starts[uses > 1]).any(axis=1)
        if not touching.any():
            return hidden, border
        hidden = hidden & ~touching

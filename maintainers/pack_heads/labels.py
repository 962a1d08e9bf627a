"""Region of each UV island, and the painted masks of scalp, beard and ambient occlusion."""

from __future__ import annotations

import atlas
import numpy as np
from basemesh import BaseMesh
from scipy.spatial import cKDTree

from synhead_tools.heads.regions import Region

_ISLAND_REGIONS = {
    atlas.TORSO: Region.NECK, atlas.HEAD: Region.SKIN, atlas.MOUTH: Region.MOUTH_INSIDE,
    **dict.fromkeys(atlas.SOCKETS, Region.EYE_SOCKET),
}  # fmt: skip
_HEIGHTS_DM = (0.0, 0.06, 0.12, 0.2, 0.28, 0.36, 0.44, 0.52, 0.6)


def island_regions(base: BaseMesh, kept: np.ndarray) -> np.ndarray:
    """Return the region id of each kept face's UV island; `borders` says what is cut out of the head's skin."""
    return np.array([_ISLAND_REGIONS[number] for number in base.island[kept]], dtype=np.uint8)


def near_weight(vertices: np.ndarray, points: np.ndarray, full_dm: float, none_dm: float) -> np.ndarray:
    """Return 0..1 per vertex: 1 within `full_dm` of the nearest of `points`, 0 beyond `none_dm`."""
    distance = cKDTree(points).query(vertices)[0]
    return np.clip((none_dm - distance) / (none_dm - full_dm), 0, 1)


def covered_weight(vertices: np.ndarray, normals: np.ndarray, strands: np.ndarray) -> np.ndarray:
    """Return 0..1 per vertex: whether hair (points, dm) stands straight above it, up to 6 cm away."""
    tree = cKDTree(strands)
    distance = np.min([tree.query(vertices + height * normals)[0] for height in _HEIGHTS_DM], axis=0)
    return np.clip((0.07 - distance) / 0.04, 0, 1)


def beard_weight(vertices: np.ndarray) -> np.ndarray:
    """Return 0..1: where a beard grows on the base head (dm): moustache, chin, jaw and cheeks below the ears."""
    x, y, z = np.abs(vertices[:, 0]), vertices[:, 1], vertices[:, 2]
    cheek_line = 6.62 + np.clip((x - 0.25) / 0.45, 0, 1) * 0.45
    cheek = _ramp(cheek_line - y, 0.10) * _ramp(z - 0.45, 0.12)
    moustache = _ramp(6.80 - y, 0.03) * _ramp(0.30 - x, 0.06)
    under_jaw = _ramp(y - (6.02 + 0.12 * np.clip(0.8 - z, 0, 1)), 0.10)
    below_lip = np.exp(-((x / 0.10) ** 2) - ((y - 6.44) / 0.05) ** 2)
    return np.maximum(cheek, moustache) * under_jaw * (1 - 0.3 * below_lip)


def _ramp(value: np.ndarray, width: float) -> np.ndarray:
    scaled = np.clip(value / width, 0, 1)
    return scaled * scaled * (3 - 2 * scaled)

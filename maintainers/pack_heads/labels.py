"""Region of each base quad, and the painted masks of scalp, beard and ambient occlusion."""

from __future__ import annotations

import io

import atlas
import numpy as np
from basemesh import BaseMesh
from PIL import Image
from scipy.spatial import cKDTree

from synhead_tools.heads.regions import Region

_ISLAND_REGIONS = {
    atlas.TORSO: Region.NECK, atlas.HEAD: Region.SKIN, atlas.MOUTH: Region.MOUTH_INSIDE,
    **dict.fromkeys(atlas.SOCKETS, Region.EYE_SOCKET),
}  # fmt: skip
# Outline of the nose on the base head seen from the front: height y, half width x (dm).
_NOSE_OUTLINE = ((6.775, 0.05), (6.79, 0.10), (6.80, 0.19), (6.86, 0.205), (6.93, 0.19), (7.02, 0.155), (7.15, 0.12),
                 (7.27, 0.095), (7.33, 0.09))  # fmt: skip

_HEIGHTS_DM = (0.0, 0.06, 0.12, 0.2, 0.28, 0.36, 0.44, 0.52, 0.6)


def face_regions(base: BaseMesh, kept: np.ndarray, masks: dict[str, bytes]) -> np.ndarray:
    """Return the region id of each kept face from UV islands, MakeHuman's UV masks and the nose's outline."""
    region = np.array([_ISLAND_REGIONS[number] for number in base.island[kept]], dtype=np.uint8)
    on_head = base.island[kept] == atlas.HEAD
    region[on_head & _in_nose(base.vertices[base.faces[kept]].mean(axis=1))] = Region.NOSE
    for name, value in (("eyelids", Region.EYELID), ("ears", Region.EAR), ("lips", Region.LIP)):
        region[on_head & _in_mask(masks[name], base.uv[base.face_uv[kept]].mean(axis=1))] = value
    return region


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


def _in_nose(centres: np.ndarray) -> np.ndarray:
    height, half_width = np.array(_NOSE_OUTLINE).T
    x, y, z = centres.T
    inside = (y > height[0]) & (y < height[-1]) & (z > 1.2)
    return inside & (np.abs(x) < np.interp(y, height, half_width))


def _in_mask(data: bytes, uv: np.ndarray) -> np.ndarray:
    mask = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    height, width = mask.shape
    row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    return mask[row, column] > 127

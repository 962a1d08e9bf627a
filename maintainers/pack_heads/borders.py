"""Where lips, nose, ears, eyelids and neck end: for each a function on the base vertices that is 0 on its border.

The functions are signed distances (positive inside), so that they stay smooth when they are subdivided with the mesh:
the border then runs through the middle of quads, and not along their edges.
"""

from __future__ import annotations

import io

import atlas
import numpy as np
from basemesh import BaseMesh, parse_target
from PIL import Image
from scipy.interpolate import splev, splprep
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from synhead_tools.heads.regions import Region

#: Steps of the stored functions, and how many there are on each side of 0. One unit is a texel of MakeHuman's 2048
#: texel masks, 0.6 to 1.3 mm on the face.
QUANTUM, STEPS = 0.25, 127

# In this order: what a later function claims of the skin of the head is taken from the earlier ones.
_MASKS = {Region.EAR: "ears", Region.EYELID: "eyelids", Region.LIP: "lips"}
_MASK_SIZE = 2048
_FINER = 4
_SMOOTHING_TEXELS = 2.0

# The nose ends midway between these vertices of the subject's left side, from the bridge's top down the furrow beside
# the wing to below the septum.
_NOSE_BORDER = ((132, 136), (6910, 6910), (6905, 6905), (6900, 6900), (6901, 11705), (6958, 11705), (11863, 6958),
                (11861, 11860), (6939, 6973), (6978, 6978), (11760, 11753), (11750, 11750), (11751, 11751),
                (11749, 7121), (11688, 7120), (11752, 7077), (11689, 7103), (11687, 7104), (5072, 343))  # fmt: skip
_NOSE_SMOOTHING = 8.0

# Where the upper lid folds, a blink moves the skin by this much, and by so much less per texel above.
_LID_MOVES_DM, _LID_TEXELS_PER_DM = 0.05, 125.0
_BLEND_TEXELS = 0.7

# The neck ends below this line, seen from the side: depth z, height y (dm), from below the chin to the nape.
_NECK_LINE = ((1.7, 5.90), (1.14, 6.155), (0.95, 6.27), (0.75, 6.40), (0.55, 6.52), (0.38, 6.59), (0.2, 6.61),
              (0.0, 6.60), (-0.3, 6.57), (-0.6, 6.54))  # fmt: skip
_NECK_UNITS_PER_DM = 100.0


def region_levels(
    base: BaseMesh, kept: np.ndarray, masks: dict[str, bytes], blinks: tuple[bytes, bytes]
) -> dict[Region, np.ndarray]:
    """Return per base vertex (all of them) the functions of the regions whose borders are cut, in order.

    `masks` are MakeHuman's pictures by name, `blinks` the targets that close the eyes.

    On the vertices of the kept faces they are mirror-symmetric, elsewhere -inf.
    """
    on_head = kept[base.island[kept] == atlas.HEAD]
    head, vertices = np.unique(base.faces[on_head]), np.unique(base.faces[kept])
    texels = np.full((len(base.vertices), 2), np.nan)
    texels[base.faces[on_head].ravel()] = (base.uv[base.face_uv[on_head].ravel()] * [1, -1] + [0, 1]) * _MASK_SIZE
    # Beyond the head's own skin go on as at its edge: inside of the mouth is inside of the lips' border.
    texels[vertices] = texels[head[cKDTree(base.vertices[head]).query(base.vertices[vertices])[1]]]
    levels = {Region.NECK: _neck(base.vertices[vertices]), Region.NOSE: _nose(texels)[vertices]}
    levels |= {region: _mask(masks[name], texels[vertices]) for region, name in _MASKS.items()}
    levels[Region.EYELID] = _smooth_maximum(levels[Region.EYELID], _upper_lids(len(base.vertices), blinks)[vertices])
    mirror = cKDTree(base.vertices[vertices]).query(base.vertices[vertices] * [-1, 1, 1])[1]
    everywhere = {region: np.full(len(base.vertices), -np.inf) for region in levels}
    for region, level in levels.items():
        everywhere[region][vertices] = (level + level[mirror]) / 2
    return everywhere


def quantised(levels: dict[Region, np.ndarray], used: np.ndarray) -> np.ndarray:
    """Return the functions at the `used` vertices as (L, V) int8 in steps of `QUANTUM`."""
    stacked = np.stack(list(levels.values()))[:, used]
    return np.clip(np.round(stacked / QUANTUM), -STEPS, STEPS).astype(np.int8)


def _mask(data: bytes, texels: np.ndarray) -> np.ndarray:
    picture = Image.open(io.BytesIO(data)).convert("L")
    left, top, right, bottom = picture.point(lambda value: 255 * (value > 127)).getbbox()
    box = (max(left - 80, 0), top - 80, min(right + 80, _MASK_SIZE), bottom + 80)
    grey = np.asarray(picture.crop(box), dtype=float)
    smooth = gaussian_filter(np.kron(grey, np.ones((_FINER, _FINER))), _SMOOTHING_TEXELS * _FINER)
    inside = smooth > 127.5
    signed = (distance_transform_edt(inside) - distance_transform_edt(~inside)) / _FINER
    at = (texels - box[:2]) * _FINER - 0.5
    return map_coordinates(signed, at.T[::-1], order=1, mode="nearest")


def _upper_lids(count: int, blinks: tuple[bytes, bytes]) -> np.ndarray:
    """Inside of what comes down over the eyeball in a blink: the masks end right above the lashes."""
    moved_dm = np.zeros(count)
    for data in blinks:
        index, delta = parse_target(data)
        moved_dm[index] += np.linalg.norm(delta, axis=1)
    return (moved_dm - _LID_MOVES_DM) * _LID_TEXELS_PER_DM


def _smooth_maximum(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _BLEND_TEXELS * np.logaddexp(first / _BLEND_TEXELS, second / _BLEND_TEXELS)


def _nose(texels: np.ndarray) -> np.ndarray:
    """Inside of the outline: a smooth curve near the points of both sides."""
    first, second = np.array(_NOSE_BORDER).T
    left = (texels[first] + texels[second]) / 2
    middle = texels[_NOSE_BORDER[0][0], 1]
    right = left[1:-1][::-1] * [1, -1] + [0, 2 * middle]
    curve, _ = splprep(np.concatenate([left, right, left[:1]]).T, s=_NOSE_SMOOTHING, per=True)
    outline = np.column_stack(splev(np.linspace(0, 1, 4000, endpoint=False), curve))
    texels = np.nan_to_num(texels, nan=-1e4)
    distance = cKDTree(outline).query(texels)[0]
    return np.where(_in_polygon(texels, outline), distance, -distance)


def _in_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Even-odd rule."""
    inside = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def _neck(vertices: np.ndarray) -> np.ndarray:
    depth, height = np.array(_NECK_LINE)[::-1].T
    return (np.interp(vertices[:, 2], depth, height) - vertices[:, 1]) * _NECK_UNITS_PER_DM

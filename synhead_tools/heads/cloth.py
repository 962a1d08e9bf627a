"""Cloth: its picture, and skin that keeps out of its way."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from synhead_tools.heads.head import Part
from synhead_tools.heads.torso import below_neckline_dm

_SIZE_PX = (512, 640)  # rows, columns: about a millimetre each
_WEAVE, _GRAIN, _WEAR = 0.028, 0.025, 0.03  # strengths, as shares of the colour
_TUCK_M, _TUCK_FROM_DM, _TUCK_TO_DM = 0.012, 0.02, 0.25


def cloth_texture(rgb: tuple[float, float, float], seed: int) -> np.ndarray:
    """Return a picture of plain woven cloth (H, W, 4) uint8: threads across and down, fine grain and some wear.

    Parameters
    ----------
    rgb : tuple of 3 floats
        sRGB 0..1, the mean colour.
    seed : int
        The same seed and colour give the same bytes.
    """
    rng = np.random.default_rng([seed, 0xFAB])
    noise = rng.standard_normal((3, *_SIZE_PX), dtype=np.float32)
    threads = _unit(gaussian_filter(noise[0], (0.6, 5))) + _unit(gaussian_filter(noise[1], (5, 0.6)))
    wear = _unit(gaussian_filter(noise[2], 24, mode="wrap"))
    brightness = 1 + _WEAVE * threads + _GRAIN * noise[2] + _WEAR * wear
    colour = 255 * np.array(rgb, dtype=np.float32) * brightness[..., None]
    opaque = np.full(_SIZE_PX, 255, dtype=np.uint8)
    return np.dstack([np.clip(colour, 0, 255).round().astype(np.uint8), opaque])


def tucked(skin: Part, rest_dm: np.ndarray, style: str) -> np.ndarray:
    """Return the skin's vertices (V, 3) moved inwards where cloth covers them, so that they never show through.

    Parameters
    ----------
    skin : Part
        With its `bend`: only what belongs to the body moves.
    rest_dm : (V, 3) array
        Where its vertices are on the rest mesh.
    style : str
        Of the cloth.
    """
    below = (below_neckline_dm(rest_dm, style) - _TUCK_FROM_DM) / (_TUCK_TO_DM - _TUCK_FROM_DM)
    depth_m = _TUCK_M * np.clip(below, 0, 1) * np.clip(4 * skin.bend - 0.8, 0, 1)
    return skin.vertices_m - (depth_m[:, None] * skin.normals).astype(np.float32)


def _unit(noise: np.ndarray) -> np.ndarray:
    return noise / noise.std()

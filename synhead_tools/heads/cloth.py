"""The picture of cloth."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

_SIZE_PX = (512, 640)  # rows, columns: about a millimetre each
_WEAVE, _GRAIN, _WEAR = 0.028, 0.025, 0.03  # strengths, as shares of the colour


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


def _unit(noise: np.ndarray) -> np.ndarray:
    return noise / noise.std()

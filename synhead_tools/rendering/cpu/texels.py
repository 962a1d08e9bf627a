"""Textures as the ``cpu`` renderer reads them: square roots of linear light, ten bits a channel, and alphas apart.

The square root of linear light in ten bits is decoded by one multiplication, and is nowhere farther than 0.16 levels
from the sRGB value that was stored. Colours are not premultiplied; so that interpolation never mixes in the (unseen)
colour of transparent texels, they take the colour of what lies around them. Four bytes a texel, and one for alpha
where there is any: what limits drawing is how much of a texture fits into the cache.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.mipmap import FULL, MipChain

#: Alpha of a texel that is full on.
ALPHA_FULL = 255
#: Largest square root of linear light, full on.
ROOT_FULL = 1023


def packed_colours(chain: MipChain) -> np.ndarray:
    """Colours of a chain's texels.

    Parameters
    ----------
    chain : MipChain

    Returns
    -------
    (N,) uint32
        Square roots of linear red, green and blue, 0 to 1023, from bit 20, 10 and 0 on; not premultiplied.
    """
    above = np.zeros((1, 1, 3), np.float32)
    packed = np.empty(len(chain.texels), np.uint32)
    for (width, height), start in zip(chain.sizes[::-1], chain.starts[::-1], strict=True):
        texels = chain.texels[start : start + width * height].reshape(height, width, 4).astype(np.float32)
        alpha = texels[..., 3:]
        seen = alpha >= FULL / ALPHA_FULL / 2
        # the transparent take the colour of the smaller level, whose texels are the mean of all around
        rows = np.minimum(np.arange(height) // 2, above.shape[0] - 1)
        columns = np.minimum(np.arange(width) // 2, above.shape[1] - 1)
        colour = np.where(seen, texels[..., :3] / np.maximum(alpha, 1), above[rows[:, None], columns])
        packed[start : start + width * height] = _packed(colour)
        above = colour
    return packed


def unpacked_colours(colours: np.ndarray) -> np.ndarray:
    """Linear light (..., 3) float64, 0 to 1, of packed colours (...) uint32."""
    roots = np.stack([colours >> 20, (colours >> 10) & ROOT_FULL, colours & ROOT_FULL], axis=-1)
    return (roots / ROOT_FULL) ** 2


def packed_alphas(chain: MipChain) -> np.ndarray:
    """Alphas (N,) uint8 of a chain's texels."""
    return ((chain.texels[:, 3].astype(np.uint32) * ALPHA_FULL + FULL // 2) // FULL).astype(np.uint8)


def _packed(linear: np.ndarray) -> np.ndarray:
    """Inverse of `unpacked_colours`, flat, of (H, W, 3) float32."""
    roots = np.floor(np.sqrt(np.clip(linear, 0, 1)) * np.float32(ROOT_FULL) + np.float32(0.5)).astype(np.uint32)
    return (roots[..., 0] << 20 | roots[..., 1] << 10 | roots[..., 2]).reshape(-1)

"""Textures as the rasteriser reads them: linear light, premultiplied by alpha, halved down to one texel.

Filtering is right only in linear light and only with premultiplied colours: otherwise the (unseen) colour of
transparent texels bleeds into the edges of hair, and small bright spots darken with distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import HeadError

#: Value of a texel that is full on; 16 bits keep the darkest sRGB steps apart in linear light.
FULL = 65535


@dataclass(frozen=True, eq=False)
class MipChain:
    """One texture at all its sizes.

    Attributes
    ----------
    texels : (N, 4) uint16
        Premultiplied linear red, green, blue and alpha, 0 to 65535; level after level, rows from the top.
    sizes : (L, 2) int32
        Width and height of each level, the largest first.
    starts : (L,) int64
        First row of each level in `texels`.
    """

    texels: np.ndarray
    sizes: np.ndarray
    starts: np.ndarray


def srgb_to_linear(encoded: np.ndarray) -> np.ndarray:
    """Linear light of sRGB-encoded values; both 0 to 1 (IEC 61966-2-1)."""
    encoded = np.asarray(encoded, np.float64)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0.0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """sRGB-encoded values of linear light; both 0 to 1 (IEC 61966-2-1)."""
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055)


def build_mip_chain(texture: np.ndarray, opaque: bool) -> MipChain:
    """Halve a texture down to 1 x 1.

    Parameters
    ----------
    texture : (H, W, 4) uint8
        sRGB colours and straight alpha; any size.
    opaque : bool
        Ignore alpha.

    Returns
    -------
    MipChain

    Raises
    ------
    HeadError
        `texture` has another shape or dtype.
    """
    texture = np.asarray(texture)
    if texture.ndim != 3 or texture.shape[2] != 4 or texture.dtype != np.uint8 or 0 in texture.shape:
        raise HeadError(f"texture is {texture.dtype} {texture.shape}; give uint8 of shape (H, W, 4)")
    table = srgb_to_linear(np.arange(256) / 255).astype(np.float32)
    level = np.ones(texture.shape, np.float32)
    if not opaque:
        level[..., 3] = texture[..., 3].astype(np.float32) / np.float32(255)
    level[..., :3] = table[texture[..., :3]] * level[..., 3:]
    levels = [level]
    while max(level.shape[:2]) > 1:
        level = _halve(_halve(level, 0), 1)
        levels.append(level)
    texels = np.concatenate([np.floor(n * FULL + 0.5).astype(np.uint16).reshape(-1, 4) for n in levels])
    counts = np.array([n.shape[0] * n.shape[1] for n in levels], np.int64)
    sizes = np.array([(n.shape[1], n.shape[0]) for n in levels], np.int32)
    return MipChain(texels, sizes, np.cumsum(counts) - counts)


def _halve(level: np.ndarray, axis: int) -> np.ndarray:
    """Average along one axis to half the length, rounded down, weighing each texel by the area it shares."""
    length = level.shape[axis]
    if length == 1:
        return level
    rows = np.moveaxis(level, axis, 0)
    half = length // 2
    if length % 2 == 0:
        out = (rows[0::2] + rows[1::2]) * np.float32(0.5)
    else:
        # Each new texel covers 2 + 1/half old ones: a whole one in the middle and parts of its neighbours.
        index = np.arange(half, dtype=np.float32).reshape(-1, *([1] * (level.ndim - 1)))
        weights = ((half - index) / length, np.float32(half / length), (index + 1) / length)
        out = sum(w * rows[k : k + 2 * half : 2] for k, w in enumerate(weights))
    return np.ascontiguousarray(np.moveaxis(out.astype(np.float32), 0, axis))

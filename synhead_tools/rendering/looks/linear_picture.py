"""Changes of finished pictures: of their linear light, under alpha or over a background; noise; blur.

Sums, products and square roots of 32-bit numbers and tables alone, so that the bytes are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from synhead_tools.rendering.cpu.mipmap import linear_to_srgb, srgb_to_linear
from synhead_tools.rendering.looks.law import Picture
from synhead_tools.rendering.looks.streams import stream

_STEPS = 1 << 14
_LINEAR = srgb_to_linear(np.arange(256) / 255).astype(np.float32)
_ENCODED = np.floor(linear_to_srgb(np.arange(_STEPS + 1) / _STEPS) * 255 + 0.5).astype(np.uint8)
_NOISE_TERMS = 4
_BLUR_PARTS = 1 << 12


def recoloured(picture: Picture, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the image after a change of its linear colours.

    Parameters
    ----------
    picture : Picture
    change : callable
        Takes linear RGB (H, W, 3) float32 of what is seen, not multiplied by alpha, and returns the same; what is
        beyond 0..1 is cut.

    Returns
    -------
    (H, W, 3) uint8
        Premultiplied by alpha again, unless the picture is composed.
    """
    alpha = picture.alpha.astype(np.uint32)[..., None]
    straight = picture.image
    if not picture.composed:
        straight = (picture.image.astype(np.uint32) * 255 + alpha // 2) // np.maximum(alpha, 1)
        straight = np.minimum(straight, 255)
    seen = np.clip(change(_LINEAR[straight]), 0, 1)
    encoded = _ENCODED[(seen * np.float32(_STEPS) + np.float32(0.5)).astype(np.int32)]
    if picture.composed:
        return encoded
    return ((encoded * alpha + 127) // 255).astype(np.uint8)


def mean_linear(texture: np.ndarray) -> tuple[float, float, float]:
    """Return the mean linear red, green and blue of a picture (H, W, 3 or 4) uint8: of its histogram, so exactly."""
    counts = (np.bincount(texture[..., k].ravel(), minlength=256) for k in range(3))
    pixels = texture.shape[0] * texture.shape[1]
    return tuple(float((count * _LINEAR.astype(np.float64)).sum() / pixels) for count in counts)


def noisy(linear: np.ndarray, shot: np.float32, read: np.float32, seed: int, name: str) -> np.ndarray:
    """Add noise of variance shot^2 x + read^2 to linear light x; (..., K) float32.

    It is the sum of four even variates, near enough to normal (at most 3.5 sigma) and quick.

    Parameters
    ----------
    linear : float32 array
    shot, read : float32
    seed : int
        The sample's.
    name : str
        Of the look, so that two looks do not make the same noise.
    """
    if not shot and not read:
        return linear
    grain = stream(seed, f"noise of {name}").random((_NOISE_TERMS, *linear.shape), np.float32)
    total = grain[0] + grain[1] + grain[2] + grain[3] - np.float32(_NOISE_TERMS / 2)
    sigma = np.sqrt(np.float32(shot) ** 2 * np.maximum(linear, 0) + np.float32(read) ** 2)
    return linear + total * (sigma * np.float32(np.sqrt(12 / _NOISE_TERMS)))


def blurred(picture: Picture, sigma_px: float) -> Picture:
    """Return the picture with image and alpha blurred alike; the edge repeats beyond the frame."""
    kernel = _kernel(sigma_px)
    if len(kernel) == 1:
        return picture
    planes = np.concatenate([picture.image, picture.alpha[..., None]], axis=-1).astype(np.uint32)
    for axis in (0, 1):
        half, length = len(kernel) // 2, planes.shape[axis]
        places = np.clip(np.arange(-half, length + half), 0, length - 1)
        wide = np.take(planes, places, axis=axis)
        shifted = (np.take(wide, np.arange(k, k + length), axis=axis) for k in range(len(kernel)))
        planes = sum(int(weight) * plane for weight, plane in zip(kernel, shifted, strict=True))
        planes = (planes + _BLUR_PARTS // 2) // _BLUR_PARTS
    planes = planes.astype(np.uint8)
    return replace(picture, image=planes[..., :3], alpha=planes[..., 3])


def _kernel(sigma_px: float) -> np.ndarray:
    """Whole weights that sum to `_BLUR_PARTS`; one alone where the blur is too small to be seen."""
    half = int(np.ceil(3 * sigma_px))
    if sigma_px < 0.2:
        return np.array([_BLUR_PARTS])
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_px) ** 2)
    whole = np.round(weights / weights.sum() * _BLUR_PARTS).astype(np.int64)
    whole[half] += _BLUR_PARTS - whole.sum()
    return whole

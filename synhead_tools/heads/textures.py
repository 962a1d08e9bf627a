"""Pictures of hair, brows, lashes and eyes in the colours a recipe asks for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import EYE_COLOURS, load_texture

_STRAND_ALPHA = 60  # texels this opaque are strands; the rest of the picture says nothing about brightness
_MEDIAN_BRIGHTNESS = {"hair": 0.55, "brows": 0.8}  # of the middle strands, relative to the brightest
_MUTED = {"bluegreen": 0.5, "deepblue": 0.45, "green": 0.35, "lightblue": 0.3}  # no one's irises are that colourful
_LASH_RGB = (0.16, 0.12, 0.10)


def strands(kind: str, name: str, rgb: tuple[float, float, float]) -> np.ndarray:
    """Return a picture of hair or brows (H, W, 4) uint8, recoloured.

    The source's brightness is kept up to a gamma: its brightest strands become `rgb` (sRGB 0..1) and its middle ones
    a fixed share of that, so that the same colour looks the same on sources of very different contrast.
    """
    relative, alpha = _brightness(kind, name)
    picture = np.empty((*alpha.shape, 4), dtype=np.uint8)
    for channel, value in enumerate(rgb):
        picture[..., channel] = np.clip(relative * np.float32(value * 255) + np.float32(0.5), 0, 255.5)
    picture[..., 3] = alpha
    return picture


@lru_cache(maxsize=32)
def _brightness(kind: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return how bright strands are (H, W) float32, 1 for the brightest, and their alpha (H, W) uint8."""
    source = np.asarray(load_texture(kind, name).convert("RGBA"), dtype=np.float32)
    brightness, alpha = source[..., :3].mean(axis=-1), source[..., 3]
    seen = brightness[alpha > _STRAND_ALPHA]
    top = max(float(np.percentile(seen, 97)), 1.0) if seen.size else 255.0
    middle = float(np.median(seen)) / top if seen.size else 0.5
    gamma = np.log(_MEDIAN_BRIGHTNESS[kind]) / np.log(np.clip(middle, 0.02, 0.98))
    relative = (brightness / top) ** np.clip(gamma, 0.05, 1.2)
    return _bleed(relative, alpha).astype(np.float32), alpha.astype(np.uint8)


def lashes(name: str, strength: float) -> np.ndarray:
    """Return a picture of lashes (H, W, 4) uint8: very dark brown, their alpha scaled by `strength` 0..1."""
    alpha = np.asarray(load_texture("lashes", name).convert("RGBA"), dtype=np.float32)[..., 3]
    colour = np.broadcast_to(np.array(_LASH_RGB, dtype=np.float32) * 255, (*alpha.shape, 3))
    return _rgba(colour, alpha * strength)


@lru_cache(maxsize=len(EYE_COLOURS))
def eyes(name: str) -> np.ndarray:
    """Return the picture of both eyeballs (H, W, 4) uint8, opaque and not to be written to: it is shared."""
    colour = np.asarray(load_texture("eyes", name).convert("RGB"), dtype=np.float32)
    if name == "brown":  # the source's iris is close to red
        grey = colour.mean(axis=-1, keepdims=True)
        colour = np.where(colour[..., :1] > 1.6 * colour[..., 2:], 0.55 * colour + 0.45 * grey, colour)
    grey = colour.mean(axis=-1, keepdims=True)
    colour = colour + _MUTED.get(name, 0.0) * (grey - colour)
    picture = _rgba(colour, np.full(colour.shape[:2], 255, dtype=np.float32))
    picture.setflags(write=False)
    return picture


def _bleed(brightness: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fill clear texels with the brightness of the nearest strand, so that filtering brings in no foreign border."""
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(alpha <= _STRAND_ALPHA, return_distances=False, return_indices=True)
    return brightness[tuple(nearest)]


def _rgba(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.dstack([np.clip(colour, 0, 255), np.clip(alpha, 0, 255)]).round().astype(np.uint8)

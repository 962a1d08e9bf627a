"""The skin's picture: a small photographic atlas made larger, tinted, with pores, shade, scalp and beard painted in."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from synhead_tools.heads.assets import load_texture
from synhead_tools.heads.recipe import NO_HAIR, HeadRecipe

ENLARGEMENT = 4
_PORE_SIGMA_PX, _BLOTCH_SIGMA_PX, _HAIR_SIGMA_PX = 0.9, 4.0, 0.7
_PORE_STRENGTH = 0.04
_SHADE = (0.30, 0.42, 0.46)  # how much of red, green, blue goes in full occlusion: red light wanders in skin
_BEARD_DARKENING = 0.75


def skin_texture(recipe: HeadRecipe) -> np.ndarray:
    """Return the skin's picture (H, W, 4) uint8 of a recipe; alpha is 255 everywhere.

    The same recipe gives the same bytes: noise comes from the recipe's seed alone.
    """
    source = load_texture("skin", recipe.skin).convert("RGB")
    size = (source.width * ENLARGEMENT, source.height * ENLARGEMENT)
    colour = np.asarray(source.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    rng = np.random.default_rng([recipe.seed, 0x5C1])
    noise = rng.standard_normal(colour.shape[:2], dtype=np.float32)
    colour = colour * np.array(recipe.skin_gain, dtype=np.float32)
    colour = _painted_hair(colour, recipe, noise, size)
    grain = _unit_noise(noise, _PORE_SIGMA_PX) + 0.7 * _unit_noise(noise[::-1], _BLOTCH_SIGMA_PX)
    colour *= (1 + _PORE_STRENGTH * recipe.pores * grain)[..., None]
    colour *= 1 - (1 - _mask("masks", "occlusion", size))[..., None] * np.array(_SHADE, dtype=np.float32)
    opaque = np.full(colour.shape[:2], 255, dtype=np.uint8)
    return np.dstack([np.clip(colour, 0, 255).round().astype(np.uint8), opaque])


def _painted_hair(colour: np.ndarray, recipe: HeadRecipe, noise: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Paint scalp and beard as fine strands between skin and hair colour."""
    hair_rgb = np.array(recipe.hair_rgb, dtype=np.float32) * 255
    if recipe.scalp > 0 and recipe.hair != NO_HAIR:
        cover = recipe.scalp * _mask("scalp", recipe.hair, size)
        colour = colour + cover[..., None] * (0.6 * hair_rgb - colour)
    if recipe.beard > 0:
        strands = np.clip(0.5 + 0.5 * _unit_noise(noise[:, ::-1], _HAIR_SIGMA_PX), 0, 1)
        cover = recipe.beard * _mask("masks", "beard", size) * (0.55 + 0.45 * strands) * _BEARD_DARKENING
        colour = colour + cover[..., None] * (0.5 * hair_rgb - colour)
    return colour


def _mask(kind: str, name: str, size: tuple[int, int]) -> np.ndarray:
    mask = load_texture(kind, name).convert("L").resize(size, Image.Resampling.BICUBIC)
    return np.asarray(mask, dtype=np.float32) / 255


def _unit_noise(noise: np.ndarray, sigma_px: float) -> np.ndarray:
    smooth = gaussian_filter(noise, sigma_px, mode="wrap")
    return smooth / smooth.std()

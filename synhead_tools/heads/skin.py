"""The skin's picture: a small photographic atlas made larger, tinted, with pores, shade, scalp and beard painted in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from synhead_tools.heads.assets import load_texture
from synhead_tools.heads.haircuts import hair_asset
from synhead_tools.heads.recipe import BUZZ_CUT, NO_HAIR, HeadRecipe

ENLARGEMENT = 4
_PORE_SIGMA_PX, _BLOTCH_SIGMA_PX, _HAIR_SIGMA_PX = 0.9, 4.0, 0.7
_PORE_STRENGTH = 0.04
_SHADE = (0.30, 0.42, 0.46)  # how much of red, green, blue goes in full occlusion: red light wanders in skin
_BEARD_DARKENING = 0.75
_BEARD_EDGE_SIGMA_PX = 11.0
_BUZZ_CUT_OUTLINE = "short01"  # whose scalp a buzz cut is painted on


def skin_texture(recipe: HeadRecipe) -> np.ndarray:
    """Return the skin's picture (H, W, 4) uint8 of a recipe; alpha is 255 everywhere.

    The same recipe gives the same bytes: noise comes from the recipe's seed alone.
    """
    colour = [plane.astype(np.float32) for plane in _enlarged_skin(recipe.skin)]
    height, width = colour[0].shape
    # One quarter of the picture is drawn and repeated: no one sees it in grain, and it takes a quarter of the time.
    rng = np.random.default_rng([recipe.seed, 0x5C1])
    noise = rng.standard_normal((height // 2, width // 2), dtype=np.float32)
    for plane, gain in zip(colour, recipe.skin_gain, strict=True):
        plane *= np.float32(gain)
    _paint_hair(colour, recipe, noise)
    grain = _unit_noise(noise, _PORE_SIGMA_PX) + 0.7 * _unit_noise(noise[::-1], _BLOTCH_SIGMA_PX)
    factor = _repeated(1 + np.float32(_PORE_STRENGTH * recipe.pores) * grain)
    picture = np.empty((height, width, 4), dtype=np.uint8)
    picture[..., 3] = 255
    for channel, (plane, light) in enumerate(zip(colour, _occlusion_light((width, height)), strict=True)):
        plane *= factor
        plane *= light
        plane += np.float32(0.5)
        np.clip(plane, 0, 255.5, out=plane)
        picture[..., channel] = plane
    return picture


def _paint_hair(colour: list[np.ndarray], recipe: HeadRecipe, noise: np.ndarray) -> None:
    """Paint scalp and beard as fine strands between skin and hair colour."""
    size = colour[0].shape[::-1]
    if recipe.scalp > 0 and recipe.hair == BUZZ_CUT:
        cover = _mask("scalp", _BUZZ_CUT_OUTLINE, size) * _repeated(recipe.scalp * _strands(noise))
        _blend(colour, cover, np.array(recipe.hair_rgb) * 0.5)
    elif recipe.scalp > 0 and recipe.hair != NO_HAIR:
        cover = _mask("scalp", hair_asset(recipe.hair), size) * np.float32(recipe.scalp)
        _blend(colour, cover, np.array(recipe.hair_rgb) * 0.6)
    if recipe.beard > 0:
        strands = _repeated(np.float32(recipe.beard * _BEARD_DARKENING) * _strands(noise[:, ::-1]))
        hair_rgb = np.array(recipe.hair_rgb)
        _blend(colour, _mask("masks", "beard", size) * strands, hair_rgb * (0.45 + 0.3 * hair_rgb.mean()))


def _strands(noise: np.ndarray) -> np.ndarray:
    return np.float32(0.55) + np.float32(0.45) * np.clip(0.5 + 0.5 * _unit_noise(noise, _HAIR_SIGMA_PX), 0, 1)


def _blend(colour: list[np.ndarray], cover: np.ndarray, rgb: np.ndarray) -> None:
    for plane, value in zip(colour, rgb.tolist(), strict=True):
        plane += cover * (np.float32(value * 255) - plane)


@lru_cache(maxsize=6)
def _enlarged_skin(name: str) -> np.ndarray:
    """Return the enlarged source (3, H, W) uint8; do not write into it, it is shared."""
    source = load_texture("skin", name).convert("RGB")
    size = (source.width * ENLARGEMENT, source.height * ENLARGEMENT)
    return np.ascontiguousarray(np.moveaxis(np.asarray(source.resize(size, Image.Resampling.BICUBIC)), 2, 0))


@lru_cache(maxsize=1)
def _occlusion_light(size: tuple[int, int]) -> np.ndarray:
    """Return what share of red, green and blue (3, H, W) float32 folds and sockets leave."""
    return 1 - (1 - _mask("masks", "occlusion", size)) * np.array(_SHADE, dtype=np.float32)[:, None, None]


def _mask(kind: str, name: str, size: tuple[int, int]) -> np.ndarray:
    return _enlarged_mask(kind, name, size).astype(np.float32) / np.float32(255)


@lru_cache(maxsize=16)
def _enlarged_mask(kind: str, name: str, size: tuple[int, int]) -> np.ndarray:
    mask = load_texture(kind, name).convert("L").resize(size, Image.Resampling.BICUBIC)
    if name == "beard":  # grows thin towards its edge
        return gaussian_filter(np.asarray(mask), _BEARD_EDGE_SIGMA_PX)
    return np.asarray(mask)


def _repeated(quarter: np.ndarray) -> np.ndarray:
    return np.tile(quarter.astype(np.float32), (2, 2))


def _unit_noise(noise: np.ndarray, sigma_px: float) -> np.ndarray:
    smooth = gaussian_filter(noise, sigma_px, mode="wrap")
    return smooth / smooth.std()

"""Colours of a population: skin tones on one continuous scale, hair that greys, eyes, and how often each occurs.

The scales are the project's own, set by eye so that rendered people look natural; they are no statistics of any nation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synhead_tools.heads.recipe import ANCESTRIES

#: sRGB (0 to 255) of a face's skin in the picture, from the lightest (0) to the darkest (1) of people.
_TONES_RGB = np.array([
    (238, 200, 178), (226, 180, 152), (208, 160, 128), (183, 134, 104), (146, 101, 76), (109, 73, 56), (80, 54, 43),
])  # fmt: skip
_DARKNESS = {"african": (0.80, 0.12), "asian": (0.34, 0.11), "caucasian": (0.22, 0.11)}  # mean and deviation
_WARMTH_SIGMA = np.array([0.012, 0.0, 0.03])  # how far red and blue stray from the scale

#: Middle colour of each skin picture on forehead and cheeks, sRGB 0 to 255; a test measures them again.
SKIN_RGB = {
    "young_african_female": (102, 59, 41), "young_african_male": (84, 54, 37),
    "young_asian_female": (224, 178, 147), "young_asian_male": (205, 159, 130),
    "young_caucasian_female": (223, 181, 154), "young_caucasian_male": (224, 167, 134),
    "middleage_african_female": (101, 56, 38), "middleage_african_male": (94, 55, 35),
    "middleage_asian_female": (221, 175, 145), "middleage_asian_male": (212, 160, 126),
    "middleage_caucasian_female": (215, 169, 140), "middleage_caucasian_male": (209, 160, 127),
    "old_african_female": (95, 38, 20), "old_african_male": (98, 50, 27),
    "old_asian_female": (208, 151, 114), "old_asian_male": (189, 118, 79),
    "old_caucasian_female": (211, 166, 139), "old_caucasian_male": (225, 166, 124),
    "young_caucasian_female_2": (223, 174, 147), "young_caucasian_male_2": (205, 159, 130),
}  # fmt: skip
_GAIN_RANGE = (0.45, 1.5)

_HAIR_RGB = {
    "black": (0.12, 0.10, 0.095), "dark brown": (0.22, 0.155, 0.115), "brown": (0.36, 0.25, 0.17),
    "light brown": (0.52, 0.38, 0.25), "blond": (0.76, 0.61, 0.40), "red": (0.55, 0.27, 0.13),
}  # fmt: skip
_HAIR_SHARES = {
    "african": {"black": 0.93, "dark brown": 0.07},
    "asian": {"black": 0.74, "dark brown": 0.23, "brown": 0.03},
    "caucasian": {"black": 0.12, "dark brown": 0.27, "brown": 0.27, "light brown": 0.14, "blond": 0.15, "red": 0.05},
}  # fmt: skip
_GREY_RGB = np.array([0.72, 0.71, 0.69])
_GREYING_YEARS, _GREYING_SIGMA, _GREYING_SPREAD = 54.0, 6.0, 5.0
_DYED_SHARE = 0.35  # of women whose hair has begun to grey

_EYE_SHARES = {
    "african": {"brown": 0.93, "brownlight": 0.07},
    "asian": {"brown": 0.86, "brownlight": 0.14},
    "caucasian": {"brown": 0.24, "brownlight": 0.16, "green": 0.13, "bluegreen": 0.04, "grey": 0.14, "blue": 0.17,
                  "lightblue": 0.06, "deepblue": 0.05, "ice": 0.01},
}  # fmt: skip

Rgb = tuple[float, float, float]


def draw_darkness(ancestry: Mapping[str, float], rng: np.random.Generator) -> float:
    """Draw how dark a skin is, 0 to 1; people of mixed ancestry lie in between."""
    total = sum(ancestry.values())
    mean, deviation = (sum(ancestry[name] * _DARKNESS[name][k] for name in ancestry) / total for k in (0, 1))
    return float(np.clip(rng.normal(mean, deviation), 0, 1))


def skin_rgb(darkness: float) -> np.ndarray:
    """Return the sRGB colour (3,), 0 to 255, of a skin of that darkness, 0 to 1."""
    steps = np.linspace(0, 1, len(_TONES_RGB))
    return np.array([np.interp(darkness, steps, channel) for channel in _TONES_RGB.T])


def skin_gain(skin: str, darkness: float, rng: np.random.Generator) -> Rgb:
    """Draw the recipe's factors that give a skin picture that darkness, with a little more red or yellow."""
    wanted = skin_rgb(darkness) * (1 + rng.normal(0, 1, 3) * _WARMTH_SIGMA)
    return _rounded(np.clip(wanted / SKIN_RGB[skin], *_GAIN_RANGE))


def reaches(skin: str, darkness: float) -> bool:
    """Say whether a skin picture can be given that darkness without washing out or drowning what is in it."""
    gain = skin_rgb(darkness) / SKIN_RGB[skin]
    return bool((gain >= _GAIN_RANGE[0]).all() and (gain <= _GAIN_RANGE[1]).all())


def draw_hair(
    ancestry: Mapping[str, float], darkness: float, age_years: float, man: bool, rng: np.random.Generator
) -> tuple[Rgb, Rgb]:
    """Draw the colours of hair and brows, sRGB 0 to 1; both grey with age, brows later, some women dye theirs."""
    shares = _without_light(_mixed(_HAIR_SHARES, ancestry), ("black", "dark brown"), darkness)
    natural = np.array(_HAIR_RGB[draw(shares, rng)]) * rng.uniform(0.85, 1.15)
    begins = rng.normal(_GREYING_YEARS, _GREYING_SIGMA)
    grey = 1 / (1 + np.exp((begins - age_years) / _GREYING_SPREAD))
    dyed = not man and grey > 0.2 and rng.random() < _DYED_SHARE
    hair = natural + (0.0 if dyed else grey) * (_GREY_RGB * rng.uniform(0.75, 1.1) - natural)
    brow = 0.72 * natural + 0.55 * grey * (0.8 * _GREY_RGB - 0.72 * natural)
    return _rounded(np.clip(hair, 0, 1)), _rounded(np.clip(brow, 0, 1))


def draw_eyes(ancestry: Mapping[str, float], darkness: float, rng: np.random.Generator) -> str:
    """Draw the name of an eye colour."""
    return draw(_without_light(_mixed(_EYE_SHARES, ancestry), ("brown", "brownlight"), darkness), rng)


def draw(shares: Mapping[str, float], rng: np.random.Generator) -> str:
    """Draw a name; its share is its probability up to their sum."""
    names = list(shares)
    edges = np.cumsum([shares[name] for name in names])
    return names[int(min(np.searchsorted(edges, rng.random() * edges[-1], side="right"), len(names) - 1))]


def _mixed(shares: Mapping[str, Mapping[str, float]], ancestry: Mapping[str, float]) -> dict[str, float]:
    names = dict.fromkeys(name for ancestor in ANCESTRIES for name in shares[ancestor])
    return {name: sum(part * shares[key].get(name, 0.0) for key, part in ancestry.items()) for name in names}


def _without_light(shares: dict[str, float], dark: tuple[str, ...], darkness: float) -> dict[str, float]:
    """Light eyes and hair are rare above dark skin: shares of what is not `dark` shrink with the skin's darkness."""
    kept = float(np.clip((0.5 - darkness) / 0.2, 0.02, 1))
    return {name: share if name in dark else share * kept for name, share in shares.items()}


def _rounded(values: np.ndarray) -> Rgb:
    return tuple(round(float(value), 3) for value in values)

"""The lighting law ``sh``: soft surroundings of random colours as spherical harmonics, and one key light."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.looks.direct_lights import refuse_argument
from synhead_tools.rendering.looks.law import Values
from synhead_tools.rendering.looks.spherical_light import lobe_sh
from synhead_tools.rendering.looks.table import LightLaw
from synhead_tools.rendering.scene import SH_CONSTANTS, DirectionalLight, Lighting

_SOFT_SOURCES = 3
# What a white surface reflects, linear: of light from everywhere, of each soft source, and of the key light.
_EVERYWHERE, _SOFT, _KEY = (0.18, 0.45), (0.0, 0.40), (0.10, 0.75)
_TINT = (0.10, 0.0, 0.13)  # sigma of red and blue against green


def sh_light(argument: str = "") -> LightLaw:
    """Return a law of rooms without sharp shadows.

    Light from everywhere that lights white to 0.18..0.45, three soft sources (upper ones are likelier) of 0..0.40, a
    key light of 0.10..0.75 from the camera's side, at most 100 degrees aside and 10 below to 70 above; each with its
    own white balance (sigma 10 % in red, 13 % in blue).
    """
    refuse_argument("sh", argument)
    return _draw


def _draw(rng: np.random.Generator) -> tuple[Lighting, Values]:
    rows = np.zeros((9, 3))
    rows[0] += _tinted(rng, _EVERYWHERE) / SH_CONSTANTS[0]
    for _ in range(_SOFT_SOURCES):
        rows += lobe_sh(_direction(rng, (-40.0, 80.0), 180.0))[:, None] * _tinted(rng, _SOFT)
    key = DirectionalLight(tuple(_direction(rng, (-10.0, 70.0), 100.0)), tuple(_tinted(rng, _KEY)))
    return Lighting((key,), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), tuple(map(tuple, rows.tolist()))), {}


def _tinted(rng: np.random.Generator, strengths: tuple[float, float]) -> np.ndarray:
    return rng.uniform(*strengths) * np.clip(1 + rng.normal(0, _TINT), 0.6, 1.5)


def _direction(rng: np.random.Generator, elevations_deg: tuple[float, float], azimuth_deg: float) -> np.ndarray:
    """Towards a light: azimuth 0 is behind the camera."""
    elevation, azimuth = np.radians(rng.uniform(*elevations_deg)), np.radians(rng.uniform(-azimuth_deg, azimuth_deg))
    flat = np.cos(elevation)
    return np.array([np.sin(azimuth) * flat, -np.sin(elevation), -np.cos(azimuth) * flat])

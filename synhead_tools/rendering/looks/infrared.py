"""The look ``infrared``: frames as a near-infrared camera takes them by its own lamp."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.rendering.kept_by_identity import KeptByIdentity
from synhead_tools.rendering.looks.law import Look, Picture, Values
from synhead_tools.rendering.looks.linear_picture import mean_linear, noisy, recoloured
from synhead_tools.rendering.scene import DirectionalLight, Lighting

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head

# Reflectance in the near infrared over that in the visible; of skin it is much the same whatever its colour, because
# melanin is clear there (Jacquez et al., "Spectral reflectance of human skin in the region 0.7-2.6 micrometres",
# J. Appl. Physiol. 1955): some 0.5. Iris and wet eye are darker.
_FACTORS = {"eyes": 0.55, "hair": 1.9, "brows": 1.7, "lashes": 1.3, "cloth": 1.5}
_SKIN, _SKIN_EVENNESS, _MOST_SKIN_FACTOR = 0.48, 0.85, 12.0
# What the red, green and blue of a texture say of the infrared: red is nearest to it.
_MIX = np.array([0.85, 0.15, 0.0], np.float32)
_EXPOSURE, _FALLOFF, _NOISE = (0.65, 1.25), (0.10, 0.55), (0.001, 0.010)
_LAMP, _AMBIENT, _MOST_ASIDE_DEG = 0.85, 0.05, 8.0


class Infrared(Look):
    """Grey pictures: skin and hair brighter, eyes darker, lit by one lamp beside the lens, with noise.

    The lamp replaces all other light and stands up to 8 degrees aside of the optical axis. Its light falls off with
    the square of the distance beyond the head, and towards the corners by 10 to 55 % of what it is at the principal
    point. Exposure 0.65 to 1.25, noise (sigma, linear) 0.001 to 0.01.

    Parameters
    ----------
    amount : float
        Share of frames in infrared, 0 to 1.
    """

    name = "infrared"
    columns = ("infrared",)
    changes_light = True

    def draw(self, rng: np.random.Generator) -> Values:
        """See `Look`."""
        on = rng.random() < self.amount
        exposure, falloff, noise = (rng.uniform(*span) for span in (_EXPOSURE, _FALLOFF, _NOISE))
        aside = np.tan(np.radians(rng.uniform(-_MOST_ASIDE_DEG, _MOST_ASIDE_DEG, 2)))
        return {"infrared": np.array([on, exposure, falloff, noise, *aside], np.float32)}

    def light(self, lighting: Lighting, values: Values) -> Lighting:
        """See `Look`."""
        on, right, below = (float(value) for value in values["infrared"][[0, 4, 5]])
        if not on:
            return lighting
        lamp = DirectionalLight((right, below, -1.0), (_LAMP,) * 3)
        return Lighting((lamp,), (_AMBIENT,) * 3, (_AMBIENT,) * 3)

    def tints(self, values: Values, head: Head) -> dict[str, np.ndarray]:
        """See `Look`."""
        if not values["infrared"][0]:
            return {}
        factors = dict(_FACTORS)
        skin = head.part("skin")
        if skin is not None:
            factors["skin"] = _skin_factor(skin.texture)
        return {name: np.full(3, factor) for name, factor in factors.items()}

    def finish(self, picture: Picture, values: Values) -> Picture:
        """See `Look`."""
        on, exposure, falloff, noise, *_ = values["infrared"]
        if not on:
            return picture
        lamp = self._lamp_light(picture, exposure, falloff)

        def to_infrared(linear: np.ndarray) -> np.ndarray:
            grey = linear[..., 0] * _MIX[0] + linear[..., 1] * _MIX[1]
            seen = noisy((grey * lamp)[..., None], np.float32(0), noise, picture.seed, self.name)
            return np.broadcast_to(seen, linear.shape)

        return replace(picture, image=recoloured(picture, to_infrared))

    @staticmethod
    def _lamp_light(picture: Picture, exposure: np.float32, falloff: np.float32) -> np.ndarray:
        height, width = picture.alpha.shape
        x = (np.arange(width) + 0.5 - picture.principal_px[0])[None, :]
        y = (np.arange(height) + 0.5 - picture.principal_px[1])[:, None]
        off_axis = (x * x + y * y) / ((width * width + height * height) / 4)
        light = exposure * (1 - falloff * np.minimum(off_axis, 1.0))
        depth = np.maximum(picture.depth_m, picture.distance_m)  # nearer than the head nothing is made brighter
        return (light * (picture.distance_m / depth) ** 2).astype(np.float32)


def _factor_of(texture: np.ndarray) -> float:
    red, green, _ = mean_linear(texture)
    seen = max(red * float(_MIX[0]) + green * float(_MIX[1]), 1e-3)
    return min((_SKIN / seen) ** _SKIN_EVENNESS, _MOST_SKIN_FACTOR)


_skin_factor = KeptByIdentity(_factor_of, 32)

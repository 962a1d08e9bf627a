"""The look ``sensor``: exposure, white balance, blur and noise of a camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synhead_tools.rendering.looks.law import Look, Picture, Values
from synhead_tools.rendering.looks.linear_picture import blurred, noisy, recoloured

# At amount 1: sigma of the exposure in stops; of the logarithms of red and blue; most shot and read noise; most blur.
_STOPS, _BALANCE = 0.35, 0.08
_SHOT, _READ, _BLUR_PX = 0.04, 0.008, 1.2


class Sensor(Look):
    """What a camera makes of the light: a picture that is too dark or too bright, off in colour, soft and noisy.

    At amount 1: exposure with a sigma of 0.35 stops (at most 0.7), white balance with a sigma of 8 % in red and in blue
    (at most 16 %), shot noise of 0 to 0.04 times the root of the linear value and read noise of 0 to 0.008, a Gaussian
    blur of sigma 0 to 1.2 px (image and alpha alike, in the stored space). Noise and colours are of linear light.

    Parameters
    ----------
    amount : float
        Scale of all of them, 0 to 2.
    """

    name = "sensor"
    columns = ("sensor",)
    most_amount = 2.0

    def draw(self, rng: np.random.Generator) -> Values:
        """See `Look`."""
        stops, red, blue = self.amount * np.clip(rng.normal(0, 1, 3), -2, 2) * (_STOPS, _BALANCE, _BALANCE)
        shot, read, blur_px = self.amount * rng.random(3) ** (1, 1, 2) * (_SHOT, _READ, _BLUR_PX)
        gain = 2.0**stops * np.exp([red, 0.0, blue])
        return {"sensor": np.array([*gain, shot, read, blur_px], np.float32)}

    def finish(self, picture: Picture, values: Values) -> Picture:
        """See `Look`."""
        gain, (shot, read, blur_px) = values["sensor"][:3], values["sensor"][3:]
        picture = blurred(picture, float(blur_px))

        def expose(linear: np.ndarray) -> np.ndarray:
            return noisy(linear * gain, shot, read, picture.seed, self.name)

        return replace(picture, image=recoloured(picture, expose))

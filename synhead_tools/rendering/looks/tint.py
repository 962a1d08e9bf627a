"""The look ``tint``: skin and hair in other shades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.rendering.looks.law import Look, Values

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head

_SKIN, _HAIR = ("skin",), ("hair", "brows", "lashes")
# Sigma of the logarithms, at amount 1: brightness, redness against green, blueness against green.
_SKIN_SIGMA, _HAIR_SIGMA = (0.16, 0.04, 0.06), (0.35, 0.06, 0.12)
_MOST = 2.0  # sigmas


class Tint(Look):
    """Factors on the linear colours of skin, and of hair, brows and lashes.

    At amount 1 skin varies by 16 % in brightness (sigma; two at most), 4 % in red and 6 % in blue against green, hair
    by 35, 6 and 12 %. Lips, stubble and what else is painted on the skin go with it.

    Parameters
    ----------
    amount : float
        Scale of the spread, 0 to 2.
    """

    name = "tint"
    columns = ("skin_tint", "hair_tint")
    most_amount = 2.0

    def draw(self, rng: np.random.Generator) -> Values:
        """See `Look`."""
        return {"skin_tint": self._factor(rng, _SKIN_SIGMA), "hair_tint": self._factor(rng, _HAIR_SIGMA)}

    def tints(self, values: Values, head: Head) -> dict[str, np.ndarray]:
        """See `Look`."""
        factors = dict.fromkeys(_SKIN, values["skin_tint"])
        return factors | dict.fromkeys(_HAIR, values["hair_tint"])

    def _factor(self, rng: np.random.Generator, sigma: tuple[float, float, float]) -> np.ndarray:
        bright, red, blue = self.amount * np.array(sigma) * np.clip(rng.normal(0, 1, 3), -_MOST, _MOST)
        return np.exp(np.array([bright + red, bright, bright + blue])).astype(np.float32)

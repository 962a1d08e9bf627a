"""Expressions drawn at random, as people in conversation have them: mostly near rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.heads.expression_basis import ARKIT_NAMES, coefficient_vector

_BLINKING, _SMILING, _SPEAKING, _FROWNING, _RAISING = 0.12, 0.35, 0.40, 0.12, 0.25  # how often
_ONE_SIDED = 0.06  # sigma of the difference of the two sides
# Gaze: sigma as a share of the full turn, which is some 22 degrees sideways, 11 up and 18 down.
_SIDEWAYS, _UPWARDS = 0.30, 0.25


def neutral(rng: np.random.Generator) -> np.ndarray:
    """Return the expression of a head at rest, all 0."""
    return np.zeros(len(ARKIT_NAMES))


def conversation(rng: np.random.Generator) -> np.ndarray:
    """Draw coefficients (52,) in 0..1: gaze always; blinks, slight smiles, mouths that speak and brows at times.

    Parameters
    ----------
    rng : numpy.random.Generator
        Equal states give equal expressions.
    """
    # every draw is made whether it is used or not: one choice does not change the others
    chance, strength = rng.random(5), rng.random(8)
    sides = rng.normal(0, _ONE_SIDED, 6)
    sideways, upwards = rng.normal(0, (_SIDEWAYS, _UPWARDS))
    values = _gaze(sideways, upwards)

    def add(name: str, value: float, difference: float | None = None) -> None:
        if difference is None:
            values[name] = values.get(name, 0.0) + value
        else:
            for side, sign in (("Left", 0.5), ("Right", -0.5)):
                add(name + side, value + sign * difference * (value > 0))

    if chance[0] < _BLINKING:
        add("eyeBlink", 0.3 + 0.7 * strength[0], sides[0] / 2)
    if chance[1] < _SMILING:
        add("mouthSmile", 0.1 + 0.4 * strength[1], sides[1])
        add("cheekSquint", 0.25 * strength[1], sides[1])
    if chance[2] < _SPEAKING:
        add("jawOpen", 0.05 + 0.35 * strength[2] ** 2)
        add("mouthClose", 0.3 * strength[2] ** 2 * strength[3])
        add("mouthFunnel" if strength[4] < 0.5 else "mouthPucker", 0.35 * strength[5] ** 2)
        add("mouthUpperUp", 0.2 * strength[3], sides[2])
    if chance[3] < _FROWNING:
        add("browDown", 0.6 * strength[6], sides[3])
        add("mouthFrown", 0.3 * strength[7], sides[4])
    elif chance[4] < _RAISING:
        add("browInnerUp", 0.6 * strength[6])
        add("browOuterUp", 0.5 * strength[7], sides[5])
    return coefficient_vector({name: float(np.clip(value, 0, 1)) for name, value in values.items()})


#: Laws a plan may name: each takes the sample's generator and returns coefficients (52,).
EXPRESSION_LAWS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {"none": neutral, "random": conversation}


def _gaze(sideways: float, upwards: float) -> dict[str, float]:
    """Both eyes towards one far point: positive is to the subject's left, and up."""
    outer, inner = ("Left", "Right") if sideways > 0 else ("Right", "Left")
    turn, tilt = min(abs(sideways), 1.0), min(abs(upwards), 1.0)
    vertical = "eyeLookUp" if upwards > 0 else "eyeLookDown"
    return {f"eyeLookOut{outer}": turn, f"eyeLookIn{inner}": turn, f"{vertical}Left": tilt, f"{vertical}Right": tilt}

"""The tables of looks and of lighting laws, and how they are written.

To add one: a module beside this one, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.registry import Table
from synhead_tools.rendering.looks.law import Look, Values
from synhead_tools.rendering.scene import Lighting

_HERE = "synhead_tools.rendering.looks"

#: Looks, in the order in which they work: name to subclass of `Look`.
LOOKS = Table(
    "look",
    {
        "tint": f"{_HERE}.tint:Tint",
        "glasses": f"{_HERE}.glasses:Glasses",
        "occluder": f"{_HERE}.occluder:Occluder",
        "infrared": f"{_HERE}.infrared:Infrared",
        "sensor": f"{_HERE}.sensor:Sensor",
    },
)

#: Draws a lighting, and the values of further columns that say where it is from.
LightLaw = Callable[[np.random.Generator], tuple[Lighting, Values]]

#: Lighting laws: name to a function that takes the text after the colon (empty for none) and returns a `LightLaw`.
LIGHTS = Table(
    "lighting",
    {
        "studio": f"{_HERE}.direct_lights:studio",
        "random": f"{_HERE}.direct_lights:random_lights",
        "sh": f"{_HERE}.sh_light:sh_light",
        "environment": f"{_HERE}.environment_light:environment_light",
    },
)


def parse_looks(texts: Iterable[str]) -> tuple[Look, ...]:
    """Read looks written as ``NAME`` or ``NAME:AMOUNT``; return them in the order of `LOOKS`.

    Raises
    ------
    UnknownNameError
        There is no such look.
    PlanError
        One is named twice, or its amount is no number in its range.
    """
    looks: dict[str, Look] = {}
    for text in texts:
        name, _, amount = str(text).partition(":")
        law = LOOKS.load(name)
        if name in looks:
            raise PlanError(f"look {name!r} is named twice; name it once")
        looks[name] = law(_number(amount, text)) if amount else law()
    return tuple(looks[name] for name in LOOKS if name in looks)


def _number(amount: str, text: str) -> float:
    try:
        return float(amount)
    except ValueError:
        raise PlanError(f"look {text!r} cannot be read; write NAME:AMOUNT with a number") from None


@lru_cache(maxsize=64)
def light_law(text: str) -> LightLaw:
    """Return the lighting law written as ``NAME`` or ``NAME:ARGUMENT``.

    Raises
    ------
    UnknownNameError
        There is no such law.
    PlanError
        The law cannot use its argument.
    """
    name, _, argument = text.partition(":")
    return LIGHTS.load(name)(argument)

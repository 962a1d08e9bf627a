"""Lighting laws of directional lights alone: ``studio``, always the same, and ``random``."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.rendering.looks.law import Values
from synhead_tools.rendering.looks.table import LightLaw
from synhead_tools.rendering.scene import Lighting, random_lighting, studio_lighting


def studio(argument: str = "") -> LightLaw:
    """Return the law of `synhead_tools.rendering.scene.studio_lighting`."""
    refuse_argument("studio", argument)
    lighting = studio_lighting()
    return lambda rng: (lighting, {})


def random_lights(argument: str = "") -> LightLaw:
    """Return the law of `synhead_tools.rendering.scene.random_lighting`."""
    refuse_argument("random", argument)

    def draw(rng: np.random.Generator) -> tuple[Lighting, Values]:
        return random_lighting(rng), {}

    return draw


def refuse_argument(name: str, argument: str) -> None:
    """Raise PlanError if something is written after the colon of a law that takes nothing."""
    if argument:
        raise PlanError(f"lighting {name!r} takes no argument, got {argument!r}; leave it out")

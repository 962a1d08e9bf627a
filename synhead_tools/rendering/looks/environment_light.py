"""The lighting law ``environment``: the light of a map of the surroundings, turned about the vertical at random."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.looks.environment import EnvironmentMap
from synhead_tools.rendering.looks.environment_files import environment_names, file_map
from synhead_tools.rendering.looks.environment_formulas import FORMULAS, formula_map
from synhead_tools.rendering.looks.law import Values
from synhead_tools.rendering.looks.table import LightLaw
from synhead_tools.rendering.scene import Lighting

#: Brightness of a white surface, see `EnvironmentMap.lighting`.
LEVELS = (0.55, 1.05)


def environment_light(argument: str = "") -> LightLaw:
    """Return the law of the bundled maps, of one of them by its name, or of the maps in a folder.

    Each sample takes one map evenly at random, a turn of -180..180 degrees and a level of 0.55..1.05.

    Parameters
    ----------
    argument : str
        Empty, a name of `synhead_tools.rendering.looks.environment_formulas.FORMULAS`, or a folder.

    Raises
    ------
    PlanError
        The folder holds no maps.
    """
    names = _names(argument)

    def draw(rng: np.random.Generator) -> tuple[Lighting, Values]:
        name = names[int(rng.integers(len(names)))]
        turn_deg, level = rng.uniform(-180, 180), rng.uniform(*LEVELS)
        lighting = environment_map(argument, name).lighting(turn_deg, level)
        values = {
            "environment": np.array(name.encode("utf-8", "surrogateescape"), "S64"),
            "environment_turn_deg": np.float64(turn_deg),
            "environment_level": np.float64(level),
        }
        return lighting, values

    return draw


def environment_map(argument: str, name: str) -> EnvironmentMap:
    """Return the map `name` of the law with that argument."""
    return formula_map(name) if argument == "" or argument in FORMULAS else file_map(argument, name)


def _names(argument: str) -> tuple[str, ...]:
    if argument == "":
        return tuple(FORMULAS)
    return (argument,) if argument in FORMULAS else environment_names(argument)

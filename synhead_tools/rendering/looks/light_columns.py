"""A lighting as columns of fixed shape, and back."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.rendering.looks.law import Values
from synhead_tools.rendering.scene import DirectionalLight, Lighting

LIGHT_NAMES = ("light_direction", "light_colour", "light_ambient", "light_sh")
MAX_LIGHTS = COLUMNS["light_direction"].shape_tail[0]


def lighting_values(lighting: Lighting) -> Values:
    """Return a lighting as one sample's columns; where there are fewer than `MAX_LIGHTS` lights, zeros follow.

    Raises
    ------
    PlanError
        There are more.
    """
    count = len(lighting.lights)
    if count > MAX_LIGHTS:
        raise PlanError(f"lighting has {count} directional lights; use at most {MAX_LIGHTS}")
    direction, colour = np.zeros((MAX_LIGHTS, 3)), np.zeros((MAX_LIGHTS, 3))
    direction[:count] = lighting.directions()
    colour[:count] = [light.colour for light in lighting.lights] if count else 0
    ambient = np.array([lighting.ambient_sky, lighting.ambient_ground], np.float64)
    sh = np.array(lighting.ambient_sh or np.zeros((9, 3)), np.float64)
    return dict(zip(LIGHT_NAMES, (direction, colour, ambient, sh), strict=True))


def lighting_of(values: Values) -> Lighting:
    """Inverse of `lighting_values`."""
    direction, colour, ambient, sh = (np.asarray(values[name], np.float64) for name in LIGHT_NAMES)
    count = int(direction.any(axis=1).sum())
    lights = tuple(DirectionalLight(tuple(direction[k]), tuple(colour[k])) for k in range(count))
    rows = tuple(map(tuple, sh.tolist())) if sh.any() else ()
    return Lighting(lights, tuple(ambient[0].tolist()), tuple(ambient[1].tolist()), rows)

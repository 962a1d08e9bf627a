"""Environment maps made by formula: two skies, two rooms and a photographer's studio. Nothing is photographed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from synhead_tools.rendering.looks.environment import EnvironmentMap
from synhead_tools.rendering.looks.spherical_light import map_directions

_SIZE = (256, 512)

# A lamp or a window: wall (axis, side), its rectangle along the two other axes (y before x, x
# before z) in metres, linear RGB.
_Panel = tuple[int, int, tuple[float, float], tuple[float, float], tuple[float, float, float]]


@lru_cache(maxsize=8)
def formula_map(name: str) -> EnvironmentMap:
    """Return one of `FORMULAS` as a map."""
    return EnvironmentMap(name, FORMULAS[name](map_directions(*_SIZE)).astype(np.float32))


def clear_sky(directions: np.ndarray) -> np.ndarray:
    """Blue above, pale at the horizon, a low sun with its glow, dull ground. Directions (..., 3) to radiance."""
    up = -directions[..., 1:2]
    height = np.clip(up, 0, 1)
    sky = np.array([0.16, 0.30, 0.62]) + (np.array([0.62, 0.66, 0.70]) - [0.16, 0.30, 0.62]) * (1 - height) ** 4
    sun = np.array([0.35, -0.60, 0.72])
    towards_sun = np.clip((directions * (sun / np.sqrt((sun**2).sum()))).sum(axis=-1, keepdims=True), 0, 1)
    sky = sky + np.array([1.0, 0.85, 0.6]) * (0.5 * towards_sun**24)
    sky = sky + np.array([1.0, 0.90, 0.75]) * np.where(towards_sun > np.cos(np.radians(2.5)), 600.0, 0.0)
    ground = np.array([0.17, 0.15, 0.11]) * (1 + 0.5 * np.clip(1 + up, 0, 1) ** 6)
    return np.where(up > 0, sky, ground)


def overcast_sky(directions: np.ndarray) -> np.ndarray:
    """A closed cover of cloud, three times as bright above as at the horizon (Moon and Spencer, 1942), green ground."""
    up = -directions[..., 1:2]
    sky = np.array([0.84, 0.90, 1.0]) * (1 + 2 * np.clip(up, 0, 1)) / 3
    return np.where(up > 0, sky, np.array([0.11, 0.13, 0.08]))


def window_room(directions: np.ndarray) -> np.ndarray:
    """A living room by day: warm walls, a wooden floor, two windows on one side."""
    windows: list[_Panel] = [
        (0, 1, (-0.5, 0.9), (0.4, 1.6), (7.0, 8.0, 9.5)),
        (0, 1, (-0.5, 0.9), (-1.6, -0.4), (7.0, 8.0, 9.5)),
    ]
    walls = ((0.34, 0.29, 0.23), (0.46, 0.42, 0.36), (0.24, 0.14, 0.07))
    return _room(directions, (2.2, 1.3, 2.6), walls, windows)


def office_room(directions: np.ndarray) -> np.ndarray:
    """An office at night: grey walls, bright panels in the ceiling, a screen."""
    panels: list[_Panel] = [
        (1, -1, (x - 0.3, x + 0.3), (z - 0.6, z + 0.6), (11.0, 11.5, 10.5)) for x in (-1.6, 0.0, 1.6) for z in (-2, 1)
    ]
    panels.append((2, -1, (-0.1, 0.4), (-0.4, 0.4), (0.5, 0.8, 1.3)))
    return _room(directions, (3.0, 1.4, 3.6), ((0.26, 0.27, 0.28), (0.38, 0.38, 0.38), (0.10, 0.11, 0.13)), panels)


def softbox_studio(directions: np.ndarray) -> np.ndarray:
    """A dark studio: a large soft box at the left, a small one at the right, a strip of light behind."""
    boxes: list[_Panel] = [
        (0, -1, (-1.2, 0.5), (-1.8, -0.2), (9.0, 8.8, 8.5)),
        (0, 1, (-0.7, 0.3), (-1.6, -0.8), (4.0, 4.2, 4.5)),
        (2, 1, (-1.3, 1.0), (1.1, 1.4), (6.0, 6.0, 6.5)),
    ]
    return _room(directions, (2.0, 1.5, 2.0), ((0.07, 0.07, 0.075), (0.06, 0.06, 0.06), (0.09, 0.09, 0.09)), boxes)


#: Maps by name: directions (..., 3) to linear radiance (..., 3).
FORMULAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "clear-sky": clear_sky,
    "overcast": overcast_sky,
    "window-room": window_room,
    "office": office_room,
    "softboxes": softbox_studio,
}


def _room(
    directions: np.ndarray,
    half_size_m: tuple[float, float, float],
    colours: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]],
    panels: list[_Panel],
) -> np.ndarray:
    """A box seen from its middle: radiance of walls, ceiling and floor, darker in the corners, and of its panels."""
    half = np.array(half_size_m)
    reach = half / np.maximum(np.abs(directions), 1e-9)
    axis = np.argmin(reach, axis=-1)
    places = directions * np.take_along_axis(reach, axis[..., None], axis=-1)
    side = np.where(np.take_along_axis(directions, axis[..., None], axis=-1)[..., 0] > 0, 1, -1)
    walls, ceiling, floor = (np.array(colour) for colour in colours)
    surface = np.where((axis == 1)[..., None], np.where((side < 0)[..., None], ceiling, floor), walls)
    # the second largest coordinate says how near a corner is
    nearness = np.sort(np.abs(places) / half, axis=-1)[..., 1:2]
    radiance = surface * (1 - 0.55 * nearness**3)
    for wall, which, first, second, colour in panels:
        others = [k for k in (1, 0, 2) if k != wall]
        a, b = places[..., others[0]], places[..., others[1]]
        lit = (axis == wall) & (side == which)
        lit &= (a >= first[0]) & (a <= first[1]) & (b >= second[0]) & (b <= second[1])
        radiance = np.where(lit[..., None], np.array(colour), radiance)
    return radiance

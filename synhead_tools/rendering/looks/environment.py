"""An environment map as light: what is soft in spherical harmonics, what is sharp as directional lights."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.rendering.cpu.mipmap import linear_to_srgb
from synhead_tools.rendering.looks.spherical_light import (
    diffuse_sh,
    map_directions,
    project_map,
    solid_angles,
    turn_about_vertical,
    turn_sh,
)
from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting, sh_basis

#: Directional lights that a map gives, at most.
MOST_LIGHTS = 3
#: Size a map is reduced to before it is taken for light.
LIGHT_SIZE = (64, 128)
_LUMA = (0.2126, 0.7152, 0.0722)
# A texel is sharp light so far as it is brighter than this many times the mean of the map.
_SHARP = 2.5
_CONE = np.cos(np.radians(22.0))
_LEAST_SHARE = 0.02  # of all light, that a directional light is worth having for


@dataclass(frozen=True, eq=False)
class MapLight:
    """A map taken apart: its sharp part and its soft part together are the whole, and nothing is in both.

    Attributes
    ----------
    directions : (L, 3) float64
        Towards the lights, in the frame of the map.
    colours : (L, 3) float64
        As of `DirectionalLight`: what a white matt surface facing the light reflects of it.
    sh : (9, 3) float64
        Radiance of the rest, in `sh_basis`.
    """

    directions: np.ndarray
    colours: np.ndarray
    sh: np.ndarray

    def reflected(self, normals: np.ndarray) -> np.ndarray:
        """What a white matt surface of unit normals (..., 3) reflects: (..., 3) linear RGB."""
        # sums written out here and below: a matrix library may sum in another order on another machine
        normals = np.asarray(normals, np.float64)
        reflected = np.maximum((sh_basis(normals)[..., None] * diffuse_sh(self.sh)).sum(axis=-2), 0)
        for direction, colour in zip(self.directions, self.colours, strict=True):
            reflected += np.maximum((normals * direction).sum(axis=-1), 0)[..., None] * colour
        return reflected


@dataclass(frozen=True, eq=False)
class EnvironmentMap:
    """Radiance from all directions.

    Parameters
    ----------
    name : str
        What the dataset calls it.
    radiance : (H, W, 3) float32
        Linear RGB, not negative, equirectangular as `map_directions` has it.

    Raises
    ------
    PlanError
        It has no light at all.
    """

    name: str
    radiance: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        if not self.radiance.any():
            raise PlanError(f"environment map {self.name} is black everywhere; give one with light")

    @cached_property
    def light(self) -> MapLight:
        """The map taken apart, at `LIGHT_SIZE` or less."""
        return take_apart(reduced(self.radiance, *LIGHT_SIZE))

    def lighting(self, turn_deg: float, level: float) -> Lighting:
        """Return the light of the map, turned and brought to a level.

        Parameters
        ----------
        turn_deg : float
            About the vertical; positive takes what is straight ahead to the right.
        level : float
            Brightness that a white matt surface has, averaged half over one that faces the camera and half over those
            of all directions.
        """
        turn, scale = np.radians(turn_deg), self.scale(turn_deg, level)
        directions = turn_about_vertical(self.light.directions, turn)
        colours = np.minimum(self.light.colours * scale, 50.0)
        lights = tuple(DirectionalLight(tuple(d), tuple(c)) for d, c in zip(directions, colours, strict=True))
        sh = np.clip(diffuse_sh(turn_sh(self.light.sh, turn)) * scale, -50.0, 50.0)
        return Lighting(lights, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), tuple(map(tuple, sh.tolist())))

    def scale(self, turn_deg: float, level: float) -> float:
        """Factor on the map's radiance with which `lighting` is of that level."""
        towards_camera = turn_about_vertical(np.array([0.0, 0.0, -1.0]), -np.radians(turn_deg))
        facing = _luma(self.light.reflected(towards_camera))
        everywhere = _luma(self.light.sh[0] / np.sqrt(4 * np.pi) + self.light.colours.sum(axis=0) / 4)
        return float(level / (0.5 * facing + 0.5 * everywhere))

    def seen(self, camera: Camera, turn_deg: float, level: float) -> np.ndarray:
        """Return what a camera sees of the map: (H, W, 3) uint8 sRGB, brightness as of `lighting`, cut at white."""
        matrix = camera.intrinsics
        y = (np.arange(camera.height_px) + 0.5 - matrix[1, 2])[:, None] / matrix[1, 1]
        x = (np.arange(camera.width_px) + 0.5 - matrix[0, 2] - matrix[0, 1] * y) / matrix[0, 0]
        rays = np.stack(np.broadcast_arrays(x, y, 1.0), axis=-1)
        rays = turn_about_vertical(rays, -np.radians(turn_deg))
        return _encode(_lookup(self.radiance, rays) * self.scale(turn_deg, level))


def take_apart(radiance: np.ndarray) -> MapLight:
    """Split a map into at most `MOST_LIGHTS` directional lights and the nine coefficients of all that is left.

    Parameters
    ----------
    radiance : (H, W, 3) array
        Small: every texel is looked at several times.
    """
    radiance = np.asarray(radiance, np.float64)
    directions, weights = map_directions(*radiance.shape[:2]), solid_angles(*radiance.shape[:2])
    luma = _luma(radiance)
    mean = (luma * weights).sum() / (4 * np.pi)
    share = np.maximum(1 - _SHARP * mean / np.maximum(luma, 1e-300), 0)
    sharp = radiance * share[..., None]
    found_directions, found_colours = [], []
    rest = radiance.copy()
    for _ in range(MOST_LIGHTS):
        energy = _luma(sharp) * weights
        towards, inside = _brightest_cone(energy, directions)
        if towards is None or energy[inside].sum() < _LEAST_SHARE * mean * 4 * np.pi:
            break
        taken = np.where(inside[..., None], sharp, 0)
        found_directions.append(towards)
        found_colours.append((taken * weights[..., None]).sum(axis=(0, 1)) / np.pi)
        rest, sharp = rest - taken, sharp - taken
    shape = (len(found_directions), 3)
    return MapLight(
        np.array(found_directions).reshape(shape), np.array(found_colours).reshape(shape), project_map(rest)
    )


def reduced(radiance: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a map averaged down to at most that size, weighing texels by their solid angle."""
    rows, columns = (max(1, have // most) for have, most in zip(radiance.shape[:2], (height, width), strict=True))
    if rows == columns == 1:
        return np.asarray(radiance, np.float64)
    high, wide = radiance.shape[0] // rows, radiance.shape[1] // columns
    cut = radiance[: high * rows, : wide * columns].astype(np.float64)
    weights = solid_angles(high * rows, wide * columns)[..., None]
    blocks = (cut * weights).reshape(high, rows, wide, columns, 3).sum(axis=(1, 3))
    return blocks / (columns * weights.reshape(high, rows, 1, 1).sum(axis=1))


def _brightest_cone(energy: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Mean direction of the energy around its strongest texel, and which texels are counted in."""
    if not energy.any():
        return None, np.zeros(energy.shape, bool)
    towards = directions.reshape(-1, 3)[np.argmax(energy)]
    for _ in range(3):  # the strongest texel need not be in the middle of its lamp
        inside = (directions * towards).sum(axis=-1) >= _CONE
        mean = (directions * np.where(inside, energy, 0)[..., None]).sum(axis=(0, 1))
        towards = mean / np.sqrt((mean**2).sum())
    inside = (directions * towards).sum(axis=-1) >= _CONE
    return towards, inside


def _lookup(radiance: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Bilinear in azimuth and polar angle; the azimuth goes round, the poles end."""
    height, width = radiance.shape[:2]
    x, y, z = np.moveaxis(rays, -1, 0)
    u = np.arctan2(x, z) / (2 * np.pi) * width + width / 2 - 0.5
    v = np.arctan2(np.sqrt(x * x + z * z), -y) / np.pi * height - 0.5
    left, top = np.floor(u), np.clip(np.floor(v), 0, height - 1)
    across, down = (u - left)[..., None], np.clip(v - top, 0, 1)[..., None]
    columns = [(left.astype(int) + k) % width for k in (0, 1)]
    rows = [np.minimum(top.astype(int) + k, height - 1) for k in (0, 1)]
    upper, lower = (radiance[row, columns[0]] * (1 - across) + radiance[row, columns[1]] * across for row in rows)
    return upper * (1 - down) + lower * down


def _luma(colours: np.ndarray) -> np.ndarray:
    return colours[..., 0] * _LUMA[0] + colours[..., 1] * _LUMA[1] + colours[..., 2] * _LUMA[2]


def _encode(linear: np.ndarray) -> np.ndarray:
    return np.floor(linear_to_srgb(np.clip(linear, 0, 1)) * 255 + 0.5).astype(np.uint8)

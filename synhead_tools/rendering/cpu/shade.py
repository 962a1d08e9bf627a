"""Compiled light on surface points: wrapped diffuse, GGX highlight, hemisphere and harmonic ambient, sRGB out.

The highlight is the Cook-Torrance model with the GGX distribution, Schlick's Fresnel and Schlick's Smith term
(Karis, "Real Shading in Unreal Engine 4", SIGGRAPH 2013). Lights are scaled so that a white matt surface facing a
light of 1 reflects 1.

Points are shaded stage after stage, many at a time; see `synhead_tools.rendering.cpu.lanes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.cpu.aligned import aligned_zeros
from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.lanes import (
    COLOUR,
    DIFFUSE,
    FIELDS,
    LANES,
    N_V,
    NORMAL,
    NOT_NEGATIVE,
    PLACE_X,
    PLACE_Y,
    SCALE,
    SHIFT,
    SHINE,
    SHINY,
    TEXELS,
    TINT,
    VIEW,
    U,
    V,
    field_place,
)
from synhead_tools.rendering.cpu.texture import texture_surfaces
from synhead_tools.rendering.cpu.transform import STEP

_N, _X, _Y, _TINT, _SCALE, _SHIFT, _SHINY = NORMAL, PLACE_X, PLACE_Y, TINT, SCALE, SHIFT, SHINY
_VIEW, _N_V, _DIFFUSE, _SHINE = VIEW, N_V, DIFFUSE, SHINE

#: 255 times the sRGB encoding, above its straight part, as a polynomial of the fourth root of linear light: within
#: 0.004 of the exact curve, which it meets at both ends (interpolated at Chebyshev-Lobatto nodes). Unlike a power it is
#: the same on every machine.
_ENCODE = tuple(np.float32(n) for n in (-15.617683, 41.203568, 320.03455, -146.19867, 72.250305, -16.672077))
_STRAIGHT_UP_TO, _STRAIGHT = np.float32(0.0031308), np.float32(12.92 * 255)

_ZERO, _ONE, _HALF, _FOUR, _FULL = np.float32(0), np.float32(1), np.float32(0.5), np.float32(4), np.float32(255)
_LOWEST, _LEAST_SHARE = np.float32(0.001), np.float32(-0.5)
_TWO, _SMALL = np.float32(2), np.float32(1e-12)
# Points taken from stage to stage together, a multiple of `LANES`: so few that their fields stay in the fastest cache.
_TOGETHER = 192
# Half a level, and so much more that a half which sums left a little short is rounded up.
_ROUND = np.float32(0.501)


class HeadLighting(NamedTuple):
    """A lighting and a camera, turned into the head frame.

    Attributes
    ----------
    directions : (n, 3) float32
        Unit vectors towards the lights.
    colours : (n, 3) float32
        Linear RGB.
    rays : (3, 3) float32
        Turns a place in the picture (x, y, 1), in pixels, into the direction in which the camera sees it.
    up : (3,) float32
        The camera's up.
    ambient : (2, 3) float32
        Linear RGB of sky and ground.
    harmonics : (3, 10) or (0, 10) float32
        For red, green and blue the polynomial of the normal that is the ambient light of the surroundings:
        1, x, y, z, x x, y y, z z, x y, y z, z x. None where there is none.
    """

    directions: np.ndarray
    colours: np.ndarray
    rays: np.ndarray
    up: np.ndarray
    ambient: np.ndarray
    harmonics: np.ndarray


class Lanes(NamedTuple):
    """Room for the fields of `count` points, and for what `LANES` of them look up; see `empty_lanes`."""

    fields: np.ndarray
    numbers: np.ndarray
    texels: np.ndarray


def empty_lanes(count: int) -> Lanes:
    """Room to shade so many points."""
    blocks = -(-count // LANES)
    return Lanes(
        aligned_zeros(blocks * FIELDS, np.float32),
        aligned_zeros(14 * LANES, np.int32),
        aligned_zeros(8 * LANES, np.uint32),
    )


@inlined
def encode_srgb(linear):
    """255 times the sRGB encoding of a linear value, cut to 0..255."""
    x = min(max(linear, _ZERO), _ONE)
    root = np.sqrt(np.sqrt(x))
    c = _ENCODE
    curved = c[0] + root * (c[1] + root * (c[2] + root * (c[3] + root * (c[4] + root * c[5]))))
    return _STRAIGHT * x if x <= _STRAIGHT_UP_TO else curved


@inlined
def _load_lane(mesh, places, size, shown, grid_x, grid_y, b, i):
    """Interpolate what the vertices say at a place on a triangle into the lane whose fields begin at `i`."""
    t = shown >> 1
    v0, v1, v2 = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
    ax, ay = np.float32(places.grid_x[v0] - grid_x), np.float32(places.grid_y[v0] - grid_y)
    bx, by = np.float32(places.grid_x[v1] - grid_x), np.float32(places.grid_y[v1] - grid_y)
    cx, cy = np.float32(places.grid_x[v2] - grid_x), np.float32(places.grid_y[v2] - grid_y)
    wa, wb, wc = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    area = wa + wb + wc
    share = _ONE / area
    # a mean place may lie beside its triangle, but a sliver must not be extended to many times its size
    wa = max(wa * share, _LEAST_SHARE) * places.inverse_z[v0]
    wb = max(wb * share, _LEAST_SHARE) * places.inverse_z[v1]
    wc = max(wc * share, _LEAST_SHARE) * places.inverse_z[v2]
    scale = _ONE / (wa + wb + wc)
    wa, wb, wc = wa * scale, wb * scale, wc * scale
    side = -_ONE if shown & 1 else _ONE  # the inside is lit as if it were an outside of its own
    uv, n = mesh.uv, mesh.normals
    b[U + i] = uv[v0, 0] * wa + uv[v1, 0] * wb + uv[v2, 0] * wc
    b[V + i] = uv[v0, 1] * wa + uv[v1, 1] * wb + uv[v2, 1] * wc
    for k in range(3):
        b[_N + k * LANES + i] = (n[v0, k] * wa + n[v1, k] * wb + n[v2, k] * wc) * side
    per_pixel = np.float32(2 * STEP * STEP) * np.float32(size * size)
    b[TEXELS + i] = mesh.triangle_texels[t] * per_pixel * abs(share)
    b[_X + i] = np.float32(grid_x) / np.float32(size * STEP)
    b[_Y + i] = np.float32(grid_y) / np.float32(size * STEP)
    part = mesh.triangle_part[t]
    for k in range(13):
        b[_TINT + k * LANES + i] = mesh.material[part, k]


@inlined
def _ambient_lanes(light, b, first):
    """Normals and views of length one, and the light from all sides."""
    r, up, sky, ground = light.rays, light.up, light.ambient[0], light.ambient[1]
    for i in range(first, first + LANES):
        x, y, z = b[_N + i], b[_N + LANES + i], b[_N + 2 * LANES + i]
        scale = _ONE / np.sqrt(max(x * x + y * y + z * z, _SMALL))
        x, y, z = x * scale, y * scale, z * scale
        b[_N + i], b[_N + LANES + i], b[_N + 2 * LANES + i] = x, y, z
        column, row = b[_X + i], b[_Y + i]
        vx = -(r[0, 0] * column + r[0, 1] * row + r[0, 2])
        vy = -(r[1, 0] * column + r[1, 1] * row + r[1, 2])
        vz = -(r[2, 0] * column + r[2, 1] * row + r[2, 2])
        scale = _ONE / np.sqrt(max(vx * vx + vy * vy + vz * vz, _SMALL))
        vx, vy, vz = vx * scale, vy * scale, vz * scale
        b[_VIEW + i], b[_VIEW + LANES + i], b[_VIEW + 2 * LANES + i] = vx, vy, vz
        b[_N_V + i] = x * vx + y * vy + z * vz
        above = (x * up[0] + y * up[1] + z * up[2]) * _HALF + _HALF
        b[_DIFFUSE + i] = ground[0] + (sky[0] - ground[0]) * above
        b[_DIFFUSE + LANES + i] = ground[1] + (sky[1] - ground[1]) * above
        b[_DIFFUSE + 2 * LANES + i] = ground[2] + (sky[2] - ground[2]) * above
        b[_SHINE + i] = b[_SHINE + LANES + i] = b[_SHINE + 2 * LANES + i] = _ZERO
    for k in range(light.harmonics.shape[0]):
        h = light.harmonics[k]
        h0, h1, h2, h3, h4, h5, h6, h7, h8, h9 = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9]
        at = _DIFFUSE + k * LANES
        for i in range(first, first + LANES):
            x, y, z = b[_N + i], b[_N + LANES + i], b[_N + 2 * LANES + i]
            bent = x * (h4 * x + h7 * y) + y * (h5 * y + h8 * z) + z * (h6 * z + h9 * x)
            b[at + i] += max(h0 + h1 * x + h2 * y + h3 * z + bent, _ZERO)


@inlined
def _light_lanes(light, q, b, first):
    """Add one light."""
    lx, ly, lz = light.directions[q, 0], light.directions[q, 1], light.directions[q, 2]
    red, green, blue = light.colours[q, 0], light.colours[q, 1], light.colours[q, 2]
    for i in range(first, first + LANES):
        n_l = b[_N + i] * lx + b[_N + LANES + i] * ly + b[_N + 2 * LANES + i] * lz
        b[_DIFFUSE + i] += red * max(n_l * b[_SCALE + i] + b[_SHIFT + i], _ZERO)
        b[_DIFFUSE + LANES + i] += green * max(n_l * b[_SCALE + LANES + i] + b[_SHIFT + LANES + i], _ZERO)
        b[_DIFFUSE + 2 * LANES + i] += blue * max(n_l * b[_SCALE + 2 * LANES + i] + b[_SHIFT + 2 * LANES + i], _ZERO)
        specular, grazing, alpha_squared = b[_SHINY + i], b[_SHINY + LANES + i], b[_SHINY + 2 * LANES + i]
        smith = b[_SHINY + 3 * LANES + i]
        l_v = lx * b[_VIEW + i] + ly * b[_VIEW + LANES + i] + lz * b[_VIEW + 2 * LANES + i]
        # with h = (l + v) / |l + v|: v h = l h = |l + v| / 2
        v_h = np.sqrt(max((_ONE + l_v) * _HALF, _SMALL))
        n_h = min(max((n_l + b[_N_V + i]) / (_TWO * v_h), _ZERO), _ONE)
        away = _ONE - min(v_h, _ONE)
        away_2 = away * away
        fresnel = specular + (grazing - specular) * away_2 * away_2 * away
        lobe = n_h * n_h * (alpha_squared - _ONE) + _ONE
        n_v = max(abs(b[_N_V + i]), _LOWEST)
        lit = max(n_l, _ZERO)
        hidden = (n_v * (_ONE - smith) + smith) * (lit * (_ONE - smith) + smith)
        shine = lit * fresnel * alpha_squared / (lobe * lobe * hidden * _FOUR)
        b[_SHINE + i] += red * shine
        b[_SHINE + LANES + i] += green * shine
        b[_SHINE + 2 * LANES + i] += blue * shine


@inlined
def _tone_lanes(b, first):
    """Encode what comes to the camera."""
    for k in range(3):
        for i in range(first + k * LANES, first + k * LANES + LANES):
            b[COLOUR + i] = encode_srgb(b[COLOUR + i] * b[_TINT + i] * b[_DIFFUSE + i] + b[_SHINE + i])


# The stages are functions of their own, not compiled into one: together, none would be vectorised.


@compiled
def load_surfaces(mesh, places, size, surfaces, start, stop, b):
    """Fill in the fields that follow from the vertices."""
    for k in range(start, stop):
        at = field_place(k)
        _load_lane(mesh, places, size, surfaces.shown[k], surfaces.grid_x[k], surfaces.grid_y[k], b, at)


@compiled
def light_surfaces(light, start, stop, b):
    """Fill in light and highlights."""
    for block in range(start // LANES, (stop + LANES - 1) // LANES):
        first = (block * FIELDS) & NOT_NEGATIVE
        _ambient_lanes(light, b, first)
        for q in range(light.directions.shape[0]):
            _light_lanes(light, q, b, first)


@compiled
def tone_surfaces(start, stop, b):
    """Turn colours of textures into encoded colours."""
    for block in range(start // LANES, (stop + LANES - 1) // LANES):
        _tone_lanes(b, (block * FIELDS) & NOT_NEGATIVE)


@compiled
def shade_surfaces(mesh, places, light, size, surfaces, count, lanes):
    """Shade surfaces: fill in their fields, the last of which is the encoded colour, 0 to 255.

    Parameters
    ----------
    mesh : PackedHead
    places : Places
    light : HeadLighting
    size : int
        Samples per pixel along each axis.
    surfaces : Surfaces
    count : int
        Number of them.
    lanes : Lanes
        With room for as many; written.
    """
    b = lanes.fields
    for start in range(0, count, _TOGETHER):
        stop = min(start + _TOGETHER, count)
        load_surfaces(mesh, places, size, surfaces, start, stop, b)
        texture_surfaces(mesh, surfaces, start, stop, lanes)
        light_surfaces(light, start, stop, b)
        tone_surfaces(start, stop, b)


@compiled
def add_up(surfaces, count, b, image):
    """Write the mean of the encoded colours of each pixel's surfaces, what is uncovered being black.

    Parameters
    ----------
    surfaces : Surfaces
    count : int
    b : float32 array
        Fields that `shade_surfaces` has written.
    image : (pixels, 3) uint8
        Written.
    """
    k = 0
    while k < count:
        pixel = surfaces.pixel[k]
        red, green, blue = _ROUND, _ROUND, _ROUND
        while k < count and surfaces.pixel[k] == pixel:
            at, weight = COLOUR + field_place(k), surfaces.weight[k]
            red, green, blue = red + b[at] * weight, green + b[at + LANES] * weight, blue + b[at + 2 * LANES] * weight
            k += 1
        image[pixel, 0], image[pixel, 1], image[pixel, 2] = np.uint8(red), np.uint8(green), np.uint8(blue)

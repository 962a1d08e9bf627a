"""Compiled light on a surface point: wrapped diffuse, GGX highlight, hemisphere ambient, sRGB out.

The highlight is the Cook-Torrance model with the GGX distribution, Schlick's Fresnel and Schlick's Smith term
(Karis, "Real Shading in Unreal Engine 4", SIGGRAPH 2013). Lights are scaled so that a white matt surface facing a
light of 1 reflects 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.compiled import inlined
from synhead_tools.rendering.mipmap import linear_to_srgb
from synhead_tools.rendering.pack import ROUGHNESS4, SPECULAR, TINT, WRAP
from synhead_tools.rendering.sampler import sample_colour

_ENCODE_STEPS = 4096
#: 255 times the sRGB encoding at 0, 1/4096, ..., 1 (and once more, for the interpolation at 1). Straight lines between
#: the entries are within 0.005 of the exact curve, and unlike a power they are the same on every machine.
_ENCODE = (linear_to_srgb(np.minimum(np.arange(_ENCODE_STEPS + 2) / _ENCODE_STEPS, 1.0)) * 255).astype(np.float32)

_ZERO, _ONE, _HALF, _FOUR = np.float32(0), np.float32(1), np.float32(0.5), np.float32(4)
_LOWEST, _EIGHTH, _GRAZING = np.float32(0.001), np.float32(0.125), np.float32(25)


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
    """

    directions: np.ndarray
    colours: np.ndarray
    rays: np.ndarray
    up: np.ndarray
    ambient: np.ndarray


@inlined
def encode_srgb(linear):
    """255 times the sRGB encoding of a linear value, cut to 0..255."""
    x = min(max(linear, _ZERO), _ONE) * np.float32(_ENCODE_STEPS)
    index = np.int64(x)
    return _ENCODE[index] + (_ENCODE[index + 1] - _ENCODE[index]) * (x - np.float32(index))


@inlined
def _unit(x, y, z):
    length = np.sqrt(x * x + y * y + z * z)
    scale = _ONE / length if length > _ZERO else _ZERO
    return x * scale, y * scale, z * scale


@inlined
def _highlight(n_l, n_v, n_h, v_h, specular, alpha_squared, smith):
    """Highlight of one light, in the units of the diffuse term."""
    grazing = _ONE - v_h
    grazing_2 = grazing * grazing
    at_90_deg = min(_GRAZING * specular, _ONE)
    fresnel = specular + (at_90_deg - specular) * grazing_2 * grazing_2 * grazing
    lobe = n_h * n_h * (alpha_squared - _ONE) + _ONE
    hidden = (n_v * (_ONE - smith) + smith) * (n_l * (_ONE - smith) + smith)
    return n_l * fresnel * alpha_squared / (lobe * lobe * hidden * _FOUR)


@inlined
def shade_point(mesh, light, part, x, y, point, texels_per_pixel):
    """Colour of a surface point as the camera sees it.

    Parameters
    ----------
    mesh : PackedHead
    light : HeadLighting
    part : int
    x, y : float32
        Place in the picture, pixels.
    point : (5,) float32
        u, v, normal (3, of any length, on the side that is seen, head frame).
    texels_per_pixel : float32
        Area of a pixel in texels of the largest level.

    Returns
    -------
    red, green, blue : float32
        sRGB-encoded, 0 to 255, not rounded.
    """
    m = mesh.material
    nx, ny, nz = _unit(point[2], point[3], point[4])
    r = light.rays
    vx, vy, vz = _unit(
        -(r[0, 0] * x + r[0, 1] * y + r[0, 2]),
        -(r[1, 0] * x + r[1, 1] * y + r[1, 2]),
        -(r[2, 0] * x + r[2, 1] * y + r[2, 2]),
    )
    red, green, blue = sample_colour(mesh, part, point[0], point[1], texels_per_pixel)
    red, green, blue = red * m[part, TINT], green * m[part, TINT + 1], blue * m[part, TINT + 2]
    sky = (nx * light.up[0] + ny * light.up[1] + nz * light.up[2]) * _HALF + _HALF
    diffuse_r = light.ambient[1, 0] + (light.ambient[0, 0] - light.ambient[1, 0]) * sky
    diffuse_g = light.ambient[1, 1] + (light.ambient[0, 1] - light.ambient[1, 1]) * sky
    diffuse_b = light.ambient[1, 2] + (light.ambient[0, 2] - light.ambient[1, 2]) * sky
    shine_r, shine_g, shine_b = _ZERO, _ZERO, _ZERO
    rough = np.sqrt(np.sqrt(m[part, ROUGHNESS4]))
    smith = (rough + _ONE) * (rough + _ONE) * _EIGHTH
    n_v = max(abs(nx * vx + ny * vy + nz * vz), _LOWEST)
    for i in range(light.directions.shape[0]):
        lx, ly, lz = light.directions[i, 0], light.directions[i, 1], light.directions[i, 2]
        n_l = nx * lx + ny * ly + nz * lz
        diffuse_r += light.colours[i, 0] * max((n_l + m[part, WRAP]) / (_ONE + m[part, WRAP]), _ZERO)
        diffuse_g += light.colours[i, 1] * max((n_l + m[part, WRAP + 1]) / (_ONE + m[part, WRAP + 1]), _ZERO)
        diffuse_b += light.colours[i, 2] * max((n_l + m[part, WRAP + 2]) / (_ONE + m[part, WRAP + 2]), _ZERO)
        if n_l > _ZERO and m[part, SPECULAR] > _ZERO:
            hx, hy, hz = _unit(lx + vx, ly + vy, lz + vz)
            n_h = min(max(nx * hx + ny * hy + nz * hz, _ZERO), _ONE)
            v_h = min(max(vx * hx + vy * hy + vz * hz, _ZERO), _ONE)
            shine = _highlight(n_l, n_v, n_h, v_h, m[part, SPECULAR], m[part, ROUGHNESS4], smith)
            shine_r += light.colours[i, 0] * shine
            shine_g += light.colours[i, 1] * shine
            shine_b += light.colours[i, 2] * shine
    return (
        encode_srgb(red * diffuse_r + shine_r),
        encode_srgb(green * diffuse_g + shine_g),
        encode_srgb(blue * diffuse_b + shine_b),
    )

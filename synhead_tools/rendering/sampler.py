"""Compiled trilinear look-ups in a head's mip chains."""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.compiled import inlined

_HALF, _ONE, _ZERO, _FOUR = np.float32(0.5), np.float32(1), np.float32(0), np.float32(4)


@inlined
def pick_level(texels_per_pixel, levels):
    """Level and fraction towards the next smaller one at which a pixel is about one texel.

    Parameters
    ----------
    texels_per_pixel : float32
        Area of a pixel in texels of the largest level.
    levels : int
        Number of levels.

    Returns
    -------
    level : int
        0 to levels - 1.
    fraction : float32
        0 to 1; linear in the footprint between powers of two, which needs no logarithm.
    """
    level = 0
    while texels_per_pixel >= _FOUR and level < levels - 1:
        texels_per_pixel = texels_per_pixel / _FOUR
        level += 1
    if level == levels - 1 or texels_per_pixel <= _ONE:
        return level, _ZERO
    return level, np.sqrt(texels_per_pixel) - _ONE


@inlined
def _footprint(u, v, width, height):
    """Top-left texel and the fractions of the four around a place; clamped to the edge."""
    x = min(max(u * np.float32(width) - _HALF, _ZERO), np.float32(width - 1))
    y = min(max(v * np.float32(height) - _HALF, _ZERO), np.float32(height - 1))
    column, row = np.int64(x), np.int64(y)
    return column, row, x - np.float32(column), y - np.float32(row)


@inlined
def _level_rows(mesh, level, u, v):
    """Rows in `texels` of the four texels around a place, and their weights."""
    width, height = mesh.level_size[level, 0], mesh.level_size[level, 1]
    column, row, fx, fy = _footprint(u, v, width, height)
    right = 1 if column < width - 1 else 0
    below = np.int64(width) if row < height - 1 else np.int64(0)
    first = mesh.level_start[level] + row * width + column
    w11 = fx * fy
    return (
        first,
        first + right,
        first + below,
        first + below + right,
        _ONE - fx - fy + w11,
        fx - w11,
        fy - w11,
        w11,
    )


@inlined
def _bilinear(mesh, level, u, v, channel):
    a, b, c, d, wa, wb, wc, wd = _level_rows(mesh, level, u, v)
    t = mesh.texels
    return (
        np.float32(t[a, channel]) * wa
        + np.float32(t[b, channel]) * wb
        + np.float32(t[c, channel]) * wc
        + np.float32(t[d, channel]) * wd
    )


@inlined
def sample_alpha(mesh, part, u, v, texels_per_pixel):
    """Alpha of a part's texture, 0 to 65535, at texture coordinates (u, v) with v down.

    Read from the nearest level alone: what is compared with a threshold gains nothing from a blend of two.
    """
    first, levels = mesh.part_level[part, 0], mesh.part_level[part, 1]
    level, fraction = pick_level(texels_per_pixel, levels)
    if fraction > _HALF:
        level += 1
    return _bilinear(mesh, first + level, u, v, 3)


@inlined
def _bilinear_rgba(mesh, level, u, v):
    a, b, c, d, wa, wb, wc, wd = _level_rows(mesh, level, u, v)
    t = mesh.texels
    f = np.float32
    return (
        f(t[a, 0]) * wa + f(t[b, 0]) * wb + f(t[c, 0]) * wc + f(t[d, 0]) * wd,
        f(t[a, 1]) * wa + f(t[b, 1]) * wb + f(t[c, 1]) * wc + f(t[d, 1]) * wd,
        f(t[a, 2]) * wa + f(t[b, 2]) * wb + f(t[c, 2]) * wc + f(t[d, 2]) * wd,
        f(t[a, 3]) * wa + f(t[b, 3]) * wb + f(t[c, 3]) * wc + f(t[d, 3]) * wd,
    )


@inlined
def sample_colour(mesh, part, u, v, texels_per_pixel):
    """Linear red, green, blue (0 to 1, no longer premultiplied) of a part's texture at (u, v) with v down."""
    first, levels = mesh.part_level[part, 0], mesh.part_level[part, 1]
    level, fraction = pick_level(texels_per_pixel, levels)
    red, green, blue, alpha = _bilinear_rgba(mesh, first + level, u, v)
    if fraction > _ZERO:
        red1, green1, blue1, alpha1 = _bilinear_rgba(mesh, first + level + 1, u, v)
        red += (red1 - red) * fraction
        green += (green1 - green) * fraction
        blue += (blue1 - blue) * fraction
        alpha += (alpha1 - alpha) * fraction
    scale = _ONE / max(alpha, _ONE)
    return red * scale, green * scale, blue * scale

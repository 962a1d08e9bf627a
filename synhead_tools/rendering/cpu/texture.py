"""Compiled look-ups of colours in a head's mip chains: trilinear, for many points at once.

What a processor waits for here is memory. So all places of some points are reckoned before the first texel is read:
the reads then wait together, not one after another.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled, inlined
from synhead_tools.rendering.cpu.lanes import COLOUR, FIELDS, LANES, NOT_NEGATIVE, TEXELS, WEIGHTS, U, V
from synhead_tools.rendering.cpu.texels import ROOT_FULL

_ZERO, _ONE, _HALF, _TWO = np.float32(0), np.float32(1), np.float32(0.5), np.float32(2)
_FOUR, _QUARTER, _FROM_ROOT = np.float32(4), np.float32(0.25), np.float32(1 / ROOT_FULL**2)
_INT = np.int32
_PLACES = 6 * LANES  # in the numbers of lanes: behind those of their levels
_TEN, _TWENTY, _CHANNEL = np.int32(10), np.int32(20), np.int32(ROOT_FULL)


@inlined
def _choose_levels(mesh, part, b, numbers, at, i):
    """Write width, height and first texel of the two mip levels in which a pixel is about one texel; its footprint."""
    first, last = mesh.part_level[part, 0], mesh.part_level[part, 1] - 1
    footprint, level = b[TEXELS + at], 0
    while footprint >= _FOUR and level < last:
        footprint = footprint * _QUARTER
        level += 1
    b[WEIGHTS + at] = footprint
    one, following = first + level, first + min(level + 1, last)
    for k in range(3):
        numbers[k * LANES + i] = mesh.levels[one, k]
        numbers[(3 + k) * LANES + i] = mesh.levels[following, k]


@compiled
def find_texels(b, first, numbers):
    """Find the texels around the lanes' places in both levels, and their weights.

    A function of its own, of two arrays alone: compilers do not vectorise it otherwise.

    Parameters
    ----------
    b : float32 array
        Fields; of those from `first` on the weights are written.
    first : int
    numbers : (14 LANES,) int32
        Width, height and first texel of both levels; the places of four texels in each are written behind them.
    """
    first &= NOT_NEGATIVE
    for i in range(LANES):
        # linear in the footprint's side between powers of two, which needs no logarithm
        fraction = min(np.sqrt(max(b[WEIGHTS + first + i], _ONE)), _TWO) - _ONE
        for k in range(2):
            share = _ONE - fraction if k == 0 else fraction
            line, into, weight = 3 * k * LANES + i, _PLACES + 4 * k * LANES + i, WEIGHTS + 4 * k * LANES + first + i
            width, height, origin = numbers[line], numbers[line + LANES], numbers[line + 2 * LANES]
            most_x, most_y = _INT(width - _INT(1)), _INT(height - _INT(1))
            x = min(max(b[U + first + i] * np.float32(width) - _HALF, _ZERO), np.float32(most_x))
            y = min(max(b[V + first + i] * np.float32(height) - _HALF, _ZERO), np.float32(most_y))
            column, row = _INT(x), _INT(y)
            fx, fy = x - np.float32(column), y - np.float32(row)
            right = _INT(1) if column < most_x else _INT(0)
            below = width if row < most_y else _INT(0)
            place = _INT(_INT(origin + _INT(row * width)) + column)
            numbers[into], numbers[into + LANES] = place, _INT(place + right)
            numbers[into + 2 * LANES], numbers[into + 3 * LANES] = (
                _INT(place + below),
                _INT(_INT(place + below) + right),
            )
            w11 = fx * fy
            b[weight], b[weight + LANES] = (_ONE - fx - fy + w11) * share, (fx - w11) * share
            b[weight + 2 * LANES], b[weight + 3 * LANES] = (fy - w11) * share, w11 * share


@inlined
def _mix_texels(b, texels, first):
    """Linear colours of the lanes' textures."""
    for i in range(LANES):
        red, green, blue = _ZERO, _ZERO, _ZERO
        for k in range(8):
            texel, weight = np.int32(texels[k * LANES + i]), b[WEIGHTS + k * LANES + first + i]
            r = np.float32(np.int32(texel >> _TWENTY))
            g = np.float32(np.int32(np.int32(texel >> _TEN) & _CHANNEL))
            v = np.float32(np.int32(texel & _CHANNEL))
            red, green, blue = red + r * r * weight, green + g * g * weight, blue + v * v * weight
        b[COLOUR + first + i] = red * _FROM_ROOT
        b[COLOUR + LANES + first + i] = green * _FROM_ROOT
        b[COLOUR + 2 * LANES + first + i] = blue * _FROM_ROOT


@compiled
def texture_surfaces(mesh, surfaces, start, stop, lanes):
    """Fill in the colours of textures.

    Parameters
    ----------
    mesh : PackedHead
    surfaces : Surfaces
    start, stop : int
        Number of the first, a multiple of `LANES`, and the one after the last.
    lanes : Lanes
        Whose fields say where in the texture they are.
    """
    b = lanes.fields
    for block in range(start, stop, LANES):
        first = (block // LANES * FIELDS) & NOT_NEGATIVE
        for i in range(LANES):
            # the last lanes may have nothing to do, but they look up a texel too: it must be one that is there
            part = mesh.triangle_part[surfaces.shown[min(block + i, stop - 1)] >> 1]
            _choose_levels(mesh, part, b, lanes.numbers, first + i, i)
        find_texels(b, first, lanes.numbers)
        for j in range(8 * LANES):
            lanes.texels[j] = mesh.colours[np.uint32(lanes.numbers[_PLACES + j])]
        _mix_texels(b, lanes.texels, first)

"""Procedural clutter: a background full of edges, patterns and skin-coloured things that are no faces.

Detectors that only ever saw smooth backgrounds take every edge for a face. Sizes follow a power law, as those of
things in photographs do; large things are painted first (dead leaves model: Lee, Mumford and Huang, IJCV 2001).
"""

from __future__ import annotations

import numpy as np

_SHAPES = (30, 160)
_SMALLEST_SHARE, _LARGEST_SHARE = 0.02, 0.9
_SKIN_SHARE = 0.12
#: Linear mixtures of these two, sRGB, are colours of skin.
_SKIN = np.array([(72, 45, 32), (236, 196, 172)], np.float64)


def draw_clutter(width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one background, (height, width, 3) float64, 0 to 255; the same for equal states of `rng`."""
    saturation = rng.random() ** 1.5  # most rooms are greyer than a random colour
    picture = np.zeros((height_px, width_px, 3)) + _colour(rng, saturation)
    count = int(rng.integers(*_SHAPES))
    # densities of 1 / size^2: many small things, few large ones
    shares = 1 / (1 / _LARGEST_SHARE + rng.random(count) * (1 / _SMALLEST_SHARE - 1 / _LARGEST_SHARE))
    for size_px in np.sort(shares)[::-1] * max(width_px, height_px):
        _paint(picture, float(size_px), saturation, rng)
    return picture


def _paint(picture: np.ndarray, size_px: float, saturation: float, rng: np.random.Generator) -> None:
    """Paint one thing: an ellipse or a rectangle, turned, with a colour that fades and at times a pattern."""
    height, width = picture.shape[:2]
    centre = rng.uniform(0, 1, 2) * (width, height)
    cosine, sine = _direction(rng)
    half = 0.5 * size_px * np.array([1.0, rng.uniform(0.15, 1.0)])
    is_round, skin, patterned, shaded = rng.random(4) < (0.5, _SKIN_SHARE, 0.4, 0.6)
    reach = int(np.ceil(np.abs(half).sum())) + 1
    left, top = np.maximum(np.floor(centre).astype(int) - reach, 0)
    right, bottom = np.minimum(np.floor(centre).astype(int) + reach, (width, height))
    colour = _SKIN[0] + rng.random() * (_SKIN[1] - _SKIN[0]) if skin else _colour(rng, saturation)
    other, period, strength = _colour(rng, saturation), rng.uniform(0.05, 0.5) * size_px, rng.uniform(-90, 90)
    x, y = np.arange(left, right) + 0.5 - centre[0], (np.arange(top, bottom) + 0.5 - centre[1])[:, None]
    along, across = (x * cosine + y * sine) / half[0], (y * cosine - x * sine) / half[1]
    distance = along * along + across * across if is_round else np.maximum(np.abs(along), np.abs(across))
    # about a pixel of soft edge
    cover = np.clip((1 - distance) * half[1] / (2 if is_round else 1) + 0.5, 0, 1)[..., None]
    paint = np.broadcast_to(colour, (*cover.shape[:2], 3))
    if patterned and not skin:
        stripe = np.floor(along * half[0] / max(period, 2.0)).astype(int) & 1
        stripe = stripe ^ (np.floor(across * half[1] / max(period, 2.0)).astype(int) & 1) if shaded else stripe
        paint = np.where(stripe[..., None], other, paint)
    if shaded:
        paint = paint + strength * along[..., None]
    part = picture[top:bottom, left:right]
    part += cover * (np.clip(paint, 0, 255) - part)


def _colour(rng: np.random.Generator, saturation: float) -> np.ndarray:
    colour = rng.uniform(0, 255, 3)
    grey = (colour[0] + colour[1] + colour[2]) / 3
    return grey + saturation * (colour - grey)


def _direction(rng: np.random.Generator) -> tuple[float, float]:
    """A random unit vector, without sines: a library's last bit is not the same everywhere."""
    while True:
        x, y = rng.uniform(-1, 1, 2)
        length = float(np.sqrt(x * x + y * y))
        if 0.1 < length <= 1:
            return float(x) / length, float(y) / length

"""New backgrounds for rendered heads, drawn on the device: gradients, soft blobs, patches with hard edges, grain."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MID_GREY = 0.5


def draw_backgrounds(n: int, side_px: int, generator: torch.Generator) -> Tensor:
    """Random backgrounds (n, 3, side_px, side_px), float32 in [0, 1], all from `generator`.

    Each is a first colour with a linear gradient, through which a second colour shows where smooth noise is high:
    softly in some samples, with a hard edge in others, hardly at all in the rest; and grain over it.
    """
    device = generator.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    # Most of a colour's variation is brightness; saturated walls are rare.
    first, second = (0.25 * uniform(n, 3, 1, 1) + 0.75 * uniform(n, 1, 1, 1) for _ in range(2))
    axis = torch.linspace(-1, 1, side_px, device=device)
    slope = 0.4 * uniform(n, 2, 1, 1) - 0.2
    ramp = slope[:, :1] * axis.view(1, 1, 1, -1) + slope[:, 1:] * axis.view(1, 1, -1, 1)
    field = _smooth_noise(n, side_px, generator)
    sharpness = torch.exp(4.0 * uniform(n, 1, 1, 1))  # 1 soft ... 55 a hard edge
    threshold = 1.6 * uniform(n, 1, 1, 1) - 0.3  # beyond the noise's reach in part of the samples: one colour
    blend = torch.sigmoid(sharpness * (field - threshold))
    grain = torch.randn((n, 1, side_px, side_px), generator=generator, device=device)
    pictures = torch.lerp(first, second, blend) + ramp
    return torch.addcmul(pictures, grain, 0.05 * uniform(n, 1, 1, 1)).clamp_(0, 1)


def _smooth_noise(n: int, side_px: int, generator: torch.Generator) -> Tensor:
    """Three octaves of value noise with random weights; (n, 1, side_px, side_px), mostly in [-1, 1]."""
    weight = torch.rand((n, 3, 1, 1), generator=generator, device=generator.device)
    weight = weight / weight.sum(dim=1, keepdim=True)
    total = torch.zeros(n, 1, 12, 12, device=generator.device)
    for octave, cells in enumerate((3, 6, 12)):
        values = torch.randn((n, 1, cells, cells), generator=generator, device=generator.device)
        total = total + weight[:, octave : octave + 1] * _enlarge(values, 12)
    return _enlarge(total, side_px)  # once for all octaves: enlarging is what takes the time


def _enlarge(values: Tensor, side: int) -> Tensor:
    return F.interpolate(values, size=(side, side), mode="bilinear", align_corners=False)


def composite(pictures: Tensor, backgrounds: Tensor | float) -> Tensor:
    """Put premultiplied pictures (N, 4, S, S) over backgrounds (N, 3, S, S) or one grey value; (N, 3, S, S)."""
    colour, alpha = pictures[:, :3], pictures[:, 3:]
    return (colour + (1.0 - alpha) * backgrounds).clamp_(0, 1)

"""What surrounds a face, turned against it in some source pictures, so that answers do not follow from it.

Necks and shoulders that were rendered under a head, or turned with its picture, say something about the head's roll,
and say it otherwise than real ones do.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from synhead_tools.learning.pictures.augment_geometry import CropJitter, jitter_pictures

_SMALLEST, _LARGEST = 0.6, 1.0
_SHIFT = 0.08
_EDGE = 0.15


def turn_context(
    pictures: Tensor,
    stored: Tensor,
    jitter: CropJitter,
    margin: float,
    largest_deg: float,
    generator: torch.Generator,
) -> Tensor:
    """Pictures in which, of every second sample, all but a disc around the middle is turned by another angle.

    A disc, since any other shape would tell how it was turned itself.

    Parameters
    ----------
    pictures : Tensor, shape (N, K, S, S)
        What `jitter_pictures` made of `stored`: colour premultiplied by alpha, and alpha, or colour alone.
    stored, jitter, margin : Tensor, CropJitter, float
        What it made them of.
    largest_deg : float
        Turns are even up to this, on both sides; 0 draws nothing and returns `pictures`.
    generator : torch.Generator
        On the device of the pictures.

    Returns
    -------
    Tensor, shape (N, K, S, S)
        Radii of the discs are even from 0.6 to 1 half sides, their centres normal with 0.08 of them, and their edge is
        0.15 wide.
    """
    if largest_deg == 0:
        return pictures
    n, side = len(pictures), pictures.shape[-1]
    uniform = torch.rand(3, n, generator=generator, device=generator.device)
    centre = _SHIFT * torch.randn(2, n, 1, 1, generator=generator, device=generator.device)
    turn_deg = largest_deg * (2 * uniform[0] - 1) * (uniform[1] < 0.5).float()
    around = jitter_pictures(stored, replace(jitter, turn_deg=jitter.turn_deg + turn_deg), side, margin)
    axis = (2 * torch.arange(side, device=pictures.device) + 1) / side - 1
    away = torch.hypot(axis[None, None, :] - centre[0], axis[None, :, None] - centre[1])
    radius = _SMALLEST + (_LARGEST - _SMALLEST) * uniform[2]
    disc = ((radius[:, None, None] - away) / _EDGE + 0.5).clamp(0.0, 1.0)
    return torch.lerp(around, pictures, disc[:, None])

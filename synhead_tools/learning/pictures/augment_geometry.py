"""Where a batch's crops are taken from: shift, scale, in-plane turn and mirror, in one resample, with their labels.

A crop turned counter-clockwise by t shows the head turned with it, R_ray' = Rz(-t) R_ray (y points down), which in the
network's convention adds t to roll and nothing else. A mirrored crop shows F R_ray F with F = diag(-1, 1, 1), which
negates yaw and roll. Shift and scale leave the label: it stays the rotation against the ray through the given box
centre, so that the network learns to bear boxes that are slightly off.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from synhead_tools.learning.config import TrainConfig


@dataclass(frozen=True)
class CropJitter:
    """One geometric change per sample; all tensors have shape (N,).

    Parameters
    ----------
    scale : Tensor
        Side of the crop over the side of the face box.
    shift_x, shift_y : Tensor
        Shift of the crop's centre, right and down, in half box sides.
    turn_deg : Tensor
        Counter-clockwise turn of the picture, degrees.
    mirror : Tensor
        1 as it is, -1 mirrored left to right; the mirror comes first, the turn after it.
    """

    scale: Tensor
    shift_x: Tensor
    shift_y: Tensor
    turn_deg: Tensor
    mirror: Tensor

    def part(self, rows: slice) -> CropJitter:
        """The changes of some samples."""
        return CropJitter(*(getattr(self, field.name)[rows] for field in fields(self)))


def no_jitter(n: int, device: torch.device | str = "cpu", mirrored: bool = False) -> CropJitter:
    """The crop as the box says, of `n` samples; mirrored on request."""
    zeros, ones = torch.zeros(n, device=device), torch.ones(n, device=device)
    return CropJitter(ones, zeros, zeros, zeros, -ones if mirrored else ones)


def draw_jitter(n: int, config: TrainConfig, generator: torch.Generator) -> CropJitter:
    """Random changes of `n` samples as `config` asks, all from `generator`."""
    normal = torch.randn(3, n, generator=generator, device=generator.device).clamp(-2, 2)
    uniform = torch.rand(2, n, generator=generator, device=generator.device)
    return CropJitter(
        scale=torch.exp(config.crop_scale_jitter * normal[0]),
        shift_x=config.crop_shift_jitter * normal[1],
        shift_y=config.crop_shift_jitter * normal[2],
        turn_deg=config.turn_deg * (2 * uniform[0] - 1),
        mirror=1.0 - 2.0 * (uniform[1] < config.flip_probability).float(),
    )


def jitter_pictures(pictures: Tensor, jitter: CropJitter, side_px: int, margin: float) -> Tensor:
    """Cut the network's input out of stored crops.

    Parameters
    ----------
    pictures : Tensor, shape (N, C, C, K)
        uint8 crops whose side is `margin` face boxes.
    jitter : CropJitter
        One change per sample.
    side_px : int
        Side of the result.
    margin : float
        Side of the stored crop over that of the face box.

    Returns
    -------
    Tensor, shape (N, K, side_px, side_px)
        float32 in [0, 1]; bilinear. Outside the stored crop a fourth channel is 0, and without one the edge repeats.
    """
    padding = "zeros" if pictures.shape[-1] == 4 else "border"
    planes = pictures.permute(0, 3, 1, 2).float()
    grid = _sampling_grid(jitter, side_px) / margin
    return F.grid_sample(planes, grid, mode="bilinear", padding_mode=padding, align_corners=False).div_(255.0)


def _sampling_grid(jitter: CropJitter, side_px: int) -> Tensor:
    """Where each output pixel is read, x and y in half box sides from the box centre; (N, side_px, side_px, 2)."""
    angle = torch.deg2rad(jitter.turn_deg)
    cosine, sine = torch.cos(angle) * jitter.scale, torch.sin(angle) * jitter.scale
    axis = (2 * torch.arange(side_px, device=angle.device) + 1) / side_px - 1
    x, y = axis[None, None, :], axis[None, :, None]
    cosine, sine, shift_x, shift_y, mirror = (
        value[:, None, None] for value in (cosine, sine, jitter.shift_x, jitter.shift_y, jitter.mirror)
    )
    # Undo the turn (y points down), then the mirror.
    return torch.stack([mirror * (cosine * x - sine * y) + shift_x, sine * x + cosine * y + shift_y], dim=-1)


def jitter_euler_deg(euler_deg: Tensor, jitter: CropJitter) -> Tensor:
    """Labels (N, 3) in degrees of the jittered crops; roll in [-180, 180)."""
    pitch, yaw, roll = euler_deg.unbind(dim=-1)
    roll = torch.remainder(jitter.mirror * roll + jitter.turn_deg + 180.0, 360.0) - 180.0
    return torch.stack([pitch, jitter.mirror * yaw, roll], dim=-1)

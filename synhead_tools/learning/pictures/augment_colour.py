"""How a batch looks: exposure, colour, sharpness, noise and things in front of the face.

Every function takes pictures (N, 3, S, S), float32 in [0, 1], and draws from one generator on their device. Choices per
sample are blends rather than boolean indexing, so that nothing waits for the device.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

IMAGE_MEAN = (0.485, 0.456, 0.406)
IMAGE_STD = (0.229, 0.224, 0.225)


def standardise(pictures: Tensor) -> Tensor:
    """Pictures as the backbone wants them: ImageNet's mean and standard deviation removed, channels last."""
    mean = torch.tensor(IMAGE_MEAN, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD, device=pictures.device).view(1, 3, 1, 1)
    return pictures.sub(mean).div_(std).contiguous(memory_format=torch.channels_last)


def unstandardised(pictures: Tensor) -> Tensor:
    """Pictures in [0, 1] again; the inverse of `standardise`."""
    mean = torch.tensor(IMAGE_MEAN, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD, device=pictures.device).view(1, 3, 1, 1)
    return torch.addcmul(mean, pictures, std)


def augment_colour(pictures: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """All of this module, in the order in which a camera would do it; `strength` 0 returns the pictures unchanged."""
    if strength == 0:
        return pictures
    pictures = _expose(pictures, strength, generator)
    pictures = _soften(pictures, strength, generator)
    pictures = _add_noise(pictures, strength, generator)
    return _cover(pictures, strength, generator).clamp(0, 1)


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)


def _uniform(shape: tuple[int, ...], generator: torch.Generator, low: float = 0.0, high: float = 1.0) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def _chance(n: int, probability: float, generator: torch.Generator) -> Tensor:
    """1 with `probability`, else 0; shape (n, 1, 1, 1)."""
    return (_uniform((n, 1, 1, 1), generator) < probability).float()


def _expose(pictures: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Gain per channel, contrast, saturation (some samples grey) and gamma."""
    n = len(pictures)
    draws = _normal((n, 6, 1, 1), generator) * strength
    gain = torch.exp(0.10 * draws[:, :3] + 0.25 * draws[:, 3:4])
    contrast = torch.exp(0.20 * draws[:, 4:5])
    saturation = 1.0 - _uniform((n, 1, 1, 1), generator, -0.3, 0.7) * min(strength, 1.0)
    saturation = saturation * (1.0 - _chance(n, 0.12 * min(strength, 1.0), generator))
    gamma = torch.exp(0.20 * draws[:, 5:])
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    # Gain and contrast are one affine map: gain * (mean + contrast * (x - mean)).
    pictures = torch.addcmul(gain * mean * (1.0 - contrast), pictures, gain * contrast)
    grey = pictures.mean(dim=1, keepdim=True)
    return torch.lerp(grey, pictures, saturation).clamp_(1e-4, 1.0).pow_(gamma)


def _soften(pictures: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """On some samples a blend with what is left of the picture at half its size, on some of those at a quarter."""
    n, _, side, _ = pictures.shape
    amount = _uniform((n, 1, 1, 1), generator) * _chance(n, min(0.45 * strength, 1.0), generator)
    deeper = _uniform((n, 1, 1, 1), generator) * _chance(n, 0.35, generator)
    half = F.avg_pool2d(pictures, 2)
    quarter = F.interpolate(F.avg_pool2d(half, 2), size=half.shape[-2:], mode="bilinear", align_corners=False)
    coarse = torch.lerp(half, quarter, deeper)
    return torch.lerp(pictures, F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False), amount)


def _add_noise(pictures: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Independent noise, up to a standard deviation of 0.05 at strength 1, on most samples."""
    n = len(pictures)
    sigma = _uniform((n, 1, 1, 1), generator, 0.0, 0.05 * strength) * _chance(n, 0.6, generator)
    return torch.addcmul(pictures, _normal(tuple(pictures.shape), generator), sigma)


def _cover(pictures: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """A flat rectangle of up to 0.35 sides over some samples (random erasing, Zhong et al., 2020)."""
    n, _, side, _ = pictures.shape
    position = torch.arange(side, device=pictures.device) / side
    half = _uniform((n, 2), generator, 0.03, 0.175)
    centre = _uniform((n, 2), generator)
    columns = (position - centre[:, :1]).abs() < half[:, :1]
    rows = (position - centre[:, 1:]).abs() < half[:, 1:]
    chosen = _chance(n, min(0.35 * strength, 1.0), generator)
    mask = chosen * (rows[:, None, :, None] & columns[:, None, None, :])
    return torch.lerp(pictures, _uniform((n, 3, 1, 1), generator), mask)

"""Deformable convolution with modulation (DCN v2), of PyTorch's own operations.

X. Zhu, H. Hu, S. Lin, J. Dai, "Deformable ConvNets v2: More Deformable, Better Results", CVPR 2019. A convolution
whose every tap reads the map at a place that is moved by a learnt offset, and counts by a learnt mask.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 3
TAPS = KERNEL * KERNEL


def deformable_conv2d(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    stride: int = 1,
    padding: int = 1,
    dilation: int = 1,
) -> Tensor:
    """Convolve with moved taps.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
        Outside of it there are zeros.
    offset : Tensor, shape (N, 2 * kh * kw * G, H_out, W_out)
        Pixels by which each tap is moved: for each of G groups of the channels of `x`, for each tap row by row, y then
        x. The order is torchvision's.
    weight : Tensor, shape (C_out, C / groups, kh, kw)
        As of a plain convolution; the number of groups follows from its shape.
    mask : Tensor, shape (N, kh * kw * G, H_out, W_out), optional
        Factor of each tap, in the same order; 1 everywhere by default.
    stride, padding, dilation : int
        As of a plain convolution.

    Returns
    -------
    Tensor, shape (N, C_out, H_out, W_out)
    """
    dtype, n, channels = x.dtype, *x.shape[:2]
    # positions of hundreds of pixels do not fit into half precision
    offset = offset.to(torch.promote_types(offset.dtype, torch.float32))
    x = x.to(offset.dtype)
    taps = weight.shape[2] * weight.shape[3]
    h_out, w_out = offset.shape[2:]
    n_moved = offset.shape[1] // (2 * taps)
    moved = offset.reshape(n * n_moved, taps, 2, h_out, w_out)
    base = _tap_positions(weight.shape[2:], (h_out, w_out), stride, padding, dilation, offset)
    taken = _sampled(x.reshape(n * n_moved, channels // n_moved, *x.shape[2:]), base + moved)
    taken = taken.reshape(n, n_moved, channels // n_moved, taps, h_out * w_out)
    if mask is not None:
        taken = taken * mask.reshape(n, n_moved, 1, taps, h_out * w_out)
    groups = channels // weight.shape[1]
    columns = taken.reshape(n, groups, weight.shape[1] * taps, h_out * w_out)
    rows = weight.reshape(groups, weight.shape[0] // groups, -1).to(dtype)
    return (rows @ columns.to(dtype)).reshape(n, weight.shape[0], h_out, w_out)


def _tap_positions(
    kernel: tuple[int, int], size: tuple[int, int], stride: int, padding: int, dilation: int, like: Tensor
) -> Tensor:
    """Rows and columns (taps, 2, H_out, W_out) that the taps of a plain convolution read."""
    axes = []
    for length, taps in zip(size, kernel, strict=True):
        start = torch.arange(length, device=like.device, dtype=like.dtype) * stride - padding
        axes.append(start + torch.arange(taps, device=like.device, dtype=like.dtype)[:, None] * dilation)
    rows, columns = axes  # (kh, H_out) and (kw, W_out)
    kh, kw = kernel
    grid_rows = rows[:, None, :, None].expand(kh, kw, size[0], size[1])
    grid_columns = columns[None, :, None, :].expand(kh, kw, size[0], size[1])
    return torch.stack([grid_rows, grid_columns], dim=2).reshape(kh * kw, 2, *size)


def _sampled(x: Tensor, positions: Tensor) -> Tensor:
    """Bilinear samples (M, C, taps, H_out, W_out) of maps (M, C, H, W) at positions (M, taps, 2, H_out, W_out) in px.

    The map is padded with zeros to powers of two: dividing by them loses nothing, so that whole pixels stay whole in
    any precision, zero offsets give a plain convolution exactly, and a side of 1 needs no case of its own.
    """
    height, width = (1 << (side - 1).bit_length() for side in x.shape[2:])
    padded = F.pad(x, (0, width - x.shape[3], 0, height - x.shape[2]))
    m, taps, _, h_out, w_out = positions.shape
    rows, columns = positions[:, :, 0], positions[:, :, 1]
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)
    taken = F.grid_sample(padded, grid.reshape(m, taps * h_out, w_out, 2), align_corners=False)
    return taken.reshape(m, x.shape[1], taps, h_out, w_out)


class DeformableConv2d(nn.Module):
    """A 3x3 convolution whose offsets and masks are made from its input.

    Offsets and masks come from one plain 3x3 convolution of 27 channels: 18 offsets, 9 masks through ``2 * sigmoid``.
    It begins at zero, so that the layer begins as a plain convolution.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int

    Attributes
    ----------
    weight : Parameter, shape (n_out, n_in, 3, 3)
        There is no bias.
    offset : nn.Conv2d
        Learns at a tenth of the rate of all else: `slow_parameters`.
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(n_out, n_in, KERNEL, KERNEL))
        nn.init.normal_(self.weight, std=0.01)
        self.offset = nn.Conv2d(n_in, 3 * TAPS, KERNEL, stride, 1)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H / stride, W / stride), sides rounded up."""
        moves = self.offset(x)
        mask = 2 * torch.sigmoid(moves[:, 2 * TAPS :])
        return deformable_conv2d(x, moves[:, : 2 * TAPS], self.weight, mask, self.stride)


def slow_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Parameters of the offset convolutions in `network`, which learn at a tenth of the rate."""
    layers = [module for module in network.modules() if isinstance(module, DeformableConv2d)]
    return [parameter for layer in layers for parameter in layer.offset.parameters()]

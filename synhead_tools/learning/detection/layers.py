"""The layer that necks and context modules are made of: convolution, BatchNorm, activation."""

from __future__ import annotations

from torch import nn

from synhead_tools.learning.detection.deformable import DeformableConv2d

BN_EPS = 2e-5


def conv_norm(
    n_in: int,
    n_out: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    slope: float | None = 0.0,
    deformable: bool = False,
) -> nn.Sequential:
    """Convolution without bias, BatchNorm and activation; weights N(0, 0.01), as in the released code.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    kernel, stride : int
        Sides of the kernel, 1 or 3; sizes are kept but for the stride.
    slope : float or None
        Of LeakyReLU, 0 for ReLU; None for no activation.
    deformable : bool
        Whether a 3x3 convolution is deformable.
    """
    if deformable and kernel == 3:
        conv: nn.Module = DeformableConv2d(n_in, n_out, stride)
    else:
        conv = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False)
        nn.init.normal_(conv.weight, std=0.01)
    layers = [conv, nn.BatchNorm2d(n_out, eps=BN_EPS)]
    if slope is not None:
        layers.append(activation(slope))
    return nn.Sequential(*layers)


def activation(slope: float) -> nn.Module:
    """ReLU, or LeakyReLU where `slope` is not 0."""
    return nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)

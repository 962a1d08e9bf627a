"""The context module before the outputs, of SSH (Najibi et al., "SSH: Single Stage Headless Face Detector", 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synhead_tools.learning.detection.layers import activation, conv_norm


class ContextModule(nn.Module):
    """Three branches that see 3, 5 and 7 pixels far, side by side.

    One 3x3 convolution gives half of the channels; two in a row, and three in a row that share the first with these,
    give a quarter each. The last of each branch has BatchNorm and no activation; one ReLU follows all.

    Parameters
    ----------
    channels : int
        That come in and go out; a multiple of 4.
    slope : float
        Of LeakyReLU within the branches, 0 for ReLU.
    deformable : bool
        Make all 3x3 convolutions deformable, and add one more after the branches.
    """

    def __init__(self, channels: int = 256, slope: float = 0.0, deformable: bool = False) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        kind = {"deformable": deformable}
        self.near = conv_norm(channels, half, slope=None, **kind)
        self.shared = conv_norm(channels, quarter, slope=slope, **kind)
        self.middle = conv_norm(quarter, quarter, slope=None, **kind)
        self.far = nn.Sequential(
            conv_norm(quarter, quarter, slope=slope, **kind), conv_norm(quarter, quarter, slope=None, **kind)
        )
        self.relu = activation(0.0)
        self.after = conv_norm(channels, channels, slope=0.0, deformable=True) if deformable else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to the same shape."""
        shared = self.shared(x)
        branches = torch.cat([self.near(x), self.middle(shared), self.far(shared)], dim=1)
        return self.after(self.relu(branches))

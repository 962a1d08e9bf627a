"""Feature pyramid P2 to P6 (Lin et al., "Feature Pyramid Networks for Object Detection", CVPR 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from synhead_tools.learning.detection.layers import BN_EPS, activation, conv_norm

TOP_DOWN = ("merged", "lateral")


class FeaturePyramid(nn.Module):
    """Maps of five strides with equally many channels.

    P2 to P5 are lateral 1x1 convolutions of C2 to C5; to each is added the next coarser level, enlarged twice by
    repetition and cut to size; then follows a 3x3 convolution. P6 is a 3x3 convolution of stride 2 on C5.

    Parameters
    ----------
    in_channels : sequence of int
        Channels of C2 to C5; fewer leave out as many of the finest levels.
    channels : int
        Of all levels, 256 as published.
    top_down : str
        What is enlarged: ``merged``, the next coarser level with all above it added (Lin et al.); or ``lateral``, its
        lateral map alone, as the released code of RetinaFace has it.
    slope : float
        Of LeakyReLU, 0 for ReLU.
    deformable : bool
        Whether the 3x3 convolutions after the additions are deformable.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 256,
        top_down: str = "merged",
        slope: float = 0.0,
        deformable: bool = False,
    ) -> None:
        super().__init__()
        self.top_down = top_down
        self.lateral = nn.ModuleList(conv_norm(n, channels, 1, slope=slope) for n in in_channels)
        self.merge = nn.ModuleList(
            conv_norm(channels, channels, slope=slope, deformable=deformable) for _ in in_channels[1:]
        )
        coarsest = nn.Conv2d(in_channels[-1], channels, 3, 2, 1, bias=False)
        nn.init.xavier_uniform_(coarsest.weight)
        self.coarsest = nn.Sequential(coarsest, nn.BatchNorm2d(channels, eps=BN_EPS), activation(slope))

    def forward(self, stages: Sequence[Tensor]) -> list[Tensor]:
        """P2 to P6 of C2 to C5, or as many as there are, any sizes; each half the finer one, sides rounded up."""
        lateral = [layer(stage) for layer, stage in zip(self.lateral, stages, strict=True)]
        levels = [lateral[-1]]  # P5 is its lateral map: nothing is added to it
        above = lateral[-1]
        for number in reversed(range(len(self.merge))):
            summed = lateral[number] + _enlarged(above, lateral[number])
            levels.insert(0, self.merge[number](summed))
            above = summed if self.top_down == "merged" else lateral[number]
        return [*levels, self.coarsest(stages[-1])]


def _enlarged(coarse: Tensor, fine: Tensor) -> Tensor:
    """`coarse` with every pixel repeated 2 x 2, cut to the size of `fine`: sides are twice as long, or one less."""
    return F.interpolate(coarse, size=fine.shape[2:], mode="nearest")

"""MobileNet (Howard et al., 2017, arXiv 1704.04861) as small face detectors use it, a quarter as wide by default.

The layout and the names of the state dict are those that published RetinaFace ports share, so that their weights can
be loaded: ``stage1.0.0.weight`` is the first convolution, ``stage{1,2,3}.{block}.{0,1}`` the depthwise convolution and
its BatchNorm, ``.{3,4}`` the 1x1 convolution and its BatchNorm, ``fc`` the classifier of the ImageNet weights. In
whole detectors these names begin with ``body.``. All activations are LeakyReLU of slope 0.1.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.tensor_files import read_tensors

LEAKY_SLOPE = 0.1

# (channels of 8 base channels, stride) of the depthwise blocks of each stage
_STAGES = (
    ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1)),
    ((16, 2), *(((16, 1),) * 5)),
    ((32, 2), (32, 1)),
)
C2_BLOCKS = 4  # the first convolution and three blocks of stage 1 reach stride 4


class MobileNet(nn.Module):
    """A network of depthwise and 1x1 convolutions in three stages.

    Parameters
    ----------
    width : int
        Channels of the first convolution; 8 is "MobileNet-0.25", 32 the published network.
    n_classes : int or None
        Outputs of the classifier `fc`; None leaves it out.

    Attributes
    ----------
    n_features : int
        Length of `features`: 32 * width.
    stage_channels : tuple of 4 int
        Channels of what `stages` gives.
    """

    def __init__(self, width: int = 8, n_classes: int | None = 1000) -> None:
        super().__init__()
        self.n_features = 32 * width
        self.stage_channels = (4 * width, 8 * width, 16 * width, 32 * width)
        first = nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), _activation()
        n_in, stages = width, []
        for blocks in _STAGES:
            layers = []
            for factor, stride in blocks:
                layers.append(_depthwise_block(n_in, factor * width, stride))
                n_in = factor * width
            stages.append(layers)
        self.stage1 = nn.Sequential(nn.Sequential(*first), *stages[0])
        self.stage2 = nn.Sequential(*stages[1])
        self.stage3 = nn.Sequential(*stages[2])
        self.avg = nn.AdaptiveAvgPool2d(1)
        if n_classes is not None:
            self.fc = nn.Linear(self.n_features, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, LEAKY_SLOPE, "fan_out", "leaky_relu")

    def stages(self, x: Tensor) -> list[Tensor]:
        """C2 to C5 of normalised pictures (N, 3, H, W): maps of strides 4, 8, 16 and 32, sides rounded up."""
        c2 = self.stage1[:C2_BLOCKS](x)
        c3 = self.stage1[C2_BLOCKS:](c2)
        c4 = self.stage2(c3)
        return [c2, c3, c4, self.stage3(c4)]

    def features(self, x: Tensor) -> Tensor:
        """Globally pooled features (N, n_features) of normalised pictures (N, 3, H, W)."""
        return self.avg(self.stages(x)[-1]).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Class scores (N, n_classes)."""
        return self.fc(self.features(x))


def _activation() -> nn.LeakyReLU:
    return nn.LeakyReLU(LEAKY_SLOPE, inplace=True)


def _depthwise_block(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_in, 3, stride, 1, groups=n_in, bias=False),
        nn.BatchNorm2d(n_in),
        _activation(),
        nn.Conv2d(n_in, n_out, 1, bias=False),
        nn.BatchNorm2d(n_out),
        _activation(),
    )


def mobilenet_025(width: int = 8, n_classes: int | None = 1000) -> MobileNet:
    """MobileNet-0.25; 470,072 parameters at the defaults, 213,072 without the classifier."""
    return MobileNet(width, n_classes)


def load_mobilenet_weights(backbone: MobileNet, path: str | Path) -> None:
    """Load named tensors into `backbone`, strictly, whether they are of the backbone alone or of a whole detector.

    Names may begin with ``module.`` (DataParallel) and then ``body.``; of a detector's file only the latter are taken.
    A backbone without classifier ignores ``fc.weight`` and ``fc.bias``.

    Raises
    ------
    CheckpointError
        The file is missing or unreadable, or its keys or shapes are not those of the backbone.
    """
    tensors = {key.removeprefix("module."): value for key, value in read_tensors(path).items()}
    of_detector = {key.removeprefix("body."): value for key, value in tensors.items() if key.startswith("body.")}
    tensors = of_detector or tensors
    if not hasattr(backbone, "fc"):
        tensors = {key: value for key, value in tensors.items() if key not in ("fc.weight", "fc.bias")}
    load_strictly(backbone, tensors, path)

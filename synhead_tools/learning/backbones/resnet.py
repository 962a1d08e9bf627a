"""ResNet-18, -34, -50 and -152, written here with torchvision's key names and results.

torchvision itself is no dependency: its wheel and the CPU wheel of torch do not go together everywhere.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.tensor_files import read_tensors


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al., 2016).

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int
        Of the first convolution; the shortcut is projected where size or channels change.
    """

    expansion = 1

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, n_out, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + shortcut)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut; the 3x3 one strides, as in torchvision (He et al., 2016).

    Parameters
    ----------
    n_in, n_mid : int
        Channels that come in; of the narrow part. 4 * n_mid go out.
    stride : int
        Of the 3x3 convolution.
    """

    expansion = 4

    def __init__(self, n_in: int, n_mid: int, stride: int = 1) -> None:
        super().__init__()
        n_out = self.expansion * n_mid
        self.conv1 = nn.Conv2d(n_in, n_mid, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_mid)
        self.conv2 = nn.Conv2d(n_mid, n_mid, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_mid)
        self.conv3 = nn.Conv2d(n_mid, n_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_in, H, W) to (N, 4 * n_mid, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet(nn.Module):
    """A residual network.

    Parameters
    ----------
    n_blocks : sequence of 4 int
        Blocks per stage.
    width : int
        Channels of the first stage; 64 is the published network. Each later stage doubles them.
    n_classes : int or None
        Outputs of the classifier `fc`; None leaves it out.
    block : type
        `BasicBlock` or `Bottleneck`.

    Attributes
    ----------
    n_features : int
        Length of `features`: 8 * width, 32 * width with bottlenecks.
    stage_channels : tuple of 4 int
        Channels of what `stages` gives.
    """

    def __init__(
        self,
        n_blocks: tuple[int, ...],
        width: int = 64,
        n_classes: int | None = 1000,
        block: type[BasicBlock] | type[Bottleneck] = BasicBlock,
    ) -> None:
        super().__init__()
        self.n_features = 8 * width * block.expansion
        self.stage_channels = tuple(width * block.expansion * 2**stage for stage in range(4))
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(block, width, width, n_blocks[0], 1)
        self.layer2 = _stage(block, width * block.expansion, 2 * width, n_blocks[1], 2)
        self.layer3 = _stage(block, 2 * width * block.expansion, 4 * width, n_blocks[2], 2)
        self.layer4 = _stage(block, 4 * width * block.expansion, 8 * width, n_blocks[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        if n_classes is not None:
            self.fc = nn.Linear(self.n_features, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def stages(self, x: Tensor) -> list[Tensor]:
        """C2 to C5 of normalised pictures (N, 3, H, W): maps of strides 4, 8, 16 and 32, sides rounded up."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            maps.append(x)
        return maps

    def features(self, x: Tensor) -> Tensor:
        """Globally pooled features (N, n_features) of normalised pictures (N, 3, H, W)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.avgpool(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Class scores (N, n_classes)."""
        return self.fc(self.features(x))


def _stage(
    block: type[BasicBlock] | type[Bottleneck], n_in: int, width: int, n_blocks: int, stride: int
) -> nn.Sequential:
    further = (block(width * block.expansion, width) for _ in range(n_blocks - 1))
    return nn.Sequential(block(n_in, width, stride), *further)


def resnet18(width: int = 64, n_classes: int | None = 1000) -> ResNet:
    """ResNet-18; 122 entries in its state dict, 11,689,512 parameters at the defaults."""
    return ResNet((2, 2, 2, 2), width, n_classes)


def resnet34(width: int = 64, n_classes: int | None = 1000) -> ResNet:
    """ResNet-34; 21,797,672 parameters at the defaults."""
    return ResNet((3, 4, 6, 3), width, n_classes)


def resnet50(width: int = 64, n_classes: int | None = 1000) -> ResNet:
    """ResNet-50; 25,557,032 parameters at the defaults."""
    return ResNet((3, 4, 6, 3), width, n_classes, Bottleneck)


def resnet152(width: int = 64, n_classes: int | None = 1000) -> ResNet:
    """ResNet-152; 60,192,808 parameters at the defaults."""
    return ResNet((3, 8, 36, 3), width, n_classes, Bottleneck)


def load_imagenet_weights(backbone: ResNet, path: str | Path) -> None:
    """Load a torchvision state dict into `backbone`, strictly; any float type is cast.

    A backbone without classifier ignores the file's ``fc.weight`` and ``fc.bias``, nothing else.

    Raises
    ------
    CheckpointError
        The file is missing or unreadable, or its keys or shapes are not those of the backbone.
    """
    tensors = read_tensors(path)
    if not hasattr(backbone, "fc"):
        tensors = {key: value for key, value in tensors.items() if key not in ("fc.weight", "fc.bias")}
    load_strictly(backbone, tensors, path)


def load_strictly(module: nn.Module, tensors: dict[str, Tensor], where: str | Path) -> None:
    """Copy `tensors` into `module`; every key, shape and value is checked first.

    Raises
    ------
    CheckpointError
        A key is missing or left over, a shape differs, or a value is not finite; the message names the first.
    """
    expected = module.state_dict()
    for kind, keys in (("lacks", expected.keys() - tensors.keys()), ("has unknown", tensors.keys() - expected.keys())):
        if keys:
            raise CheckpointError(f"{where} {kind} {sorted(keys)[0]!r} ({len(keys)} such); it is for another network")
    for key, value in tensors.items():
        if value.shape != expected[key].shape:
            raise CheckpointError(
                f"{where}: {key!r} has shape {tuple(value.shape)}, the network needs {tuple(expected[key].shape)}"
            )
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise CheckpointError(f"{where}: {key!r} holds values that are not finite; the file is damaged")
    module.load_state_dict({key: value.to(expected[key].dtype) for key, value in tensors.items()})

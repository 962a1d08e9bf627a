"""The estimator's network: a backbone, and a pose head on its features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synhead_tools.learning.backbones import BACKBONES
from synhead_tools.learning.backbones.resnet import load_imagenet_weights
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads import EulerRegressor


class PoseNetwork(nn.Module):
    """Pictures to z-scored (pitch, yaw, roll).

    Parameters
    ----------
    backbone : str
        A name of `BACKBONES`.
    width : int
        Channels of the backbone's first stage.
    """

    def __init__(self, backbone: str = "resnet18", width: int = 64) -> None:
        super().__init__()
        self.backbone = BACKBONES.load(backbone)(width=width, n_classes=None)
        self.pose_head = EulerRegressor(self.backbone.n_features)

    def features(self, pictures: Tensor) -> Tensor:
        """Features (N, n_features) float32 of normalised pictures (N, 3, S, S)."""
        return self.backbone.features(pictures).float()

    def forward(self, pictures: Tensor) -> Tensor:
        """Z-scored angles (N, 3) float32 of normalised pictures."""
        return self.pose_head(self.features(pictures))


def build_network(config: TrainConfig, device: str | torch.device = "cpu") -> PoseNetwork:
    """A network with the initial weights that `config` asks for; the same for the same seed.

    The global random state is left as it was.

    Raises
    ------
    CheckpointError
        ``init_weights`` cannot be loaded.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = PoseNetwork(config.backbone, config.backbone_width)
    if config.init_weights is not None:
        load_imagenet_weights(network.backbone, config.init_weights)
    return network.to(device, memory_format=torch.channels_last)

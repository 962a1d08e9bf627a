"""The estimator's network: a backbone, and a pose head on its features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synhead_tools.learning.backbones import BACKBONES
from synhead_tools.learning.backbones.pretrained import find_weights
from synhead_tools.learning.backbones.resnet import load_imagenet_weights
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pose_heads import POSE_HEADS


class PoseNetwork(nn.Module):
    """Pictures to what a pose head answers.

    Parameters
    ----------
    backbone : str
        A name of `BACKBONES`.
    width : int
        Channels of the backbone's first stage.
    head : str
        A name of `POSE_HEADS`.
    """

    def __init__(self, backbone: str = "resnet18", width: int = 64, head: str = "euler") -> None:
        super().__init__()
        self.backbone = BACKBONES.load(backbone)(width=width, n_classes=None)
        self.pose_head = POSE_HEADS.load(head)(self.backbone.n_features)

    def features(self, pictures: Tensor) -> Tensor:
        """Features (N, n_features) float32 of normalised pictures (N, 3, S, S)."""
        return self.backbone.features(pictures).float()

    def forward(self, pictures: Tensor) -> Tensor:
        """The head's outputs (N, k) float32 of normalised pictures."""
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
        network = PoseNetwork(config.backbone, config.backbone_width, config.head)
    if config.init_weights is not None:
        path = find_weights(config.init_weights, config.backbone, config.init_sha256)
        load_imagenet_weights(network.backbone, path)
    return network.to(device, memory_format=torch.channels_last)

"""Detectors that nobody trained: their answers mean nothing, but differ from place to place."""

import numpy as np
import torch

from synhead_tools.learning.detection.checkpoint import DetectorCheckpoint, DetectorRecord, save_detector_checkpoint
from synhead_tools.learning.detection.config import DetectorConfig
from synhead_tools.learning.detection.network import DetectorNetwork

TINY = {"backbone": "mobilenet0.25", "backbone_width": 2, "channels": 8, "mesh_vertices": 6, "deformable": False}


def random_network(seed=0, **changes):
    """With BatchNorm that has something to fold."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DetectorNetwork(DetectorConfig(**{**TINY, **changes})).eval()
        for name, parameter in network.named_parameters():
            scale = 0.02 if "offset" in name else 1.0 if "mesh" in name else None
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 25
            torch.nn.init.normal_(parameter, std=scale or fan_in**-0.5)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.data.uniform_(0.8, 1.2)
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return network


def write_detector(folder, network, certain=None):
    """Its folder; if `certain`, it finds a face at every anchor, or if false, at none."""
    if certain is not None:
        (logits,) = (network.second or network.first).logits.levels
        with torch.no_grad():
            logits.bias.copy_(torch.tensor([-9.0, 9.0] if certain else [9.0, -9.0]).repeat(3))
    record = DetectorRecord(network.config, 64, 0, 1, data={"dataset": "nothing"})
    return save_detector_checkpoint(folder, DetectorCheckpoint(network, record))


def picture(size, seed=0):
    """Twenty colours in a grid, (height, width, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 4, 3), np.uint8)
    rows, columns = (np.arange(length) * n // length for length, n in zip(size, coarse.shape, strict=False))
    return coarse[rows[:, None], columns]

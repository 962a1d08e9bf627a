"""The optimiser of a detector: decay on kernels alone, a slower rate for deformable offsets."""

from __future__ import annotations

import torch
from torch import nn

from synhead_tools.learning.detection.deformable import slow_parameters
from synhead_tools.learning.detection.train_config import DetectorTraining


def build_detector_optimiser(network: nn.Module, config: DetectorTraining) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW; groups hold their ``peak`` rate for `synhead_tools.learning.optimiser`."""
    slow = {id(parameter) for parameter in slow_parameters(network)}
    groups = []
    for is_slow in (False, True):
        rate = config.learning_rate * (config.offset_rate if is_slow else 1.0)
        for decayed in (True, False):
            chosen = [
                parameter for parameter in network.parameters()
                if (id(parameter) in slow) == is_slow and (parameter.ndim > 1) == decayed and parameter.requires_grad
            ]  # fmt: skip
            decay = config.weight_decay if decayed else 0.0
            if chosen:
                groups.append({"params": chosen, "lr": rate, "peak": rate, "weight_decay": decay})
    if config.optimiser == "adamw":
        return torch.optim.AdamW(groups, fused=True)  # a loop over single weights takes a tenth of a step
    return torch.optim.SGD(groups, momentum=config.momentum)

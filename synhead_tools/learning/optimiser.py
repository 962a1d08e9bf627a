"""AdamW over the network and what is trained beside it, and its state as named tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.config import TrainConfig


def build_optimiser(
    config: TrainConfig, peak: float, network: nn.Module, discriminator: nn.Module | None = None
) -> torch.optim.AdamW:
    """AdamW; decay on kernels and matrices, none on biases and BatchNorm.

    Parameters
    ----------
    config : TrainConfig
        Decay, and the discriminator's rate over the network's.
    peak : float
        Learning rate at the top of the schedule.
    network, discriminator : nn.Module
        What is trained.
    """
    groups = []
    parts = [(network, peak)]
    if discriminator is not None:
        parts.append((discriminator, peak * config.discriminator_lr_factor))
    for module, rate in parts:
        for decayed in (True, False):
            chosen = [p for p in module.parameters() if (p.ndim > 1) == decayed]
            decay = config.weight_decay if decayed else 0.0
            groups.append({"params": chosen, "lr": rate, "peak": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def set_learning_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate to `factor` of its peak."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor


def optimiser_state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments and step counts, named by the parameter's number; empty before the first step."""
    state = {}
    for i, parameter in enumerate(_parameters(optimiser)):
        state |= {f"{i}/{name}": value for name, value in optimiser.state.get(parameter, {}).items()}
    return state


def load_optimiser_state(optimiser: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    """Take over what `optimiser_state` gave.

    Moments get their parameter's memory format: a fused step walks all of them in the order in which they lie.

    Raises
    ------
    CheckpointError
        The state is of other parameters.
    """
    by_number: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        number, _, name = key.partition("/")
        by_number.setdefault(number, {})[name] = value
    for i, parameter in enumerate(_parameters(optimiser)):
        mine = by_number.get(str(i), {})
        restored = {}
        for name, value in mine.items():
            if value.ndim and value.shape != parameter.shape:
                raise CheckpointError("the optimiser's state is of another network; start anew with --overwrite")
            like = torch.empty_like(parameter) if value.ndim else torch.empty_like(value, device=parameter.device)
            restored[name] = like.detach().copy_(value)
        if restored:
            optimiser.state[parameter] = restored


def _parameters(optimiser: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]

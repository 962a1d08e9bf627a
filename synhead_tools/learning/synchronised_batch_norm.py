"""BatchNorm whose batch is that of all processes together, so that sharing a batch out changes nothing."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _SumOverProcesses(torch.autograd.Function):
    """The sum of everybody's values, whose gradient is the sum of everybody's gradients."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        values = values.clone()
        dist.all_reduce(values)
        return values

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.clone()
        dist.all_reduce(gradient)
        return gradient


class _Synchronised:
    """Batch statistics over all processes; evaluation as usual. The shares of a batch must be of one size."""

    def forward(self, x: Tensor) -> Tensor:
        """As BatchNorm."""
        if not self.training:
            return super().forward(x)
        dims, shape = [0, *range(2, x.ndim)], [1, -1, *[1] * (x.ndim - 2)]
        n_processes = dist.get_world_size()
        count = n_processes * x.numel() // x.shape[1]
        # moments about the running mean, which is the same everywhere: what is subtracted below is then small
        start = self.running_mean.clone()
        centred = x.float() - start.view(shape)
        moments = torch.stack([centred.mean(dim=dims), centred.square().mean(dim=dims)])
        first, second = _SumOverProcesses.apply(moments) / n_processes
        variance = second - first.square()
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(start + first, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return ((centred - first.view(shape)) * scale.view(shape) + self.bias.view(shape)).to(x.dtype)


class SynchronisedBatchNorm1d(_Synchronised, nn.BatchNorm1d):
    """Of features (N, C)."""


class SynchronisedBatchNorm2d(_Synchronised, nn.BatchNorm2d):
    """Of pictures (N, C, H, W)."""


_KINDS = ((nn.BatchNorm1d, SynchronisedBatchNorm1d), (nn.BatchNorm2d, SynchronisedBatchNorm2d))


def synchronise_batch_norms(network: nn.Module, synchronised: bool = True) -> None:
    """Make every BatchNorm of `network` a synchronised one, or a plain one again; parameters stay what they are."""
    for module in network.modules():
        for plain, other in _KINDS:
            if type(module) is (plain if synchronised else other):
                module.__class__ = other if synchronised else plain

"""The losses of one step, as a module that DistributedDataParallel can wrap."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.pictures.batches import SourceBatch, TargetBatch
from synhead_tools.learning.processes import n_processes
from synhead_tools.learning.synchronised_batch_norm import synchronise_batch_norms


class _StepLosses(nn.Module):
    """Network and discriminator, with the method's losses as forward pass."""

    def __init__(self, passes: DomainPasses, method: AdaptationMethod) -> None:
        super().__init__()
        self.network, self.discriminator = passes.network, method.discriminator
        self._passes, self._method = passes, method

    def forward(self, source: SourceBatch, target: TargetBatch | None, progress: float) -> dict[str, Tensor]:
        return self._method.losses(self._passes, source, target, progress)


def shared_losses(
    passes: DomainPasses, method: AdaptationMethod
) -> Callable[[SourceBatch, TargetBatch | None, float], dict[str, Tensor]]:
    """The method's losses; with several processes so that ``backward`` averages gradients over all of them.

    BatchNorm then takes its statistics from the batch of all processes.
    """
    if n_processes() == 1:
        return lambda source, target, progress: method.losses(passes, source, target, progress)
    step = _StepLosses(passes, method)
    synchronise_batch_norms(step)
    # buffers are the same everywhere as they are, and some modes exchange them on the way
    known = signature(DistributedDataParallel).parameters
    option = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"  # its name before 2.13
    return DistributedDataParallel(step, **{option: False})


def end_sharing(network: nn.Module) -> None:
    """Give a network back the plain layers that evaluation in one process wants."""
    synchronise_batch_norms(network, synchronised=False)

"""Training by several processes that torchrun has started: who this one is, and what they tell each other.

Each process holds the whole data and a copy of the network, and takes its part of every batch; gradients are averaged
by DistributedDataParallel. Without torchrun there is one process, and everything here does nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from synhead_tools.errors import TrainingError

Anything = TypeVar("Anything")


@contextlib.contextmanager
def joined_processes(device: str) -> Iterator[str]:
    """Join the processes that torchrun has started for the length of the block, if it has.

    Parameters
    ----------
    device : str
        As for `resolve_device`; with several processes ``auto`` and ``cuda`` are each process's own GPU.

    Yields
    ------
    str
        The device of this process.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    if device in ("auto", "cuda") and torch.cuda.is_available():
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield device
    finally:
        dist.destroy_process_group()


def n_processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def own_number() -> int:
    """Which of them this one is, from 0; the first writes all files."""
    return dist.get_rank() if n_processes() > 1 else 0


def own_names() -> tuple[str, ...]:
    """Names to add to a stream of random numbers that is not to be the same in all processes; none for the first."""
    return () if own_number() == 0 else (f"process {own_number()}",)


def own_part(batch_size: int) -> slice:
    """The rows of a batch that this process takes.

    Raises
    ------
    TrainingError
        The batch cannot be shared evenly.
    """
    if batch_size % n_processes():
        raise TrainingError(
            f"batch_size = {batch_size} cannot be shared evenly by {n_processes()} processes; it counts the samples of "
            "all of them"
        )
    share = batch_size // n_processes()
    return slice(own_number() * share, (own_number() + 1) * share)


def mean_over_processes(values: Tensor) -> Tensor:
    """The mean of everybody's `values`, on all processes."""
    if n_processes() == 1:
        return values
    values = values.clone()
    dist.all_reduce(values)
    return values / n_processes()


def from_first(value: Anything) -> Anything:
    """What the first process has; the others' `value` is ignored."""
    if n_processes() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box)
    return box[0]


def from_all(value: Anything) -> list[Anything]:
    """Everybody's `value`, in order."""
    if n_processes() == 1:
        return [value]
    values = [None] * n_processes()
    dist.all_gather_object(values, value)
    return values

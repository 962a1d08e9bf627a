"""Where training runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from synhead_tools.errors import TrainingError

_FULL = ("can't allocate memory", "out of memory", "ALLOC_FAILED")  # torch on the CPU; CUDA; its libraries


def resolve_device(device: str) -> torch.device:
    """The torch device of that name; ``auto`` is the first GPU, else the CPU.

    Raises
    ------
    TrainingError
        There is no such device here.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(f"device {device!r} cannot be used here ({reason}); try --device cpu") from None
    return found


@contextlib.contextmanager
def memory_explained(batch_size: int, input_px: int, device: str | torch.device) -> Iterator[None]:
    """Answer full memory within the block with the settings that decide how much is needed.

    Raises
    ------
    TrainingError
        Memory ran out; one line.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        full = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(text in str(error) for text in _FULL)
        if not full:
            raise
        raise TrainingError(
            f"the memory of {device} is full at batch_size = {batch_size}, input_px = {input_px}; pass a smaller "
            "--batch-size or --input-px, or keep the pictures elsewhere with --placement"
        ) from None

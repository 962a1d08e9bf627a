"""Where training runs."""

from __future__ import annotations

import torch

from synhead_tools.errors import TrainingError


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

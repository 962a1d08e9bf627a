"""Torch's own random numbers: initial weights and dropout draw from them."""

from __future__ import annotations

import torch
from torch import Tensor


class SeededTorch:
    """Within it torch's own random state (initial weights, dropout) has a known seed; afterwards it is as before."""

    def __init__(self, seed: int) -> None:
        devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
        self._fork, self._seed = torch.random.fork_rng(devices=devices), seed

    def __enter__(self) -> None:
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: object) -> None:
        self._fork.__exit__(*error)


def random_state() -> dict[str, Tensor]:
    """Torch's own random numbers, which dropout draws; nothing in training draws from NumPy's."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def load_random_state(state: dict[str, Tensor]) -> None:
    """Take over what `random_state` gave."""
    torch.set_rng_state(state["cpu"].cpu())
    if "cuda" in state and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(state["cuda"].cpu())

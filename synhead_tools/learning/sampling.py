"""Which samples come next: whole epochs of indices drawn at once, in proportion to weights."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from synhead_tools.errors import TrainingError


def stream_seed(seed: int, *names: str) -> int:
    """A seed for one named stream of random numbers; streams of different names do not follow one another."""
    digest = hashlib.sha256(repr((seed, *names)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def named_generator(seed: int, *names: str, device: str | torch.device = "cpu") -> torch.Generator:
    """A generator on `device`, seeded by `stream_seed`."""
    return torch.Generator(device).manual_seed(stream_seed(seed, *names))


def systematic_epoch(weights: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw `count` indices in proportion to `weights`, in random order.

    Systematic resampling (Kitagawa, 1996): equally spaced points with one random offset on the cumulated weights, so
    sample i comes floor or ceil of count * w_i / sum(w) times, and equal weights with count = n give a permutation.
    The sum is cumulated in float64: float32 loses samples beyond some 100,000.

    Parameters
    ----------
    weights : Tensor, shape (n,)
        Not negative, finite, not all 0; need not sum to 1. On the CPU.
    count : int
        Indices to draw.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor, shape (count,)
        int64.

    Raises
    ------
    TrainingError
        The weights are not what they must be.
    """
    weights = weights.double()
    cumulated = torch.cumsum(weights, dim=0)
    if not torch.isfinite(weights).all() or (weights < 0).any() or cumulated[-1] <= 0:
        raise TrainingError("sample weights must be finite, not negative and not all zero")
    offset = torch.rand((), generator=generator, dtype=torch.float64)
    points = (torch.arange(count, dtype=torch.float64) + offset) * (cumulated[-1] / count)
    index = torch.searchsorted(cumulated, points, right=True)
    index = index.clamp_max(int(torch.nonzero(weights)[-1]))  # a point rounded up to the very end
    return index[torch.randperm(count, generator=generator)]


class IndexStream:
    """An endless stream of sample indices, epoch after epoch.

    Parameters
    ----------
    weights : Tensor, shape (n,)
        See `systematic_epoch`.
    generator : torch.Generator
        On the CPU.
    device : torch.device or str
        Where the indices are wanted.
    """

    def __init__(self, weights: Tensor, generator: torch.Generator, device: str | torch.device = "cpu") -> None:
        self._weights, self._generator, self._device = weights, generator, device
        self._left = torch.empty(0, dtype=torch.int64, device=device)

    def take(self, count: int) -> Tensor:
        """The next `count` indices, int64."""
        while len(self._left) < count:
            epoch = systematic_epoch(self._weights, len(self._weights), self._generator).to(self._device)
            self._left = torch.cat([self._left, epoch])
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def set_weights(self, weights: Tensor) -> None:
        """Draw in proportion to other weights from now on; what is left of the epoch under way is dropped."""
        self._weights, self._left = weights, self._left[:0]

    def state(self) -> dict[str, Tensor]:
        """Where the stream stands."""
        return {"generator": self._generator.get_state(), "left": self._left}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from where a stream with the same weights stood."""
        left = state["left"]
        if left.dtype != torch.int64 or (
            len(left) and not 0 <= int(left.min()) <= int(left.max()) < len(self._weights)
        ):
            raise TrainingError("the saved order of samples is of other data; start anew with --overwrite")
        self._generator.set_state(state["generator"].cpu())
        self._left = left.to(self._device)

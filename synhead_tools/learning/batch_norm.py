"""BatchNorm when two domains pass through one network.

With batch statistics a network is another function for every batch, and at test time, with running statistics, yet
another. What an adversary aligned holds at test time only as far as those functions agree. Modes for stage 2:

``frozen``
    Running statistics of stage 1 for both domains, while affine parameters go on learning. One function for training
    and test and for both domains, at any batch size; the default for that reason.
``source``
    Each domain is normalised by its own batches; only the source's enter the running statistics, which serve at test
    time. Features of target pictures are then not normalised at test time as they were when they were aligned.
``separate``
    As AdaBN (Li et al., 2016): each domain has its own running statistics, and the target's serve at test time. Train
    and test agree; but a target whose poses differ from the source's shifts the statistics, and the poses with them.
``joint``
    One pass over both domains, one set of statistics of the mixture. Train and test agree if the mixture is
    representative of either.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from synhead_tools.learning.model import PoseNetwork

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")

TEST_TIME_STATISTICS = {
    "frozen": "source, of stage 1",
    "source": "source",
    "separate": "target",
    "joint": "source and target together",
}


class DomainPasses:
    """Forward passes of source and target pictures through one network, under one BatchNorm mode.

    Parameters
    ----------
    network : PoseNetwork
        Is put into training mode.
    bn_mode : str
        See the module's docstring.
    bfloat16 : bool
        Whether the backbone computes in bfloat16; heads always compute in float32.
    compile_mode : str
        A mode of torch.compile for the backbone, or ``off``.
    """

    def __init__(
        self, network: PoseNetwork, bn_mode: str = "source", bfloat16: bool = False, compile_mode: str = "off"
    ) -> None:
        self.network, self._mode, self._bfloat16 = network, bn_mode, bfloat16
        self._norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        self._train()
        self._forward = network.features
        if compile_mode != "off":
            self._forward = torch.compile(self._forward, mode=compile_mode)
        self._target_statistics = [{name: getattr(norm, name).clone() for name in _STATISTICS} for norm in self._norms]
        self._saw_target = False

    def source(self, pictures: Tensor) -> Tensor:
        """Features of source pictures."""
        return self._features(pictures)

    def target(self, pictures: Tensor) -> Tensor:
        """Features of target pictures in a pass of their own."""
        self._saw_target = True
        if self._mode == "frozen":
            return self._features(pictures)
        self._swap()
        try:
            return self._features(pictures)
        finally:
            self._swap()

    def pair(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Features of both domains' pictures, in one pass where the mode asks for it."""
        if self._mode == "joint":
            self._saw_target = True
            features = self._features(torch.cat([source, target]))
            return features[: len(source)], features[len(source) :]
        return self.source(source), self.target(target)

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[PoseNetwork]:
        """The network as it would answer at test time if training ended here; afterwards training goes on as before."""
        adapted = self._mode == "separate" and self._saw_target
        if adapted:
            self._swap()
        try:
            yield self.network.eval()
        finally:
            if adapted:
                self._swap()
            self._train()

    def state(self) -> dict[str, Tensor]:
        """What belongs to training beside the network: the target's own statistics, where the mode keeps them."""
        state = {"saw_target": torch.tensor(self._saw_target)}
        if self._mode == "separate":
            for i, kept in enumerate(self._target_statistics):
                state |= {f"{i}/{name}": value for name, value in kept.items()}
        return state

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take over what `state` gave."""
        self._saw_target = bool(state["saw_target"])
        if self._mode == "separate":
            for i, kept in enumerate(self._target_statistics):
                for name, value in kept.items():
                    value.copy_(state[f"{i}/{name}"])

    def finish(self) -> PoseNetwork:
        """The network in evaluation mode, with the statistics that serve at test time."""
        if self._mode == "separate" and self._saw_target:
            self._swap()
        return self.network.eval()

    def autocast(self, device_type: str) -> torch.autocast:
        """The arithmetic of the backbone, for another network that is to compute as this one does."""
        return torch.autocast(device_type, dtype=torch.bfloat16, enabled=self._bfloat16)

    @property
    def test_time_statistics(self) -> str:
        """Whose running statistics the finished network holds, in words."""
        return TEST_TIME_STATISTICS[self._mode] if self._saw_target or self._mode == "frozen" else "source"

    def _features(self, pictures: Tensor) -> Tensor:
        with self.autocast(pictures.device.type):
            return self._forward(pictures)

    def _train(self) -> None:
        self.network.train()
        if self._mode == "frozen":
            for norm in self._norms:
                norm.eval()

    def _swap(self) -> None:
        """Exchange the running statistics in the network with the target's."""
        for norm, kept in zip(self._norms, self._target_statistics, strict=True):
            for name in _STATISTICS:
                mine = getattr(norm, name)
                setattr(norm, name, kept[name])
                kept[name] = mine

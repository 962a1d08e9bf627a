"""The loop of both stages: draw, compute losses, step; it can stop between any two steps and go on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.adaptation.schedules import learning_rate_factor
from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.batches import SourceBatch, SourceStream, TargetStream
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.data import DomainCrops, LabelledCrops
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.optimiser import build_optimiser, load_optimiser_state, optimiser_state, set_learning_rate
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.precision import resolve_precision
from synhead_tools.learning.processes import from_all, own_names, own_number
from synhead_tools.learning.sampling import stream_seed
from synhead_tools.learning.shared_losses import end_sharing, shared_losses
from synhead_tools.learning.source_weights import estimate_source_weights
from synhead_tools.learning.training_log import LossNotFiniteError, StepAverages
from synhead_tools.learning.training_state import TrainingState, named_part


@dataclass(frozen=True)
class Watch:
    """Who is told what while a stage runs; nothing of it changes the result.

    Parameters
    ----------
    log : callable or None
        Takes the log lines.
    on_state : callable or None
        Takes the state at the start, every `state_every` steps and at the end.
    state_every : int
        Steps between states.
    on_bad_batch : callable or None
        Takes the tensors of a batch whose loss is not finite, and says where they lie.
    """

    log: LogSink | None = None
    on_state: Callable[[TrainingState], None] | None = None
    state_every: int = 1000
    on_bad_batch: Callable[[dict[str, torch.Tensor]], str] | None = None


@dataclass(frozen=True)
class Stage:
    """What distinguishes one stage from the other.

    Parameters
    ----------
    name : str
        ``stage1`` or ``stage2``; also names its random numbers.
    n_steps, learning_rate : int, float
        Length and peak rate.
    method : AdaptationMethod
        Decides the losses.
    bn_mode : str
        See `synhead_tools.learning.batch_norm`.
    scale : LabelScale
        Of the network's outputs.
    """

    name: str
    n_steps: int
    learning_rate: float
    method: AdaptationMethod
    bn_mode: str
    scale: LabelScale


class StageRun:
    """One stage under way.

    Parameters
    ----------
    config : TrainConfig
        All settings.
    stage : Stage
        Which stage.
    network : PoseNetwork
        Is trained in place.
    source, target : LabelledCrops, DomainCrops or None
        The domains.
    weights : array, shape (N,), or None
        Instance weights of the source samples.
    watch : Watch
        Log, states.
    """

    def __init__(
        self,
        config: TrainConfig,
        stage: Stage,
        network: PoseNetwork,
        source: LabelledCrops,
        target: DomainCrops | None,
        weights: np.ndarray | None,
        watch: Watch,
    ) -> None:
        self._config, self._stage, self._network, self._watch = config, stage, network, watch
        self.step, self._device = 0, source.device
        self.weights = weights
        bfloat16 = resolve_precision(config.precision, source.device, config.input_px) == "bfloat16"
        self.passes = DomainPasses(network, stage.bn_mode, bfloat16, config.compile)
        self._domains = source, target
        labelled = target if stage.method.uses_target_labels else source
        self._source = SourceStream(
            labelled, stage.scale, config, stage.name, _as_tensor(weights), stage.method.weighs_losses
        )
        adapts = stage.method.uses_target and not stage.method.uses_target_labels
        self._target = TargetStream(target, config, stage.name) if adapts else None
        self._discriminator = stage.method.discriminator
        if self._discriminator is not None:
            self._discriminator.to(self._device).train()
        self._losses = shared_losses(self.passes, stage.method)
        self._optimiser = build_optimiser(config, stage.learning_rate, network, self._discriminator)
        n_domains = 1 if self._target is None else 2
        self._averages = StepAverages(
            stage.name, stage.n_steps, config.log_every, n_domains * config.batch_size, watch.log
        )
        self._mark = self._streams()

    def run(self, resume: TrainingState | None = None) -> DomainPasses:
        """Make the stage's steps, all or those that `resume`, a state of this stage, has left.

        Raises
        ------
        TrainingError
            The loss stopped being finite.
        """
        every, on_state = self._watch.state_every, self._watch.on_state
        with SeededTorch(stream_seed(self._config.seed, self._stage.name, "dropout", *own_names())):
            if resume is not None:
                self._load_state(resume)
            elif on_state is not None:
                on_state(self._state())
            try:
                while self.step < self._stage.n_steps:
                    self._make_step()
                    if on_state is not None and (self.step % every == 0 or self.step == self._stage.n_steps):
                        self._averages.check(self.step)
                        self._check_weights()
                        on_state(self._state())
            except LossNotFiniteError as error:
                raise self._with_batch(error) from None
        self._check_weights()
        end_sharing(self._network)
        return self.passes

    def _make_step(self) -> None:
        config, progress = self._config, self.step / self._stage.n_steps
        if self.weights is not None and config.weights_every and self.step and self.step % config.weights_every == 0:
            self._estimate_weights()
        set_learning_rate(self._optimiser, learning_rate_factor(progress, config.schedule, config.warmup))
        source, target = self._next_batches()
        losses = self._losses(source, target, progress)
        self._optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        self._optimiser.step()
        self.step += 1
        if self._averages.add(self.step, losses, self._optimiser.param_groups[0]["lr"]):
            self._mark = self._streams()

    def _estimate_weights(self) -> None:
        config, stage = self._config, self._stage
        with self.passes.evaluating() as network:
            self.weights = estimate_source_weights(
                config, stage.method, network, stage.scale, *self._domains, self._watch.log, self.step
            )
        self._source.set_weights(_as_tensor(self.weights))

    def _next_batches(self) -> tuple[SourceBatch, torch.Tensor | None]:
        return self._source.next(), None if self._target is None else self._target.next()

    def _check_weights(self) -> None:
        """A step may spoil the weights though its loss was finite; such weights are neither saved nor the result."""
        for name, value in self._network.state_dict().items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise TrainingError(
                    f"{name} holds values that are not finite after {self._stage.name} step {self.step} of "
                    f"{self._stage.n_steps}; lower the learning rate, or train in float32"
                )

    def _streams(self) -> tuple[int, dict[str, torch.Tensor], dict[str, torch.Tensor] | None]:
        """Where both streams stand after how many steps: the last place known to be good."""
        return self.step, self._source.state(), None if self._target is None else self._target.state()

    def _with_batch(self, error: LossNotFiniteError) -> TrainingError:
        """The error in full, the batch of its step saved: drawn again from the last good place."""
        advice = "lower the learning rate or lambda_max, or train in float32"
        if self._watch.on_bad_batch is None:
            return TrainingError(f"{error}; {advice}")
        step, source, target = self._mark
        self._source.load_state(source)
        if self._target is not None:
            self._target.load_state(target)
        for _ in range(error.step - step):
            batch, pictures = self._next_batches()
        tensors = {"source/pictures": batch.pictures, "source/wanted": batch.wanted}
        tensors |= {} if pictures is None else {"target/pictures": pictures}
        where = self._watch.on_bad_batch(tensors)
        return TrainingError(f"{error} (its batch is in {where}); {advice}")

    def _state(self) -> TrainingState:
        tensors = named_part("network", self._network.state_dict())
        if self._discriminator is not None:
            tensors |= named_part("discriminator", self._discriminator.state_dict())
        tensors |= named_part("optimiser", optimiser_state(self._optimiser))
        tensors |= named_part("passes", self.passes.state()) | named_part("averages", self._averages.state())
        random = named_part("source", self._source.state()) | named_part("random", _random_state())
        if self._target is not None:
            random |= named_part("target", self._target.state())
        for number, of_process in enumerate(from_all(random)):
            tensors |= named_part(f"process {number}", of_process)
        if self.weights is not None:
            tensors["weights/source"] = _as_tensor(self.weights)
        return TrainingState(self._stage.name, self.step, tensors)

    def _load_state(self, state: TrainingState) -> None:
        self.step = state.step
        load_strictly(self._network, state.part("network"), "the saved state")
        if self._discriminator is not None:
            load_strictly(self._discriminator, state.part("discriminator"), "the saved state")
        load_optimiser_state(self._optimiser, state.part("optimiser"))
        self.passes.load_state(state.part("passes"))
        self._averages.load_state(state.part("averages"), self._device)
        own = f"process {own_number()}"
        self._source.load_state(state.part(f"{own}/source"))
        if self._target is not None:
            self._target.load_state(state.part(f"{own}/target"))
        _load_random_state(state.part(f"{own}/random"))
        self._mark = self._streams()


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


def _random_state() -> dict[str, torch.Tensor]:
    """Torch's own random numbers, which dropout draws; nothing in training draws from NumPy's."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _load_random_state(state: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if "cuda" in state and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(state["cuda"].cpu())


def _as_tensor(weights: np.ndarray | None) -> torch.Tensor | None:
    return None if weights is None else torch.from_numpy(weights)

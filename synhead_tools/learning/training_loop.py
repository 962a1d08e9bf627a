"""The loop of both stages: draw, compute losses, step; it can stop between any two steps and go on from there."""

from __future__ import annotations

import numpy as np
import torch

from synhead_tools.errors import CheckpointError, SynheadError, TrainingError
from synhead_tools.learning.adaptation.schedules import learning_rate_factor
from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.batch_norm import DomainPasses
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.optimiser import build_optimiser, load_optimiser_state, optimiser_state, set_learning_rate
from synhead_tools.learning.pictures.batches import SourceBatch, SourceStream, TargetBatch, TargetStream
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
from synhead_tools.learning.precision import resolve_precision
from synhead_tools.learning.processes import from_all, own_names, own_number
from synhead_tools.learning.random_state import SeededTorch, load_random_state, random_state
from synhead_tools.learning.sampling import stream_seed
from synhead_tools.learning.shared_losses import end_sharing, shared_losses
from synhead_tools.learning.source_weights import estimate_source_weights
from synhead_tools.learning.stage import Stage, Watch
from synhead_tools.learning.training_log import LossNotFiniteError, StepAverages
from synhead_tools.learning.training_state import TrainingState, named_part


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
        self._target = TargetStream(target, config, stage.name, stage.method.uses_plain_target) if adapts else None
        stage.method.begin(self.passes, stage.scale)
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
                self._resume(resume)
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
        self._stage.method.after_step(self.passes)
        self.step += 1
        if self._averages.add(self.step, losses, self._optimiser.param_groups[0]["lr"]):
            self._mark = self._streams()

    def _estimate_weights(self) -> None:
        config, stage = self._config, self._stage
        self._averages.check(self.step)  # batches before this could not be drawn again after it
        with self.passes.evaluating() as network:
            self.weights = estimate_source_weights(
                config, stage.method, network, stage.scale, *self._domains, self._watch.log, self.step
            )
        self._source.set_weights(_as_tensor(self.weights))
        self._mark = self._streams()

    def _next_batches(self) -> tuple[SourceBatch, TargetBatch | None]:
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
            batch, target = self._next_batches()
        tensors = {"source/pictures": batch.pictures, "source/wanted": batch.wanted}
        tensors |= {} if target is None else {"target/pictures": target.pictures}
        where = self._watch.on_bad_batch(tensors)
        return TrainingError(f"{error} (its batch is in {where}); {advice}")

    def _state(self) -> TrainingState:
        tensors = named_part("network", self._network.state_dict())
        if self._discriminator is not None:
            tensors |= named_part("discriminator", self._discriminator.state_dict())
        tensors |= named_part("optimiser", optimiser_state(self._optimiser))
        tensors |= named_part("passes", self.passes.state()) | named_part("method", self._stage.method.state())
        for number, own in enumerate(from_all(self._own_state())):
            tensors |= named_part(f"process {number}", own)
        if self.weights is not None:
            tensors["weights/source"] = _as_tensor(self.weights)
        return TrainingState(self._stage.name, self.step, tensors)

    def _own_state(self) -> dict[str, torch.Tensor]:
        """What differs between processes; on the CPU, since another process may not have this device."""
        state = named_part("source", self._source.state()) | named_part("random", random_state())
        if self._target is not None:
            state |= named_part("target", self._target.state())
        state |= named_part("averages", self._averages.state())
        return {name: value.cpu() for name, value in state.items()}

    def _resume(self, state: TrainingState) -> None:
        try:
            if not 0 <= state.step <= self._stage.n_steps:
                raise ValueError(f"step {state.step}")
            self._load_state(state)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, SynheadError):
                raise
            raise CheckpointError(
                f"the saved state of {self._stage.name} does not fit this run ({str(error).splitlines()[0]}); start "
                "anew with --overwrite"
            ) from None

    def _load_state(self, state: TrainingState) -> None:
        self.step = state.step
        load_strictly(self._network, state.part("network"), "the saved state")
        if self._discriminator is not None:
            load_strictly(self._discriminator, state.part("discriminator"), "the saved state")
        load_optimiser_state(self._optimiser, state.part("optimiser"))
        self.passes.load_state(state.part("passes"))
        self._stage.method.load_state(state.part("method"))
        own = f"process {own_number()}"
        self._averages.load_state(state.part(f"{own}/averages"), self._device)
        self._source.load_state(state.part(f"{own}/source"))
        if self._target is not None:
            self._target.load_state(state.part(f"{own}/target"))
        load_random_state(state.part(f"{own}/random"))
        self._mark = self._streams()


def _as_tensor(weights: np.ndarray | None) -> torch.Tensor | None:
    return None if weights is None else torch.from_numpy(weights)

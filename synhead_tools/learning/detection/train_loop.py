"""The loop that trains a detector; it can stop between any two steps and go on from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from synhead_tools.errors import CheckpointError, SynheadError, TrainingError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.detection.config import DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.losses import MeshEdges, detection_losses, edges_of
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.detection.optimiser import build_detector_optimiser
from synhead_tools.learning.detection.scene_batches import SceneBatch, SceneBatches
from synhead_tools.learning.detection.scene_sample import SceneSource
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.optimiser import load_optimiser_state, optimiser_state, set_learning_rate
from synhead_tools.learning.precision import resolve_precision
from synhead_tools.learning.random_state import SeededTorch
from synhead_tools.learning.sampling import stream_seed
from synhead_tools.learning.training_log import LossNotFiniteError, StepAverages
from synhead_tools.learning.training_state import TrainingState, named_part

STAGE = "detector"


@dataclass(frozen=True)
class DetectorPlan:
    """All settings of a run.

    Parameters
    ----------
    network : DetectorConfig
    losses : DetectionLossConfig
    training : DetectorTraining
    """

    network: DetectorConfig
    losses: DetectionLossConfig
    training: DetectorTraining


def initial_network(plan: DetectorPlan) -> DetectorNetwork:
    """The untrained network, the same for the same seed."""
    with SeededTorch(stream_seed(plan.training.seed, "initial weights")):
        return DetectorNetwork(plan.network)


def train_detector(
    plan: DetectorPlan,
    source: SceneSource,
    *,
    network: DetectorNetwork | None = None,
    device: torch.device | str = "cpu",
    workers: int = 1,
    log: LogSink | None = None,
    resume: TrainingState | None = None,
    on_state: Callable[[TrainingState], None] | None = None,
    state_every: int = 500,
) -> DetectorNetwork:
    """Train a detector.

    Parameters
    ----------
    plan : DetectorPlan
        All settings.
    source : SceneSource
        Pictures with faces.
    network : DetectorNetwork, optional
        With its initial weights; is trained in place. `initial_network` by default.
    device : torch.device or str
        Where it runs.
    workers : int
        Threads that make batches.
    log : callable, optional
        Takes a dictionary every few steps.
    resume : TrainingState, optional
        Go on from there; on a CPU the result is the same as without the break.
    on_state : callable, optional
        Called with a state to resume from at the start, every `state_every` steps and at the end; its tensors change
        with the next step.
    state_every : int

    Returns
    -------
    DetectorNetwork
        Of the last step, in evaluation mode.

    Raises
    ------
    TrainingError
        The loss stopped being finite, or a sample is malformed.
    """
    run = _Run(plan, source, network or initial_network(plan), torch.device(device), workers, log)
    if resume is not None:
        run.resume(resume)
    elif on_state is not None:
        on_state(run.state())
    for batch in run.batches.from_step(run.step):
        run.make_step(batch)
        if on_state is not None and (run.step % state_every == 0 or run.step == plan.training.steps):
            run.averages.check(run.step)
            on_state(run.state())
    return run.network.eval()


class _Run:
    def __init__(
        self, plan: DetectorPlan, source: SceneSource, network: DetectorNetwork, device: torch.device, workers: int,
        log: LogSink | None,
    ) -> None:  # fmt: skip
        self.plan, self.step, self._device = plan, 0, device
        training = plan.training
        self.network = network.to(device, memory_format=torch.channels_last).train()
        self.batches = SceneBatches(source, training, plan.network.mesh_vertices, device, workers)
        self._optimiser = build_detector_optimiser(self.network, training)
        self.averages = StepAverages(STAGE, training.steps, training.log_every, training.mean_pictures, log)
        self._bfloat16 = resolve_precision(training.precision, device, training.input_px) == "bfloat16"
        mesh = load_face_mesh()
        fits = len(mesh.mean_m) == plan.network.mesh_vertices
        edges = edges_of(torch.from_numpy(mesh.triangles))
        self._edges = MeshEdges(*(part.to(device) for part in edges)) if fits else None

    def make_step(self, batch: SceneBatch) -> None:
        training = self.plan.training
        set_learning_rate(self._optimiser, training.rate_factor(self.step))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            outputs = self.network(batch.pictures)
            losses = detection_losses(self.network, outputs, batch.faces, self.plan.losses, self._edges)
        self._optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        # a loss that is not finite is told by the averages; such gradients stay what they are
        nn.utils.clip_grad_norm_(self.network.parameters(), training.gradient_limit)
        self._optimiser.step()
        self.step += 1
        try:
            self.averages.add(self.step, losses, self._optimiser.param_groups[0]["lr"])
        except LossNotFiniteError as error:
            raise TrainingError(f"{error}; lower the learning rate, or train in float32") from None

    def state(self) -> TrainingState:
        tensors: dict[str, Tensor] = named_part("network", self.network.state_dict())
        tensors |= named_part("optimiser", optimiser_state(self._optimiser))
        tensors |= named_part("averages", self.averages.state())
        return TrainingState(STAGE, self.step, tensors)

    def resume(self, state: TrainingState) -> None:
        try:
            if state.stage != STAGE or not 0 <= state.step <= self.plan.training.steps:
                raise ValueError(f"{state.stage} step {state.step}")
            load_strictly(self.network, state.part("network"), "the saved state")
            load_optimiser_state(self._optimiser, state.part("optimiser"))
            self.averages.load_state(state.part("averages"), self._device)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, SynheadError):
                raise
            reason = str(error).splitlines()[0]
            raise CheckpointError(
                f"the saved state does not fit this run ({reason}); start anew with --overwrite"
            ) from None
        self.step = state.step

"""Training in two stages, by one loop: regression on the source, then an adaptation method.

The target domain comes in as `DomainCrops`, which has no labels; the model of the last step is the result, so no label
chooses it either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.adaptation.instance_weights import effective_sample_size
from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.adaptation.schedules import learning_rate_factor
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.batch_norm import DomainPasses, resolve_precision
from synhead_tools.learning.batches import SourceStream, TargetStream
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.data import DomainCrops, LabelledCrops
from synhead_tools.learning.model import PoseNetwork, build_network
from synhead_tools.learning.pose_heads import LabelScale
from synhead_tools.learning.predict import predict_crop_rotmat
from synhead_tools.learning.sampling import stream_seed
from synhead_tools.learning.training_log import LogSink, StepAverages
from synhead_tools.learning.training_record import final_record, stage1_record


def train(
    config: TrainConfig,
    source: LabelledCrops,
    target: DomainCrops | None = None,
    *,
    stage1: Checkpoint | None = None,
    on_stage1: Callable[[Checkpoint], None] | None = None,
    log: LogSink | None = None,
) -> Checkpoint:
    """Train an estimator.

    Parameters
    ----------
    config : TrainConfig
        All settings.
    source : LabelledCrops
        The source domain; its device is where training runs.
    target : DomainCrops, optional
        Unlabelled pictures; needed by methods that adapt.
    stage1 : Checkpoint, optional
        Start stage 2 from this one instead of running stage 1; so that several methods can branch from one.
    on_stage1 : callable, optional
        Called with stage 1's result.
    log : callable, optional
        Called with one dictionary per log line.

    Returns
    -------
    Checkpoint
        Of the last step. On the CPU, the same for the same data, settings and number of threads.

    Raises
    ------
    TrainingError
        The target is missing, crops do not have the size that `config` asks for, `stage1` is for another network or
        no result of stage 1, or the loss stopped being finite.
    """
    method_class = METHODS.load(config.method)
    _check_data(config, source, target, method_class.uses_target)
    if stage1 is None:
        stage1 = _first_stage(config, source, log)
        if on_stage1 is not None:
            on_stage1(stage1)
    else:
        _check_stage1(config, source, stage1)
    if config.stage2_steps == 0:
        return stage1
    with _seeded(config, "discriminator"):
        method = method_class(config, stage1.network.backbone.n_features)
    weights = _source_weights(config, method, stage1, source, target, log)
    stage = _Stage(
        "stage2", config.stage2_steps, config.stage2_learning_rate, method, config.bn_mode, stage1.record.label_scale
    )
    passes = _run_stage(config, stage, _copy_network(stage1), source, target, weights, log)
    uses_target, statistics = method.uses_target, passes.test_time_statistics
    record = final_record(config, stage1.record, source, target, weights, uses_target, statistics)
    return Checkpoint(passes.finish(), record)


@dataclass(frozen=True)
class _Stage:
    name: str
    n_steps: int
    learning_rate: float
    method: AdaptationMethod
    bn_mode: str
    scale: LabelScale


def _first_stage(config: TrainConfig, source: LabelledCrops, log: LogSink | None) -> Checkpoint:
    network = build_network(config, source.device)
    scale = LabelScale.of(source.euler_deg.double().cpu().numpy())
    method = SourceOnly(config, network.backbone.n_features)
    stage = _Stage("stage1", config.stage1_steps, config.learning_rate, method, "source", scale)
    passes = _run_stage(config, stage, network, source, None, None, log)
    return Checkpoint(passes.finish(), stage1_record(config, source, scale))


def _run_stage(
    config: TrainConfig,
    stage: _Stage,
    network: PoseNetwork,
    source: LabelledCrops,
    target: DomainCrops | None,
    weights: np.ndarray | None,
    log: LogSink | None,
) -> DomainPasses:
    """The loop of both stages."""
    precision = resolve_precision(config.precision, source.device)
    passes = DomainPasses(network, stage.bn_mode, precision == "bfloat16")
    weights = None if weights is None else torch.from_numpy(weights)
    source_stream = SourceStream(source, stage.scale, config, stage.name, weights)
    target_stream = TargetStream(target, config, stage.name) if stage.method.uses_target else None
    if stage.method.discriminator is not None:
        stage.method.discriminator.to(source.device).train()
    optimiser = _optimiser(config, stage, network)
    n_domains = 1 if target_stream is None else 2
    averages = StepAverages(stage.name, stage.n_steps, config.log_every, n_domains * config.batch_size, log)
    with _seeded(config, stage.name, "dropout"):
        for step in range(stage.n_steps):
            progress = step / stage.n_steps
            _set_learning_rate(optimiser, learning_rate_factor(progress, config.schedule, config.warmup))
            target_batch = None if target_stream is None else target_stream.next()
            losses = stage.method.losses(passes, source_stream.next(), target_batch, progress)
            optimiser.zero_grad(set_to_none=True)
            losses["total"].backward()
            optimiser.step()
            averages.add(step + 1, losses, optimiser.param_groups[0]["lr"])
    return passes


def _optimiser(config: TrainConfig, stage: _Stage, network: PoseNetwork) -> torch.optim.AdamW:
    """AdamW; decay on kernels and matrices, none on biases and BatchNorm."""
    groups = []
    parts = [(network, stage.learning_rate)]
    if stage.method.discriminator is not None:
        parts.append((stage.method.discriminator, stage.learning_rate * config.discriminator_lr_factor))
    for module, peak in parts:
        for decayed in (True, False):
            chosen = [p for p in module.parameters() if (p.ndim > 1) == decayed]
            decay = config.weight_decay if decayed else 0.0
            groups.append({"params": chosen, "lr": peak, "peak": peak, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def _set_learning_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor


def _seeded(config: TrainConfig, *names: str) -> _SeededTorch:
    return _SeededTorch(stream_seed(config.seed, *names))


class _SeededTorch:
    """Within it torch's own random state (initial weights, dropout) has a known seed; afterwards it is as before."""

    def __init__(self, seed: int) -> None:
        devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
        self._fork, self._seed = torch.random.fork_rng(devices=devices), seed

    def __enter__(self) -> None:
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: object) -> None:
        self._fork.__exit__(*error)


def _source_weights(
    config: TrainConfig,
    method: AdaptationMethod,
    stage1: Checkpoint,
    source: LabelledCrops,
    target: DomainCrops | None,
    log: LogSink | None,
) -> np.ndarray | None:
    """Instance weights of stage 2, logged with their effective sample size."""

    def predict_target() -> np.ndarray:
        scale = stage1.record.label_scale
        return predict_crop_rotmat(stage1.network, target, scale, config.input_px, config.margin)

    weights = method.source_weights(source.crop_rotmat, predict_target)
    if weights is not None and log is not None:
        log(
            {
                "stage": "weights",
                "source_samples": len(source),
                "samples_with_weight": int((weights > 0).sum()),
                "effective_sample_size": round(effective_sample_size(weights), 2),
            }
        )
    return weights


def _copy_network(checkpoint: Checkpoint) -> PoseNetwork:
    """A copy to go on from: several methods may branch from one stage 1."""
    record, network = checkpoint.record, checkpoint.network
    copy = PoseNetwork(record.backbone, record.backbone_width)
    copy.load_state_dict(network.state_dict())
    return copy.to(next(network.parameters()).device, memory_format=torch.channels_last)


def _check_data(config: TrainConfig, source: LabelledCrops, target: DomainCrops | None, needs_target: bool) -> None:
    if needs_target and target is None:
        raise TrainingError(f"method {config.method!r} needs target pictures; give a target or use 'source-only'")
    for name, crops in (("source", source), ("target", target)):
        if crops is None:
            continue
        if isinstance(crops, LabelledCrops) and name == "target":
            raise TrainingError("the target must not carry labels; read it with read_crops")
        if crops.crop_px != config.crop_px:
            raise TrainingError(
                f"{name} crops are {crops.crop_px} px wide, input_px = {config.input_px} with margin = "
                f"{config.margin:g} needs {config.crop_px} px"
            )
        if crops.device != source.device:
            raise TrainingError(f"target crops lie on {crops.device}, source crops on {source.device}; use one device")


def _check_stage1(config: TrainConfig, source: LabelledCrops, stage1: Checkpoint) -> None:
    if stage1.record.stage != "stage1":
        raise TrainingError(
            f"the checkpoint to start from is the result of {stage1.record.method}, not of stage 1; "
            "give the folder stage1 of its run"
        )
    for name in ("backbone", "backbone_width", "input_px", "margin"):
        have, want = getattr(stage1.record, name), getattr(config, name)
        if have != want:
            raise TrainingError(f"the stage-1 checkpoint has {name} = {have!r}, this run asks for {want!r}")
    if stage1.record.ray_frame != (source.ray_rotmat is not None):
        raise TrainingError(
            "the stage-1 checkpoint and the source differ in whether they know intrinsics; retrain stage 1"
        )

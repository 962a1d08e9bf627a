"""Training in two stages, by one loop: regression on the source, then an adaptation method.

The target domain comes in as `DomainCrops`, which has no labels; the model of the last step is the result, so no label
chooses it either.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from synhead_tools.errors import TrainingError
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.adaptation.method import AdaptationMethod
from synhead_tools.learning.adaptation.source_only import SourceOnly
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.log_files import LogSink
from synhead_tools.learning.model import PoseNetwork, build_network
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.precision import resolve_precision
from synhead_tools.learning.random_state import SeededTorch
from synhead_tools.learning.sampling import stream_seed
from synhead_tools.learning.source_weights import estimate_source_weights
from synhead_tools.learning.stage import Stage, Watch
from synhead_tools.learning.training_loop import StageRun
from synhead_tools.learning.training_record import final_record, stage1_record
from synhead_tools.learning.training_state import TrainingState


def train(
    config: TrainConfig,
    source: LabelledCrops,
    target: DomainCrops | None = None,
    *,
    stage1: Checkpoint | None = None,
    on_stage1: Callable[[Checkpoint], None] | None = None,
    log: LogSink | None = None,
    resume: TrainingState | None = None,
    on_state: Callable[[TrainingState], None] | None = None,
    state_every: int = 1000,
    on_bad_batch: Callable[[dict[str, Tensor]], str] | None = None,
) -> Checkpoint:
    """Train an estimator.

    Parameters
    ----------
    config : TrainConfig
        All settings.
    source : LabelledCrops
        The source domain; its device is where training runs.
    target : DomainCrops, optional
        Unlabelled pictures, needed by methods that adapt; `LabelledCrops` for the oracle alone.
    stage1 : Checkpoint, optional
        Start stage 2 from this one instead of running stage 1; so that several methods can branch from one.
    on_stage1 : callable, optional
        Called with stage 1's result.
    log : callable, optional
        Called with one dictionary per log line.
    resume : TrainingState, optional
        Go on from there, with the same settings, data and `stage1`; the result is the same as without the break.
    on_state : callable, optional
        Called with a state to resume from: at the start and end of each stage and every `state_every` steps between.
        Its tensors are the run's own and change with the next step, so they must be written or copied at once.
    state_every : int
        Steps between states.
    on_bad_batch : callable, optional
        Called with the tensors of the batch whose loss is not finite; says where it has put them.

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
    check_inputs(config, source, target, stage1)
    watch = Watch(log, on_state, state_every, on_bad_batch)
    resume_stage2 = resume if resume is not None and resume.stage == "stage2" else None
    if stage1 is None and resume_stage2 is not None:  # stage 1 is over, and stage 2's state has the network
        scale = LabelScale.of(source.euler_deg.double().cpu().numpy())
        stage1 = Checkpoint(build_network(config, source.device), stage1_record(config, source, scale))
    elif stage1 is None:
        stage1 = _first_stage(config, source, watch, resume)
        if on_stage1 is not None:
            on_stage1(stage1)
    if config.stage2_steps == 0:
        return stage1
    return _second_stage(config, source, target, stage1, watch, resume_stage2)


def check_inputs(
    config: TrainConfig, source: LabelledCrops, target: DomainCrops | None = None, stage1: Checkpoint | None = None
) -> None:
    """Raise what `train` raises where its arguments do not go together, before anything is done."""
    resolve_precision(config.precision, source.device, config.input_px)
    _check_data(config, source, target, METHODS.load(config.method))
    if stage1 is not None:
        _check_stage1(config, source, stage1)
    else:
        LabelScale.of(source.euler_deg.double().cpu().numpy())


def _first_stage(config: TrainConfig, source: LabelledCrops, watch: Watch, resume: TrainingState | None) -> Checkpoint:
    network = build_network(config, source.device)
    scale = LabelScale.of(source.euler_deg.double().cpu().numpy())
    method = SourceOnly(config, network.backbone.n_features)
    stage = Stage("stage1", config.stage1_steps, config.learning_rate, method, "source", scale)
    run = StageRun(config, stage, network, source, None, None, watch)
    return Checkpoint(run.run(resume).finish(), stage1_record(config, source, scale))


def _second_stage(
    config: TrainConfig,
    source: LabelledCrops,
    target: DomainCrops | None,
    stage1: Checkpoint,
    watch: Watch,
    resume: TrainingState | None,
) -> Checkpoint:
    with SeededTorch(stream_seed(config.seed, "discriminator")):
        method = METHODS.load(config.method)(config, stage1.network.backbone.n_features)
    if resume is None:
        scale = stage1.record.label_scale
        weights = estimate_source_weights(config, method, stage1.network, scale, source, target, watch.log)
    else:
        weights = resume.tensors.get("weights/source")
        weights = None if weights is None else weights.numpy()
    record = stage1.record
    stage = Stage(
        "stage2", config.stage2_steps, config.stage2_learning_rate, method, config.bn_mode, record.label_scale
    )
    run = StageRun(config, stage, _copy_network(stage1, source.device), source, target, weights, watch)
    passes = run.run(resume)
    record = final_record(config, record, source, target, run.weights, method, passes.test_time_statistics)
    return Checkpoint(passes.finish(), record)


def _copy_network(checkpoint: Checkpoint, device: torch.device) -> PoseNetwork:
    """A copy to go on from: several methods may branch from one stage 1."""
    record = checkpoint.record
    copy = PoseNetwork(record.backbone, record.backbone_width, record.head)
    copy.load_state_dict(checkpoint.network.state_dict())
    return copy.to(device, memory_format=torch.channels_last)


def _check_data(
    config: TrainConfig, source: LabelledCrops, target: DomainCrops | None, method: type[AdaptationMethod]
) -> None:
    if method.uses_target and target is None:
        raise TrainingError(f"method {config.method!r} needs target pictures; give a target or use 'source-only'")
    for name, crops in (("source", source), ("target", target)):
        if crops is None:
            continue
        if name == "target" and isinstance(crops, LabelledCrops) != method.uses_target_labels:
            must, reader = ("must", "read_labelled_crops") if method.uses_target_labels else ("must not", "read_crops")
            raise TrainingError(f"for {config.method!r} the target {must} carry labels; read it with {reader}")
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
    for name in ("backbone", "backbone_width", "head", "input_px", "margin"):
        have, want = getattr(stage1.record, name), getattr(config, name)
        if have != want:
            raise TrainingError(f"the stage-1 checkpoint has {name} = {have!r}, this run asks for {want!r}")
    if stage1.record.ray_frame != (source.ray_rotmat is not None):
        raise TrainingError(
            "the stage-1 checkpoint and the source differ in whether they know intrinsics; retrain stage 1"
        )

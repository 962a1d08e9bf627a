"""One call from datasets on disk to an estimator on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from synhead_tools.errors import OutputExistsError, TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.backbones.pretrained import find_weights
from synhead_tools.learning.checkpoint import RECORD_NAME, Checkpoint, load_checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.device import memory_explained
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops, read_crops, read_labelled_crops
from synhead_tools.learning.processes import from_first, n_processes, own_number, own_part
from synhead_tools.learning.run_files import OtherProcess, RunFiles
from synhead_tools.learning.run_folder import (
    FACTS_NAME,
    LOG_NAME,
    STATE_NAME,
    check_same_facts,
    check_same_settings,
    clear_run,
    locked_run,
    refuse_output,
    remove_half_written,
    run_facts,
    write_facts,
)
from synhead_tools.learning.target_score import TargetScore
from synhead_tools.learning.trainer import check_inputs, train
from synhead_tools.learning.training_state import TrainingState, read_state


def train_estimator(
    source: SampleSource | LabelledCrops,
    out: str | Path,
    config: TrainConfig,
    *,
    target: SampleSource | DomainCrops | None = None,
    stage1_checkpoint: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    state_every: int = 500,
    tensorboard: bool = False,
    report_target_labels: bool = False,
    device: str | torch.device = "cpu",
    workers: int = 1,
    placement: str = "auto",
    device_gib: float | None = None,
    scratch: str | Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    log: Callable[[dict[str, Any]], None] | None = None,
) -> Checkpoint:
    """Read the domains, train, and write everything into one folder.

    Parameters
    ----------
    source : SampleSource or LabelledCrops
        Labelled pictures; or their crops on `device`, where several runs share what was read once.
    out : str or Path
        Gets ``model.safetensors``, ``model.json``, ``log.jsonl``, ``log.csv``, ``config.json``, ``run.json`` and,
        unless stage 1 was given, ``stage1/`` with its result; while the run lasts also ``resume.safetensors``.
    config : TrainConfig
        All settings.
    target : SampleSource or DomainCrops, optional
        Pictures to adapt to; only pictures, boxes and intrinsics are read, labels for the oracle alone. Not opened by
        methods that do not adapt. Crops that were read already likewise.
    stage1_checkpoint : str or Path, optional
        Folder of a stage-1 checkpoint to start from.
    overwrite : bool
        Start anew, removing the run that is in `out`.
    resume : bool
        Go on with the run in `out` where its last state was saved; from the start where there is none. A finished run
        is left as it is.
    state_every : int
        Steps between states that a run can be resumed from.
    tensorboard : bool
        Write TensorBoard events as well.
    report_target_labels : bool
        Write a line with the score on the target's labels into the log after each stage. They go into that line only.
    device : str or torch.device
        Where data and network lie.
    workers : int
        Threads that cut crops.
    placement, device_gib, scratch : str, float, path
        Where crops are kept, see `synhead_tools.learning.pictures.placement.choose_placement`; a file that they are
        streamed from is beside `out` by default.
    progress : callable, optional
        Called with (what is read: ``source`` or ``target``, samples done, samples in all).
    log : callable, optional
        Called with every log line, beside the file.

    Raises
    ------
    OutputExistsError
        `out` is a file, or another run is writing there; or it holds an estimator, a run that can be resumed, or a
        ``config.json`` or ``log.jsonl`` of something else, and neither `overwrite` nor `resume` is set.
    TrainingError, CheckpointError
        See `train` and `load_checkpoint`; or `resume` is set and settings or data are not those of the run.
    """
    out = Path(out)
    if resume and overwrite:
        raise OutputExistsError("resuming a run and overwriting it exclude each other; ask for one of them")
    refuse_output(out, overwrite=overwrite, resume=resume)
    own_part(config.batch_size)  # refuses a batch that cannot be shared out, before anything is read
    _refuse_missing_target(config, target, report_target_labels)
    first = own_number() == 0
    begun = resume and (out / FACTS_NAME).exists()
    if begun:
        check_same_settings(out, config)
        if (out / RECORD_NAME).exists():  # it is finished
            return load_checkpoint(out, device)
    initial = None
    if config.init_weights is not None and stage1_checkpoint is None:
        # the first process fetches them if need be; the others then find them
        initial = from_first(find_weights(config.init_weights, config.backbone, config.init_sha256) if first else None)
    stage1 = None if stage1_checkpoint is None else load_checkpoint(stage1_checkpoint, device)
    options = {"device": device, "workers": workers, "placement": placement, "device_gib": device_gib}
    options["scratch"] = scratch or _existing_folder(out)
    with memory_explained(config.batch_size, config.input_px, device):
        domains = _read_domains(source, target, config, report_target_labels, progress, options)
        check_inputs(config, domains.source, domains.target, stage1)
        facts = run_facts(config, domains.source, domains.target, stage1_checkpoint, initial, n_processes())
        with locked_run(out) if first else nullcontext():
            state = from_first(_begin_or_continue(out, facts, begun) if first else None)
            files = RunFiles(out, config, state, log, tensorboard, domains.score) if first else OtherProcess(out)
            checkpoint = train(
                config, domains.source, domains.target, stage1=stage1, on_stage1=files.save_stage1, log=files.log,
                resume=state, on_state=files.save_state, state_every=state_every, on_bad_batch=files.save_bad_batch,
            )  # fmt: skip
            files.save_final(checkpoint)
    return checkpoint


class _Domains(NamedTuple):
    source: LabelledCrops
    target: DomainCrops | None
    score: TargetScore | None


def _refuse_missing_target(
    config: TrainConfig, target: SampleSource | DomainCrops | None, report_target_labels: bool
) -> None:
    if target is None and METHODS.load(config.method).uses_target:
        raise TrainingError(f"method {config.method!r} needs target pictures; give a target or use 'source-only'")
    if isinstance(target, DomainCrops) and report_target_labels:
        raise TrainingError("a score on target labels was asked for, and crops have none; give the dataset")
    if target is None and report_target_labels:
        raise TrainingError("a score on target labels was asked for, and there is no target; give one")


def _read_domains(
    source: SampleSource | LabelledCrops,
    target: SampleSource | DomainCrops | None,
    config: TrainConfig,
    report_target_labels: bool,
    progress: Callable[[str, int, int], None] | None,
    options: dict[str, Any],
) -> _Domains:
    """Both domains' crops, the target's only where they are needed."""

    def reading(what: str) -> dict[str, Any]:
        return {**options, "progress": None if progress is None else partial(progress, what)}

    method = METHODS.load(config.method)
    source_crops = source
    if not isinstance(source, LabelledCrops):
        source_crops = read_labelled_crops(source, config.crop_px, config.margin, **reading("source"))
    if not (method.uses_target or report_target_labels):
        return _Domains(source_crops, None, None)
    if isinstance(target, DomainCrops):
        return _Domains(source_crops, target, None)
    read = read_labelled_crops if method.uses_target_labels else read_crops
    target_crops = read(target, config.crop_px, config.margin, **reading("target"))
    score = TargetScore(target, target_crops) if report_target_labels else None
    return _Domains(source_crops, target_crops if method.uses_target else None, score)


def _existing_folder(out: Path) -> Path:
    """The folder that `out` will be in, as far as it is there already."""
    return next(path for path in out.absolute().parents if path.is_dir())


def _begin_or_continue(out: Path, facts: dict[str, Any], begun: bool) -> TrainingState | None:
    """The state to go on from; without one, whatever an earlier run has left in `out` is removed first."""
    remove_half_written(out)
    if begun:
        check_same_facts(out, facts)
        if (out / STATE_NAME).exists():
            return read_state(out / STATE_NAME)
    clear_run(out)
    write_facts(out, facts)
    return None


def read_training_log(out: str | Path) -> list[dict[str, Any]]:
    """The log lines of a training folder, in order."""
    lines = (Path(out) / LOG_NAME).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]

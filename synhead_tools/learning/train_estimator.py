"""One call from datasets on disk to an estimator on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from synhead_tools.errors import OutputExistsError, SynheadError, TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.input_files import read_input
from synhead_tools.learning.adaptation import METHODS
from synhead_tools.learning.checkpoint import RECORD_NAME, Checkpoint, load_checkpoint, save_checkpoint
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.data import read_crops, read_labelled_crops
from synhead_tools.learning.trainer import train
from synhead_tools.learning.training_log import JsonLinesFile

LOG_NAME, CONFIG_NAME, STAGE1_NAME = "log.jsonl", "config.json", "stage1"
CONFIG_BYTES_LIMIT = 1 << 20


def train_estimator(
    source: SampleSource,
    out: str | Path,
    config: TrainConfig,
    *,
    target: SampleSource | None = None,
    stage1_checkpoint: str | Path | None = None,
    overwrite: bool = False,
    device: str | torch.device = "cpu",
    workers: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
    log: Callable[[dict[str, Any]], None] | None = None,
) -> Checkpoint:
    """Read the domains, train, and write everything into one folder.

    Parameters
    ----------
    source : SampleSource
        Labelled pictures.
    out : str or Path
        Gets ``model.safetensors``, ``model.json``, ``log.jsonl``, ``config.json`` and, unless stage 1 was given,
        ``stage1/`` with its result.
    config : TrainConfig
        All settings.
    target : SampleSource, optional
        Pictures to adapt to; only pictures, boxes and intrinsics are read. Not opened by methods that do not adapt.
    stage1_checkpoint : str or Path, optional
        Folder of a stage-1 checkpoint to start from.
    overwrite : bool
        Replace what is in `out`.
    device : str or torch.device
        Where data and network lie.
    workers : int
        Threads that cut crops.
    progress : callable, optional
        Called with (what is read: ``source`` or ``target``, samples done, samples in all).
    log : callable, optional
        Called with every log line, beside the file.

    Raises
    ------
    OutputExistsError
        `out` is a file; or it holds an estimator, or a ``config.json`` or ``log.jsonl`` of something else, and
        `overwrite` is not set.
    TrainingError, CheckpointError
        See `train` and `load_checkpoint`.
    """
    out = Path(out)
    _refuse_output(out, overwrite)
    adapts = METHODS.load(config.method).uses_target
    if adapts and target is None:
        raise TrainingError(f"method {config.method!r} needs target pictures; give a target or use 'source-only'")
    stage1 = None if stage1_checkpoint is None else load_checkpoint(stage1_checkpoint, device)

    def reading(what: str) -> dict[str, Any]:
        report = None if progress is None else (lambda done, total: progress(what, done, total))
        return {"device": device, "workers": workers, "progress": report}

    source_crops = read_labelled_crops(source, config.crop_px, config.margin, **reading("source"))
    target_crops = read_crops(target, config.crop_px, config.margin, **reading("target")) if adapts else None
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
    file = JsonLinesFile(out / LOG_NAME)

    def write_log(entry: dict[str, Any]) -> None:
        file(entry)
        if log is not None:
            log(entry)

    checkpoint = train(
        config,
        source_crops,
        target_crops,
        stage1=stage1,
        on_stage1=lambda first: save_checkpoint(out / STAGE1_NAME, first, overwrite=True),
        log=write_log,
    )
    save_checkpoint(out, checkpoint, overwrite=overwrite)
    return checkpoint


def _refuse_output(out: Path, overwrite: bool) -> None:
    """Refuse a folder that holds what this run would replace; what an interrupted run has left may go."""
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; give a folder")
    if overwrite:
        return
    if (out / RECORD_NAME).exists():
        raise OutputExistsError(f"{out} already holds an estimator; choose another folder or pass --overwrite")
    present = [name for name in (CONFIG_NAME, LOG_NAME) if (out / name).exists()]
    if present and not _is_training_config(out / CONFIG_NAME):
        raise OutputExistsError(f"{out} holds a {present[0]} that is not of a training run; choose another folder")


def _is_training_config(path: Path) -> bool:
    try:
        TrainConfig.from_json(read_input(path, CONFIG_BYTES_LIMIT, TrainingError, "").decode("utf-8"))
    except (SynheadError, UnicodeDecodeError):
        return False
    return True


def read_training_log(out: str | Path) -> list[dict[str, Any]]:
    """The log lines of a training folder, in order."""
    lines = (Path(out) / LOG_NAME).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]

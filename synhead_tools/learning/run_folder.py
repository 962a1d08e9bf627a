"""The folder of a training run: what is in it, who may write, what must go before something else begins."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError, SynheadError, TrainingError
from synhead_tools.formats.atomic import TEMPORARY_SUFFIX, atomic_write_text
from synhead_tools.input_files import read_input
from synhead_tools.learning.checkpoint import RECORD_NAME, WEIGHTS_NAME
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops

LOG_NAME, TABLE_NAME, CONFIG_NAME, FACTS_NAME = "log.jsonl", "log.csv", "config.json", "run.json"
STATE_NAME, STAGE1_NAME, BAD_BATCH_NAME = "resume.safetensors", "stage1", "bad_batch.safetensors"
EVENTS_NAME, LOCK_NAME = "tensorboard", ".train.lock"
SMALL_FILE_BYTES_LIMIT = 1 << 20
_SAMPLED_PICTURES = 64
_FACTS_FORMAT = "synhead training run"

# Estimators first: a run that overwrites and is interrupted leaves no old model beside its own log.
_OWN_FILES = (
    RECORD_NAME, WEIGHTS_NAME, f"{STAGE1_NAME}/{RECORD_NAME}", f"{STAGE1_NAME}/{WEIGHTS_NAME}", STATE_NAME,
    FACTS_NAME, LOG_NAME, TABLE_NAME, BAD_BATCH_NAME, CONFIG_NAME,
)  # fmt: skip


@contextlib.contextmanager
def locked_run(folder: Path) -> Iterator[None]:
    """Make `folder` and keep other runs out of it for the length of the block; a killed run's lock holds nobody up.

    Raises
    ------
    OutputExistsError
        Another run is writing there, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _take_lock(folder / LOCK_NAME)
    except OSError as error:
        raise OutputExistsError(f"{folder} cannot be written ({error.strerror}); choose another folder") from None
    try:
        yield
    finally:
        (folder / LOCK_NAME).unlink(missing_ok=True)
        os.close(descriptor)


def _take_lock(lock: Path) -> int:
    while True:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise OutputExistsError(
                f"{lock.parent} is being written by another run; wait for it or choose another folder"
            ) from None
        # the run before may have removed the file between the two calls above: a lock on it would keep nobody out
        if lock.exists() and os.path.samestat(os.fstat(descriptor), lock.stat()):
            return descriptor
        os.close(descriptor)


def refuse_output(out: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse a folder that holds what this run would replace; the first lines of an interrupted run may go.

    Raises
    ------
    OutputExistsError
        `out` is a file; or it holds an estimator, a run that can be resumed, or files of something else.
    """
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; give a folder")
    if overwrite or (resume and (out / FACTS_NAME).exists()):
        return
    if (out / RECORD_NAME).exists():
        raise OutputExistsError(f"{out} already holds an estimator; choose another folder or pass --overwrite")
    if (out / STATE_NAME).exists():
        raise OutputExistsError(f"{out} holds an interrupted run; pass --resume to go on or --overwrite to start anew")
    present = [name for name in reversed(_OWN_FILES) if (out / name).exists()]
    if present and not _is_training_config(out / CONFIG_NAME):
        raise OutputExistsError(f"{out} holds a {present[0]} that is not of a training run; choose another folder")


def clear_run(out: Path) -> None:
    """Remove what a training run has written into `out`, estimators first; nothing else."""
    for name in _OWN_FILES:
        (out / name).unlink(missing_ok=True)
    for path in sorted((out / EVENTS_NAME).glob("events.out.tfevents.*")):
        path.unlink()


def remove_half_written(out: Path) -> None:
    """Remove what a run that was killed while it wrote a file has left of it; call it with the lock held."""
    for name in _OWN_FILES:
        path = out / name
        for half in path.parent.glob(f".{path.name}.*{TEMPORARY_SUFFIX}"):
            half.unlink()


def run_facts(
    config: TrainConfig,
    source: LabelledCrops,
    target: DomainCrops | None,
    stage1_checkpoint: str | Path | None,
    initial_weights: Path | None,
    n_processes: int,
) -> dict[str, Any]:
    """What must be the same for a run to be resumed: settings, data, initial weights, kind of device, processes."""
    return {
        "format": _FACTS_FORMAT,
        "settings": config.to_dict(),
        "source data": crops_digest(source),
        "target data": None if target is None else crops_digest(target),
        "stage-1 checkpoint": _file_digest(stage1_checkpoint and Path(stage1_checkpoint) / RECORD_NAME),
        "initial weights": _file_digest(initial_weights),
        "kind of device": source.device.type,
        "number of processes": n_processes,
    }


def write_facts(out: Path, facts: dict[str, Any]) -> None:
    """Write ``run.json``, and the settings alone as ``config.json``."""
    atomic_write_text(out / CONFIG_NAME, json.dumps(facts["settings"], indent=2) + "\n", overwrite=True)
    atomic_write_text(out / FACTS_NAME, json.dumps(facts, indent=2) + "\n", overwrite=True)


def read_facts(out: Path) -> dict[str, Any]:
    """What ``run.json`` says.

    Raises
    ------
    CheckpointError
        It is damaged.
    """
    path = out / FACTS_NAME
    advice = "start anew with --overwrite"
    try:
        facts = json.loads(read_input(path, SMALL_FILE_BYTES_LIMIT, CheckpointError, advice).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SynheadError):
            raise
        facts = None
    if not isinstance(facts, dict) or facts.get("format") != _FACTS_FORMAT or not isinstance(facts["settings"], dict):
        raise CheckpointError(f"{path} does not describe a training run; {advice}")
    return facts


def check_same_settings(out: Path, config: TrainConfig) -> None:
    """Raise TrainingError, naming the first setting that is not as the run in `out` was begun."""
    begun = read_facts(out)["settings"]
    for name, value in config.to_dict().items():
        if begun.get(name) != value:
            raise TrainingError(
                f"{out} was begun with {name} = {begun.get(name)!r}, this run asks for {value!r}; give the same "
                "settings, or start anew with --overwrite"
            )


def check_same_facts(out: Path, facts: dict[str, Any]) -> None:
    """Raise TrainingError, naming what else is not as the run in `out` was begun."""
    begun = read_facts(out)
    for name, value in facts.items():
        if name != "settings" and begun.get(name) != value:
            raise TrainingError(
                f"the {name} of the run in {out} differ from this run's; give the same, or start anew with --overwrite"
            )


def crops_digest(crops: DomainCrops) -> str:
    """sha256 over all labels and rays, and 64 pictures spread over the set: other data do not pass for the same."""
    rows = torch.from_numpy(np.unique(np.linspace(0, len(crops) - 1, _SAMPLED_PICTURES).astype(np.int64)))
    digest = hashlib.sha256(repr(tuple(crops.pictures.shape)).encode())
    digest.update(np.ascontiguousarray(crops.pictures[rows].cpu().numpy()))
    for array in (crops.ray_rotmat, getattr(crops, "crop_rotmat", None)):
        digest.update(b"none" if array is None else np.ascontiguousarray(array))
    return digest.hexdigest()


def _file_digest(path: str | Path | None) -> str | None:
    path = None if path is None else Path(path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None and path.is_file() else None


def _is_training_config(path: Path) -> bool:
    try:
        TrainConfig.from_json(read_input(path, SMALL_FILE_BYTES_LIMIT, TrainingError, "").decode("utf-8"))
    except (SynheadError, UnicodeDecodeError):
        return False
    return True

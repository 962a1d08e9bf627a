"""One call from a dataset of scenes to a detector on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from synhead_tools import __version__
from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.learning.backbones.mobilenet import MobileNet, load_mobilenet_weights
from synhead_tools.learning.backbones.pretrained import find_weights
from synhead_tools.learning.backbones.resnet import load_imagenet_weights, load_strictly
from synhead_tools.learning.checkpoint import RECORD_NAME
from synhead_tools.learning.detection.checkpoint import (
    DetectorCheckpoint,
    DetectorRecord,
    load_detector_checkpoint,
    save_detector_checkpoint,
)
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.detection.rendered_scenes import RenderedScenes
from synhead_tools.learning.detection.scene_sample import SceneSource
from synhead_tools.learning.detection.train_loop import DetectorPlan, initial_network, train_detector
from synhead_tools.learning.device import memory_explained
from synhead_tools.learning.log_files import CsvFile, JsonLinesFile
from synhead_tools.learning.run_folder import (
    FACTS_NAME,
    LOG_NAME,
    STATE_NAME,
    TABLE_NAME,
    check_same_facts,
    clear_run,
    locked_run,
    refuse_output,
    remove_half_written,
    write_facts,
)
from synhead_tools.learning.training_state import TrainingState, read_state, write_state

_SAMPLED_PICTURES = 16


def train_retinaface(
    source: SampleSource | SceneSource,
    out: str | Path,
    plan: DetectorPlan,
    *,
    initial_weights: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    state_every: int = 500,
    device: str | torch.device = "cpu",
    workers: int = 1,
    precision: str = "float32",
    log: Callable[[dict[str, Any]], None] | None = None,
    watch: Callable[[int, DetectorNetwork], None] | None = None,
) -> DetectorCheckpoint:
    """Train a detector and write everything into one folder.

    Parameters
    ----------
    source : SampleSource or SceneSource
        A dataset of rendered scenes, or pictures with faces in memory.
    out : path
        Gets ``model.safetensors``, ``model.json``, ``log.jsonl``, ``log.csv``, ``config.json`` and ``run.json``; while
        the run lasts also ``resume.safetensors``.
    plan : DetectorPlan
        All settings.
    initial_weights : str, optional
        Of the backbone: a file, or what `synhead_tools.learning.backbones.pretrained.find_weights` knows; or the folder
        of a detector of the same settings, which goes on learning.
    overwrite, resume : bool
        Start anew, removing the run that is in `out`; or go on where its last state was saved.
    state_every : int
        Steps between states.
    device : str or torch.device
    workers : int
        Threads that make batches.
    precision : str
        Of the weights' file: ``float32`` or ``float16``.
    log : callable, optional
        Called with every log line, beside the files.
    watch : callable, optional
        Called with the number of steps and the network whenever a state has been saved; must leave it in training
        mode, its weights as they are, and torch's random numbers alone.

    Raises
    ------
    OutputExistsError
        `out` holds something and neither `overwrite` nor `resume` is set, or another run is writing there.
    TrainingError, CheckpointError
        See `train_detector`; or settings or data are not those of the run that is to be resumed.
    """
    out = Path(out)
    if resume and overwrite:
        raise OutputExistsError("resuming a run and overwriting it exclude each other; ask for one of them")
    refuse_output(out, overwrite=overwrite, resume=resume)
    scenes = source
    if not isinstance(source, list) and hasattr(source, "columns"):
        scenes = RenderedScenes(source, with_mesh=plan.network.mesh_vertices > 0)
    facts = _facts(plan, source, scenes, initial_weights, torch.device(device).type)
    begun = resume and (out / FACTS_NAME).exists()
    if begun:
        check_same_facts(out, facts)
        _check_same_settings(out, facts)
        if (out / RECORD_NAME).exists():  # it is finished
            return load_detector_checkpoint(out, device)
    network = initial_network(plan)
    if initial_weights is not None:
        _begin_with(network, initial_weights)
    with locked_run(out), memory_explained(plan.training.batch_size, plan.training.input_px, device):
        remove_half_written(out)
        state = read_state(out / STATE_NAME) if begun and (out / STATE_NAME).exists() else None
        if state is None:
            clear_run(out)
            write_facts(out, facts)
        lines = JsonLinesFile(out / LOG_NAME, 0 if state is None else int(state.facts.get("log_bytes", 0)))
        sinks = [lines, CsvFile(out / TABLE_NAME, lines.entries()), *([] if log is None else [log])]

        def save(now: TrainingState) -> None:
            facts_then = {"log_bytes": lines.size_bytes}
            write_state(out / STATE_NAME, TrainingState(now.stage, now.step, now.tensors, facts_then))
            if watch is not None:
                watch(now.step, network)

        trained = train_detector(
            plan, scenes, network=network, device=device, workers=workers, resume=state, on_state=save,
            state_every=state_every, log=lambda entry: [sink(entry) for sink in sinks],
        )  # fmt: skip
        checkpoint = DetectorCheckpoint(trained, _record(plan, source))
        save_detector_checkpoint(out, checkpoint, overwrite=True, precision=precision)
        (out / STATE_NAME).unlink(missing_ok=True)
    return checkpoint


def _begin_with(network: DetectorNetwork, weights: str) -> None:
    if Path(weights).is_dir():
        before = load_detector_checkpoint(weights).network
        load_strictly(network, before.state_dict(), weights)
        return
    path = find_weights(weights, network.config.backbone)
    load = load_mobilenet_weights if isinstance(network.body, MobileNet) else load_imagenet_weights
    load(network.body, path)


def _record(plan: DetectorPlan, source: SampleSource | SceneSource) -> DetectorRecord:
    described = source.describe() if hasattr(source, "describe") else {"pictures": len(source)}
    return DetectorRecord(
        network=plan.network,
        input_px=plan.training.input_px,
        steps=plan.training.steps,
        seed=plan.training.seed,
        training=plan.training.to_dict(),
        losses=plan.losses.to_dict(),
        data=described,
        tool_version=__version__,
    )


def _facts(
    plan: DetectorPlan, source: Any, scenes: SceneSource, initial_weights: str | None, device: str
) -> dict[str, Any]:
    """What must be the same for a run to be resumed."""
    return {
        "format": "synhead training run",
        "settings": asdict(plan),
        "pictures": _digest(scenes),
        "initial weights": initial_weights,
        "kind of device": device,
    }


def _check_same_settings(out: Path, facts: dict[str, Any]) -> None:
    from synhead_tools.errors import TrainingError
    from synhead_tools.learning.run_folder import read_facts

    begun = read_facts(out)["settings"]
    for part, settings in facts["settings"].items():
        for name, value in settings.items():
            before = begun.get(part, {}).get(name)
            if before != value:
                raise TrainingError(
                    f"{out} was begun with {name} = {before!r}, this run asks for {value!r}; give the same settings, "
                    "or start anew with --overwrite"
                )


def _digest(scenes: SceneSource) -> str:
    """sha256 of the number of pictures and of some spread over the set: other data do not pass for the same."""
    digest = hashlib.sha256(str(len(scenes)).encode())
    for index in np.unique(np.linspace(0, len(scenes) - 1, _SAMPLED_PICTURES).astype(int)) if len(scenes) else ():
        sample = scenes[int(index)]
        digest.update(np.ascontiguousarray(sample.image))
        digest.update(np.ascontiguousarray(sample.boxes_xyxy, np.float32))
    return digest.hexdigest()

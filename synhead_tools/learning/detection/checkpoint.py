"""A detector on disk: ``model.safetensors`` with the weights, ``model.json`` with everything they mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from synhead_tools.errors import CheckpointError, OutputExistsError, SynheadError, TrainingError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.input_files import read_input
from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.checkpoint import RECORD_BYTES_LIMIT, RECORD_NAME, WEIGHTS_NAME
from synhead_tools.learning.detection.config import DetectorConfig
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD
from synhead_tools.learning.tensor_files import read_tensors, tensors_to_bytes

FORMAT, FORMAT_VERSION = "synhead face detector", 1
PRECISIONS = {"float32": torch.float32, "float16": torch.float16}


@dataclass(frozen=True)
class DetectorRecord:
    """What the weights mean and where they come from.

    Parameters
    ----------
    network : DetectorConfig
        The network.
    input_px : int
        Side of the pictures it was trained on; it takes any size.
    steps, seed : int
        Of its training.
    training, losses : dict
        All settings of its training.
    data : dict
        What the training data said of themselves.
    tool_version : str
        synhead's version.
    image_mean, image_std : lists of 3 float
        Standardisation of pictures in [0, 1], RGB.
    """

    network: DetectorConfig
    input_px: int
    steps: int
    seed: int
    training: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    tool_version: str = ""
    image_mean: list[float] = field(default_factory=lambda: list(IMAGE_MEAN))
    image_std: list[float] = field(default_factory=lambda: list(IMAGE_STD))


@dataclass(frozen=True, eq=False)
class DetectorCheckpoint:
    """A trained network and its record."""

    network: DetectorNetwork
    record: DetectorRecord


def save_detector_checkpoint(
    folder: str | Path, checkpoint: DetectorCheckpoint, *, overwrite: bool = False, precision: str = "float32"
) -> Path:
    """Write a checkpoint; the record comes last and names the weights' sha256, so half a pair is never taken for one.

    Parameters
    ----------
    folder : path
    checkpoint : DetectorCheckpoint
    overwrite : bool
    precision : str
        ``float32``, or ``float16`` for a file of half the size, whose numbers are rounded.

    Raises
    ------
    OutputExistsError
        There is a checkpoint already and `overwrite` is not set.
    CheckpointError
        The precision is unknown.
    """
    folder = Path(folder)
    if precision not in PRECISIONS:
        raise CheckpointError(f"unknown precision {precision!r:.60}; known: {', '.join(PRECISIONS)}")
    if (folder / RECORD_NAME).exists() and not overwrite:
        raise OutputExistsError(f"{folder} already holds a checkpoint; choose another folder or pass --overwrite")
    folder.mkdir(parents=True, exist_ok=True)
    state = checkpoint.network.state_dict()
    state = {key: value.to(PRECISIONS[precision]) if value.is_floating_point() else value
             for key, value in state.items()}  # fmt: skip
    weights = tensors_to_bytes(state)
    record = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(checkpoint.record)}
    record["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    atomic_write_bytes(folder / WEIGHTS_NAME, weights, overwrite=True)
    atomic_write_bytes(folder / RECORD_NAME, (json.dumps(record, indent=2) + "\n").encode(), overwrite=True)
    return folder


def load_detector_checkpoint(folder: str | Path, device: str | torch.device = "cpu") -> DetectorCheckpoint:
    """Read a checkpoint, checking everything.

    Parameters
    ----------
    folder : path
        What `save_detector_checkpoint` wrote, or the path of one of its two files.
    device : str or torch.device
        Where the network shall lie.

    Raises
    ------
    CheckpointError
        A file is missing or damaged, the pair does not belong together, or the weights do not fit.
    """
    folder = Path(folder)
    if folder.name in (WEIGHTS_NAME, RECORD_NAME):
        folder = folder.parent
    values = _read_values(folder / RECORD_NAME)
    record = _record(values, folder / RECORD_NAME)
    weights_path = folder / WEIGHTS_NAME
    if not weights_path.is_file():
        raise CheckpointError(f"there is no weights file {weights_path}")
    if hashlib.sha256(weights_path.read_bytes()).hexdigest() != values["weights_sha256"]:
        raise CheckpointError(f"{weights_path} is not the file that {RECORD_NAME} describes; copy both again")
    tensors = read_tensors(weights_path)
    _check_fit(record.network, tensors, weights_path)
    network = DetectorNetwork(record.network)
    load_strictly(network, tensors, weights_path)
    return DetectorCheckpoint(network.to(device, memory_format=torch.channels_last).eval(), record)


def _check_fit(config: DetectorConfig, tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Compare shapes before the network takes memory, which a wrong record could ask for without bound."""
    with torch.device("meta"):
        wanted = {key: tuple(value.shape) for key, value in DetectorNetwork(config).state_dict().items()}
    found = {key: tuple(value.shape) for key, value in tensors.items()}
    different = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
    if different:
        raise CheckpointError(
            f"{path} and {RECORD_NAME} are of different networks: {different[0]!r} is {found.get(different[0])} and "
            f"{wanted.get(different[0])} ({len(different)} such); copy both again"
        )


def _read_values(path: Path) -> dict[str, Any]:
    data = read_input(path, RECORD_BYTES_LIMIT, CheckpointError, "give the folder of a synhead face detector")
    try:
        values = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CheckpointError(f"{path} is not JSON; the checkpoint is damaged") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        other = isinstance(values, dict) and values.get("format") == "synhead estimator"
        hint = " but of a head-pose estimator, which synhead predict takes" if other else ""
        raise CheckpointError(f"{path} is not the record of a synhead face detector{hint}")
    if values.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {values.get('format_version')!r:.40}, this synhead reads {FORMAT_VERSION}"
        )
    return values


_TYPES = {
    "network": dict, "input_px": int, "steps": int, "seed": int, "training": dict, "losses": dict, "data": dict,
    "tool_version": str, "image_mean": list, "image_std": list, "weights_sha256": str,
}  # fmt: skip


def _record(values: dict[str, Any], path: Path) -> DetectorRecord:
    for name, kind in _TYPES.items():
        if not isinstance(values.get(name), kind) or isinstance(values[name], bool):
            raise CheckpointError(f"{path}: {name} = {values.get(name)!r:.60} is missing or of a wrong type")
    for name, known in (("image_mean", list(IMAGE_MEAN)), ("image_std", list(IMAGE_STD))):
        if values[name] != known:
            raise CheckpointError(f"{path}: {name} = {values[name]!r:.60}, this synhead reads {known!r} only")
    try:
        network = DetectorConfig.from_dict(values["network"])
    except (TrainingError, SynheadError) as error:
        raise CheckpointError(f"{path}: {error}") from None
    own = {name: values[name] for name in _TYPES if name not in ("network", "weights_sha256")}
    return DetectorRecord(network=network, **own)

"""An estimator on disk: ``model.safetensors`` with the weights, ``model.json`` with everything they mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from synhead_tools.errors import CheckpointError, OutputExistsError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.input_files import read_input
from synhead_tools.learning.backbones import BACKBONES
from synhead_tools.learning.backbones.resnet import load_strictly
from synhead_tools.learning.model import PoseNetwork
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD
from synhead_tools.learning.pose_heads import POSE_HEADS
from synhead_tools.learning.pose_heads.label_scale import NETWORK_CONVENTION, LabelScale
from synhead_tools.learning.tensor_files import read_tensors, tensors_to_bytes

FORMAT_VERSION = 1
RECORD_BYTES_LIMIT = 64 << 20
WEIGHTS_NAME, RECORD_NAME = "model.safetensors", "model.json"


_FIELD_TYPES = {
    "backbone": str, "crop": str, "ray_frame": bool, "method": str, "stage": str, "steps": dict, "precision": str,
    "bn_mode": str, "test_time_statistics": str, "source": dict, "target": (dict, type(None)),
    "target_labels_used": bool, "effective_sample_size": (int, float, type(None)), "config": dict, "tool_version": str,
    "head": str,
}  # fmt: skip


@dataclass(frozen=True)
class CheckpointRecord:
    """What the weights mean and where they come from.

    Parameters
    ----------
    backbone, backbone_width : str, int
        The network.
    input_px, margin : int, float
        Side of the input; side of a stored crop over the face box.
    convention : str
        Euler convention of labels, and of the three outputs of the head ``euler``.
    label_mean_deg, label_std_deg : lists of 3 float
        Undo the z-scores.
    image_mean, image_std : lists of 3 float
        Standardisation of pictures in [0, 1], RGB.
    crop : str
        The crop rule in words.
    ray_frame : bool
        Whether outputs are rotations against the ray through the box centre; then R = R_u R_ray.
    method, stage : str
        Adaptation method; ``stage1`` or ``final``.
    steps : dict
        Steps made per stage.
    precision, bn_mode, test_time_statistics : str
        Arithmetic, BatchNorm in stage 2, and whose running statistics the weights hold.
    source, target : dict or None
        What the datasets said of themselves; `target` is None where no target picture was seen.
    target_labels_used : bool
        Whether labels of the target entered the source dataset (matching) or its stage-1 model.
    effective_sample_size : float or None
        Of the instance weights.
    config : dict
        All training settings.
    tool_version : str
        synhead's version.
    head : str
        A name of `POSE_HEADS`; records from before there were several do not say it.
    """

    backbone: str
    backbone_width: int
    input_px: int
    margin: float
    convention: str
    label_mean_deg: list[float]
    label_std_deg: list[float]
    image_mean: list[float]
    image_std: list[float]
    crop: str
    ray_frame: bool
    method: str
    stage: str
    steps: dict[str, int]
    precision: str
    bn_mode: str
    test_time_statistics: str
    source: dict[str, Any]
    target: dict[str, Any] | None
    target_labels_used: bool
    effective_sample_size: float | None
    config: dict[str, Any]
    tool_version: str
    head: str = "euler"

    @property
    def label_scale(self) -> LabelScale:
        """Mean and standard deviation of the labels."""
        return LabelScale(tuple(self.label_mean_deg), tuple(self.label_std_deg))


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network and its record."""

    network: PoseNetwork
    record: CheckpointRecord


def save_checkpoint(folder: str | Path, checkpoint: Checkpoint, *, overwrite: bool = False, half: bool = False) -> Path:
    """Write a checkpoint; the record comes last and names the weights' sha256, so half a pair is never taken for one.

    Parameters
    ----------
    folder : str or Path
        Is made if it is not there.
    checkpoint : Checkpoint
        Network and record.
    overwrite : bool
        Replace the checkpoint that is there.
    half : bool
        Store kernels and matrices as float16, in half the bytes; biases and BatchNorm, whose range is wider, stay as
        they are. Whoever loads the file computes in float32 as ever.

    Raises
    ------
    OutputExistsError
        There is a checkpoint already and `overwrite` is not set.
    """
    folder = Path(folder)
    if (folder / RECORD_NAME).exists() and not overwrite:
        raise OutputExistsError(f"{folder} already holds a checkpoint; choose another folder or pass --overwrite")
    folder.mkdir(parents=True, exist_ok=True)
    state = checkpoint.network.state_dict()
    if half:
        state = {key: value.half() if value.ndim > 1 else value for key, value in state.items()}
    weights = tensors_to_bytes(state)
    record = {
        "format": "synhead estimator",
        "format_version": FORMAT_VERSION,
        **asdict(checkpoint.record),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    text = json.dumps(record, indent=2, default=_plain_number) + "\n"
    atomic_write_bytes(folder / WEIGHTS_NAME, weights, overwrite=True)
    atomic_write_bytes(folder / RECORD_NAME, text.encode(), overwrite=True)
    return folder


def load_checkpoint(folder: str | Path, device: str | torch.device = "cpu") -> Checkpoint:
    """Read a checkpoint, checking everything.

    Parameters
    ----------
    folder : str or Path
        What `save_checkpoint` wrote, or the path of its ``model.json`` or ``model.safetensors``.
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
    record, sha256 = _read_record(folder / RECORD_NAME)
    weights_path = folder / WEIGHTS_NAME
    if not weights_path.is_file():
        raise CheckpointError(f"there is no weights file {weights_path}")
    if hashlib.sha256(weights_path.read_bytes()).hexdigest() != sha256:
        raise CheckpointError(f"{weights_path} is not the file that {RECORD_NAME} describes; copy both again")
    network = PoseNetwork(record.backbone, record.backbone_width, record.head)
    load_strictly(network, read_tensors(weights_path), weights_path)
    network = network.to(device, memory_format=torch.channels_last).eval()
    return Checkpoint(network, record)


def _read_record(path: Path) -> tuple[CheckpointRecord, str]:
    """The record and the sha256 of its weights."""
    if not path.exists():
        raise CheckpointError(f"there is no checkpoint record {path}")
    data = read_input(path, RECORD_BYTES_LIMIT, CheckpointError, "give the folder of a synhead estimator")
    try:
        values = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CheckpointError(f"{path} is not JSON; the checkpoint is damaged") from None
    if not isinstance(values, dict) or values.get("format") != "synhead estimator":
        other = isinstance(values, dict) and values.get("format") == "synhead face detector"
        hint = " but of a face detector, which finds faces: synhead detect takes it" if other else ""
        raise CheckpointError(f"{path} is not the record of a synhead estimator{hint}")
    if values.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {values.get('format_version')!r}, this synhead reads {FORMAT_VERSION}"
        )
    names = [field.name for field in fields(CheckpointRecord) if field.name in values or field.default is MISSING]
    missing = [name for name in (*names, "weights_sha256") if name not in values]
    if missing:
        raise CheckpointError(f"{path} lacks {missing[0]!r}")
    record = CheckpointRecord(**{name: values[name] for name in names})
    _check_record(record, path)
    return record, values["weights_sha256"]


def _check_record(record: CheckpointRecord, path: Path) -> None:
    # Prediction knows one convention and one standardisation; another must not pass for it.
    for name, known in (
        ("convention", NETWORK_CONVENTION), ("image_mean", list(IMAGE_MEAN)), ("image_std", list(IMAGE_STD))
    ):  # fmt: skip
        if getattr(record, name) != known:
            raise CheckpointError(f"{path}: {name} = {getattr(record, name)!r}, this synhead reads {known!r} only")
    for name in ("label_mean_deg", "label_std_deg"):
        values = getattr(record, name)
        good = isinstance(values, list) and len(values) == 3 and all(map(_is_degrees, values))
        if not good or ("std" in name and min(values) <= 0):
            raise CheckpointError(f"{path}: {name} = {values!r} must be three numbers, standard deviations above 0")
    for name, (low, high) in {"input_px": (4, 1024), "backbone_width": (4, 512)}.items():
        value = getattr(record, name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise CheckpointError(f"{path}: {name} = {value!r} must be an integer between {low} and {high}")
    if not isinstance(record.margin, (int, float)) or not 1 <= record.margin <= 4:
        raise CheckpointError(f"{path}: margin = {record.margin!r} must be a number between 1 and 4")
    for name, kinds in _FIELD_TYPES.items():
        if not isinstance(getattr(record, name), kinds):
            raise CheckpointError(f"{path}: {name} = {getattr(record, name)!r} is of a wrong type; copy the file again")
    for name, table in (("backbone", BACKBONES), ("head", POSE_HEADS)):
        if getattr(record, name) not in table:
            raise CheckpointError(f"{path}: unknown {table.kind} {getattr(record, name)!r}; known: {', '.join(table)}")
    if not {"stage1", "stage2"} <= set(record.steps):
        raise CheckpointError(f"{path}: steps = {record.steps!r} must say stage1 and stage2")


def _is_degrees(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 360


def _plain_number(value: Any) -> Any:
    """NumPy scalars, which dataset descriptions may hold, as plain ones."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")

"""From a checkpoint to an ONNX file and the TOML file that says how to ask it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from synhead_tools import __version__
from synhead_tools.errors import CheckpointError
from synhead_tools.learning.checkpoint import Checkpoint
from synhead_tools.learning.onnx.declaration import OnnxDeclaration
from synhead_tools.learning.onnx.declaration_file import declaration_to_toml, parse_declaration
from synhead_tools.learning.onnx.export_files import ExportFiles, export_files
from synhead_tools.learning.onnx.graph import INPUT_NAME, OPSET, ROTMAT_NAME, RotationGraph, graph_crop, graph_to_onnx
from synhead_tools.learning.onnx.latency import Latency, measure_latency
from synhead_tools.learning.onnx.parity import Parity, check_parity
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD
from synhead_tools.learning.predict import Estimator

_TRAINING = (
    "method", "steps", "initial_weights", "seed", "recipe", "random_background", "augmentation",
    "target_images_used_for_training", "target_labels_used_for_training_or_matching",
)  # fmt: skip


@dataclass(frozen=True)
class ExportedModel:
    """What was written, and what was found out about it.

    Attributes
    ----------
    onnx_path, toml_path : Path
        The files.
    bytes : int
        Size of the ONNX file.
    parity : Parity
        Against the checkpoint.
    latency : tuple of Latency
        Empty if nobody asked.
    """

    onnx_path: Path
    toml_path: Path
    bytes: int
    parity: Parity
    latency: tuple[Latency, ...]


def export_onnx(
    estimator: Estimator, out: str | os.PathLike, *, takes_uint8: bool = False, licence: str = "", name: str = "",
    threads: int | None = 1, overwrite: bool = False,
) -> ExportedModel:  # fmt: skip
    """Write a checkpoint's network as ONNX, once it answers as the checkpoint does.

    The input ``picture`` is the square around the face box's longer side, as wide as the network's input (for some
    widths larger: `synhead_tools.learning.onnx.graph.graph_crop`), RGB: float32 (N, 3, S, S), standardised as the TOML
    file says, or uint8 (N, S, S, 3). The output ``rotmat`` (N, 3, 3) is the rotation against the crop's ray where the
    network was trained so; a head of angles also gives ``euler_deg`` (N, 3): pitch, yaw, roll under ``biwi+``. All
    weights are in the one file.

    Parameters
    ----------
    estimator : Estimator
        Of a checkpoint.
    out : path
        Ends with ``.onnx``; the TOML file takes the same name with ``.toml``.
    takes_uint8 : bool
        Put scaling and standardisation into the graph.
    licence : str
        What may be done with the model; goes into both files.
    name : str
        For tables of scores; that of the file by default.
    threads : int or None
        To time it with; None leaves it untimed.
    overwrite : bool
        Replace files that are there.

    Raises
    ------
    OutputExistsError
        One of the files is there and `overwrite` is false.
    CheckpointError
        There is no network to export, torch cannot export it, or the answers differ.
    """
    if not isinstance(estimator, Estimator):
        raise CheckpointError("only checkpoints of synhead are exported; this estimator is an ONNX model already")
    with export_files(out, overwrite) as files:
        data, text, parity, latency = _exported(estimator, files, takes_uint8, licence, name, threads)
        files.onnx.write(data)
        files.toml.write(text.encode("utf-8"))
    return ExportedModel(files.onnx_path, files.toml_path, len(data), parity, latency)


def _exported(
    estimator: Estimator, files: ExportFiles, takes_uint8: bool, licence: str, name: str, threads: int | None
) -> tuple[bytes, str, Parity, tuple[Latency, ...]]:
    """Contents of both files, and what was found out."""
    checkpoint = Checkpoint(estimator.network, estimator.record)
    declaration = declare(estimator, files.onnx_path.name, takes_uint8, licence, name or files.onnx_path.stem)
    model = graph_to_onnx(RotationGraph(checkpoint, takes_uint8))
    _label(model, checkpoint, declaration)
    data = model.SerializeToString(deterministic=True)
    text = declaration_to_toml(declaration)
    parse_declaration(text.encode(), str(files.toml_path))  # whatever is written can be read
    parity = check_parity(data, checkpoint, takes_uint8)
    latency = () if threads is None else measure_latency(data, declaration.size_px, takes_uint8, threads)
    return data, text, parity, latency


def declare(estimator: Estimator, file: str, takes_uint8: bool, licence: str, name: str) -> OnnxDeclaration:
    """How the exported model is asked."""
    record, told = estimator.record, estimator.describe()
    size_px, crop_scale = graph_crop(record)
    looks = {} if takes_uint8 else {"scale": 1 / 255, "mean": IMAGE_MEAN, "std": IMAGE_STD}
    training = {key: told[key] for key in _TRAINING if told.get(key) is not None}
    return OnnxDeclaration(
        name=name, files=(file,), size_px=size_px, kind="rotmat", source=f"synhead export, {__version__}",
        licence=licence, input_name=INPUT_NAME, layout="NHWC" if takes_uint8 else "NCHW", channels="RGB",
        crop_scale=crop_scale, output_names=(ROTMAT_NAME,), frame="ray" if record.ray_frame else "camera",
        training={"training_data": _data(record.source), **training}, **looks,
    )  # fmt: skip


def _data(source: dict[str, Any]) -> str:
    return ", ".join(str(source[key]) for key in ("dataset", "subset") if source.get(key))[:1000] or "unknown"


def _label(model: onnx.ModelProto, checkpoint: Checkpoint, declaration: OnnxDeclaration) -> None:
    """Write into the model what it is; numbers and texts as JSON."""
    record = checkpoint.record
    model.producer_name, model.producer_version = "synhead", __version__
    model.graph.name = declaration.name
    standardised = f"(value / 255 - {list(IMAGE_MEAN)}) / {list(IMAGE_STD)}, RGB, float32 NCHW"
    told = {
        "input": "uint8 NHWC, RGB" if declaration.layout == "NHWC" else standardised,
        "input_px": declaration.size_px,
        "crop": f"square, {declaration.crop_scale:g} x the face box's longer side, outside repeats the edge",
        "output": "R_head_to_camera: x right, y down, z forward; head: x to the subject's left, y down, z into it",
        "frame": declaration.frame,
        "convention": record.convention,
        "licence": declaration.licence or "not stated",
        "backbone": f"{record.backbone}, width {record.backbone_width}",
        "head": record.head,
        "opset": OPSET,
        "training": dict(declaration.training),
        "source": record.source,
        "target": record.target,
        "weights_sha256": _weights_sha256(checkpoint),
    }
    for key, value in told.items():
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        model.metadata_props.add(key=f"synhead.{key}", value=text)


def _weights_sha256(checkpoint: Checkpoint) -> str:
    """Of the checkpoint's weights file, which is made of the same tensors."""
    from synhead_tools.learning.tensor_files import tensors_to_bytes

    return hashlib.sha256(tensors_to_bytes(checkpoint.network.state_dict())).hexdigest()

"""A checkpoint's network as one ONNX graph: from pictures to rotations, any number at a time, weights inside."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

import onnx
import torch
from torch import Tensor, nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.checkpoint import Checkpoint, CheckpointRecord
from synhead_tools.learning.pictures.augment_colour import standardise
from synhead_tools.learning.pose_heads.rotation_6d import rotmat_of_labels

OPSET = 18
"""The oldest that torch's exporter writes, so that old runtimes read it."""
INPUT_NAME, ROTMAT_NAME, EULER_NAME = "picture", "rotmat", "euler_deg"


def graph_crop(record: CheckpointRecord) -> tuple[int, float]:
    """The crop that the graph takes: its side in px, and its side over that of the face box.

    The estimator keeps crops of `margin` face boxes and looks at their middle. Where that falls on whole pixels, the
    graph takes the middle alone, the face box; else the crop as it is kept, and samples it itself.
    """
    kept_px = round(record.input_px * record.margin)
    whole = kept_px == record.input_px * record.margin and (kept_px - record.input_px) % 2 == 0
    return (record.input_px, 1.0) if whole else (kept_px, record.margin)


class RotationGraph(nn.Module):
    """Pictures to rotations, all of it in operations that ONNX has.

    Parameters
    ----------
    checkpoint : Checkpoint
        Network, and how its outputs are read.
    takes_uint8 : bool
        Whether pictures come as uint8 (N, S, S, 3) rather than standardised float32 (N, 3, S, S); RGB both, cut and
        sized as `graph_crop` says.
    """

    def __init__(self, checkpoint: Checkpoint, takes_uint8: bool = False) -> None:
        super().__init__()
        self.network, self.takes_uint8 = checkpoint.network, takes_uint8
        self.angles = checkpoint.record.head == "euler"
        scale = checkpoint.record.label_scale
        self.register_buffer("mean_deg", torch.tensor(scale.mean_deg))
        self.register_buffer("std_deg", torch.tensor(scale.std_deg))
        self.size_px, crop_scale = graph_crop(checkpoint.record)
        middle = None if crop_scale == 1.0 else _middle_weights(self.size_px, checkpoint.record)
        self.register_buffer("middle", middle)

    @property
    def output_names(self) -> list[str]:
        """What comes out: rotations (N, 3, 3), for a head of angles these too (N, 3), pitch, yaw, roll in degrees."""
        return [ROTMAT_NAME, EULER_NAME] if self.angles else [ROTMAT_NAME]

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Rotations (N, 3, 3), and angles (N, 3) if the head has them."""
        if self.takes_uint8:
            pictures = standardise(pictures.permute(0, 3, 1, 2).float() / 255.0)
        if self.middle is not None:
            pictures = self.middle @ pictures @ self.middle.T
        outputs = self.network(pictures)
        if not self.angles:
            return (_rotmat_of_columns(outputs),)
        euler_deg = outputs * self.std_deg + self.mean_deg
        return rotmat_of_labels(euler_deg), euler_deg

    def example(self, n: int) -> Tensor:
        """`n` black pictures of the right shape."""
        if self.takes_uint8:
            return torch.zeros(n, self.size_px, self.size_px, 3, dtype=torch.uint8)
        return torch.zeros(n, 3, self.size_px, self.size_px)


def graph_to_onnx(graph: RotationGraph) -> onnx.ModelProto:
    """The model; its first axis is free.

    Raises
    ------
    CheckpointError
        torch cannot export the network.
    """
    with _quiet_exporter(), torch.no_grad():
        try:
            program = torch.onnx.export(
                graph.eval(), (graph.example(2),), dynamo=True, external_data=False, opset_version=OPSET,
                input_names=[INPUT_NAME], output_names=graph.output_names,
                dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False,
            )  # fmt: skip
        except ImportError:
            raise
        except Exception as error:  # torch's own classes have no common root
            reason = " ".join(str(error).split())
            raise CheckpointError(f"torch {torch.__version__} cannot export this network ({reason:.200})") from error
    model = program.model_proto
    _forget_origins(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def _middle_weights(kept_px: int, record: CheckpointRecord) -> Tensor:
    """What each of the network's rows takes of the kept crop's (input_px, kept_px): bilinear, as the estimator does."""
    row = torch.arange(record.input_px, dtype=torch.float64)
    place = (((2 * row + 1) / record.input_px - 1) / record.margin + 1) * kept_px / 2 - 0.5
    distance = (place[:, None] - torch.arange(kept_px, dtype=torch.float64)).abs()
    return (1 - distance).clamp_min(0).float()


def _rotmat_of_columns(columns: Tensor) -> Tensor:
    """As `rotation_6d.rotmat_of_columns`, without the cross product, which exports as a dozen gathers."""
    x = nn.functional.normalize(columns[:, :3], dim=1)
    y = columns[:, 3:] - (x * columns[:, 3:]).sum(dim=1, keepdim=True) * x
    y = nn.functional.normalize(y, dim=1)
    z = [x[:, i] * y[:, j] - x[:, j] * y[:, i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return torch.stack([x, y, torch.stack(z, dim=1)], dim=2)


def _forget_origins(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes at each node: where in which file of this machine it came from."""
    graph = model.graph
    for entry in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del entry.metadata_props[:]
        entry.doc_string = ""


@contextlib.contextmanager
def _quiet_exporter() -> Iterator[None]:
    """The exporter tells of packages it does not need, and of its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

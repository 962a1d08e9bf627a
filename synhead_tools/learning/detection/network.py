"""The whole detector: backbone, pyramid, context modules, outputs, and the second head of the cascade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from synhead_tools.learning.detection import DETECTOR_BACKBONES
from synhead_tools.learning.detection.anchors import SIZES_PER_CELL, STRIDES, make_anchors
from synhead_tools.learning.detection.config import DetectorConfig
from synhead_tools.learning.detection.context import ContextModule
from synhead_tools.learning.detection.fpn import FeaturePyramid
from synhead_tools.learning.detection.heads import BOX_NUMBERS, CLASSES, POINTS, MeshBranch, OutputConvolution
from synhead_tools.learning.detection.mean_mesh import mean_anchor_mesh
from synhead_tools.learning.detection.targets import decode_boxes

BACKGROUND, FACE = 0, 1


@dataclass(frozen=True, eq=False)
class HeadOutputs:
    """What one head says of N pictures' A anchors.

    Attributes
    ----------
    anchors : (A, 4) or (N, A, 4)
        What boxes are relative to, centre and size, px: regular anchors, or those the first head has moved.
    logits : (N, A, 2)
        Of `BACKGROUND` and `FACE`.
    boxes : (N, A, 4)
        As `synhead_tools.learning.detection.targets.encode_boxes` makes them.
    """

    anchors: Tensor
    logits: Tensor
    boxes: Tensor


@dataclass(frozen=True, eq=False)
class DetectorOutputs:
    """What the network says of N pictures.

    Attributes
    ----------
    heads : tuple of HeadOutputs
        The first, and with a cascade the second.
    points : (N, A, 10)
        The five points relative to the regular anchors; reshape to (N, A, 5, 2).
    maps : tuple of Tensor
        Features of all levels, (N, channels, H, W), from which `Detector.meshes` reads.
    """

    heads: tuple[HeadOutputs, ...]
    points: Tensor
    maps: tuple[Tensor, ...]

    @property
    def anchors(self) -> Tensor:
        """The regular anchors (A, 4), to which points and meshes are relative."""
        return self.heads[0].anchors


class Head(nn.Module):
    """A context module for each level, and the outputs for class and box.

    Parameters
    ----------
    config : DetectorConfig
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        levels = len(config.strides)
        self.context = nn.ModuleList(
            ContextModule(config.channels, config.slope, config.deformable) for _ in range(levels)
        )
        self.logits = OutputConvolution(config.channels, CLASSES, levels, config.shared_outputs)
        self.boxes = OutputConvolution(config.channels, BOX_NUMBERS, levels, config.shared_outputs)

    def forward(self, levels: Sequence[Tensor]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Context maps, logits and boxes."""
        maps = [context(level) for context, level in zip(self.context, levels, strict=True)]
        return maps, self.logits(maps), self.boxes(maps)


class DetectorNetwork(nn.Module):
    """RetinaFace.

    Points and mesh are read off the first head alone, against regular anchors, as in the released code; the second
    head predicts class and box anew from anchors that the first has moved, through which no gradient flows.

    Parameters
    ----------
    config : DetectorConfig
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.body = DETECTOR_BACKBONES.load(config.backbone)(width=config.backbone_width, n_classes=None)
        self._finest = STRIDES.index(config.finest_stride)
        self.fpn = FeaturePyramid(
            self.body.stage_channels[self._finest :], config.channels, config.top_down, config.slope, config.deformable
        )
        self.first = Head(config)
        self.points = OutputConvolution(config.channels, 2 * POINTS, len(config.strides), config.shared_outputs)
        self.second = Head(config) if config.cascade else None
        self.mesh = None
        if config.mesh_vertices:
            mean = mean_anchor_mesh(config.mesh_vertices)
            self.mesh = MeshBranch(config.channels, config.mesh_vertices, config.mesh_rank, mean)

    def forward(self, pictures: Tensor) -> DetectorOutputs:
        """Answers for standardised RGB pictures (N, 3, H, W), of any size."""
        levels = self.pyramid(pictures)
        anchors = make_anchors(*pictures.shape[2:], self.config.strides, pictures.device)
        maps, logits, boxes = self.first(levels)
        heads = [HeadOutputs(anchors, logits.float(), boxes.float())]
        if self.second is not None:
            moved = decode_boxes(heads[0].boxes.detach(), anchors)
            _, logits, boxes = self.second(levels)
            heads.append(HeadOutputs(moved, logits.float(), boxes.float()))
        return DetectorOutputs(tuple(heads), self.points(maps).float(), tuple(maps))

    def pyramid(self, pictures: Tensor) -> list[Tensor]:
        """Maps of the levels that are used, the finest first."""
        return self.fpn(self.body.stages(pictures)[self._finest :])

    def meshes(self, outputs: DetectorOutputs, picture: Tensor, anchor: Tensor) -> Tensor:
        """Meshes (M, V, 3) in anchor sizes, for anchors given by the numbers (M,) of their picture and of themselves.

        The network must have a mesh branch.
        """
        cell, size_index = anchor // SIZES_PER_CELL, anchor % SIZES_PER_CELL
        features = _cell_features(outputs.maps, picture, cell)
        return self.mesh(features, size_index).float()


def _cell_features(maps: Sequence[Tensor], picture: Tensor, cell: Tensor) -> Tensor:
    """Features (M, channels) of cells counted through all levels."""
    features = maps[0].new_zeros(len(cell), maps[0].shape[1])
    start = 0
    for level in maps:
        count = level.shape[2] * level.shape[3]
        chosen = torch.nonzero((cell >= start) & (cell < start + count)).flatten()
        flat = level.flatten(2)
        features = features.index_copy(0, chosen, flat[picture[chosen], :, cell[chosen] - start])
        start += count
    return features

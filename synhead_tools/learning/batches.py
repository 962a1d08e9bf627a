"""Batches of both domains: gather on the device, jitter, background, colour, standardise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synhead_tools.learning.augment_colour import augment_colour, standardise
from synhead_tools.learning.augment_geometry import (
    CropJitter,
    draw_jitter,
    jitter_euler_deg,
    jitter_pictures,
    no_jitter,
)
from synhead_tools.learning.backgrounds import MID_GREY, composite, draw_backgrounds
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.data import DomainCrops, LabelledCrops
from synhead_tools.learning.pose_heads import LabelScale
from synhead_tools.learning.sampling import IndexStream, named_generator


@dataclass(frozen=True)
class SourceBatch:
    """What the source domain gives to one step.

    Parameters
    ----------
    pictures : Tensor, shape (N, 3, S, S)
        Standardised, channels last.
    scores : Tensor, shape (N, 3)
        Z-scored pitch, yaw, roll of what each picture shows.
    """

    pictures: Tensor
    scores: Tensor


class SourceStream:
    """Endless augmented batches of labelled crops.

    Parameters
    ----------
    crops : LabelledCrops
        The source domain.
    scale : LabelScale
        Of the labels.
    config : TrainConfig
        Batch size and augmentation.
    stage : str
        Names the streams of random numbers, so that a stage draws the same whether or not another ran before it.
    weights : Tensor, shape (N,), optional
        Instance weights; equal by default.
    """

    def __init__(
        self, crops: LabelledCrops, scale: LabelScale, config: TrainConfig, stage: str, weights: Tensor | None = None
    ) -> None:
        self._crops, self._scale, self._config = crops, scale, config
        weights = torch.ones(len(crops)) if weights is None else weights
        self._index = IndexStream(weights, named_generator(config.seed, stage, "source order"), crops.device)
        self._draw = named_generator(config.seed, stage, "source looks", device=crops.device)

    def next(self) -> SourceBatch:
        """The next batch."""
        config = self._config
        rows = self._index.take(config.batch_size)
        jitter = draw_jitter(len(rows), config, self._draw)
        pictures = jitter_pictures(self._crops.pictures[rows], jitter, config.input_px, config.margin)
        if self._crops.has_alpha:
            behind = draw_backgrounds(len(rows), config.input_px, self._draw) if config.random_background else MID_GREY
            pictures = composite(pictures, behind)
        pictures = augment_colour(pictures, config.augmentation, self._draw)
        scores = self._scale.normalise(jitter_euler_deg(self._crops.euler_deg[rows], jitter))
        return SourceBatch(standardise(pictures), scores)


class TargetStream:
    """Endless augmented batches of unlabelled crops.

    Mirrors and turns are drawn by the same law as for the source: they change which poses are seen, and the two
    domains are to differ in looks alone. Colour changes are half as strong: the looks are what is to be learnt.

    Parameters
    ----------
    crops : DomainCrops
        The target domain.
    config : TrainConfig
        Batch size and augmentation.
    stage : str
        Names the streams of random numbers.
    """

    def __init__(self, crops: DomainCrops, config: TrainConfig, stage: str) -> None:
        self._crops, self._config = crops, config
        self._index = IndexStream(
            torch.ones(len(crops)), named_generator(config.seed, stage, "target order"), crops.device
        )
        self._draw = named_generator(config.seed, stage, "target looks", device=crops.device)

    def next(self) -> Tensor:
        """The next batch: standardised pictures (N, 3, S, S), channels last."""
        config = self._config
        rows = self._index.take(config.batch_size)
        jitter = draw_jitter(len(rows), config, self._draw)
        pictures = jitter_pictures(self._crops.pictures[rows], jitter, config.input_px, config.margin)
        if self._crops.has_alpha:
            pictures = composite(pictures, MID_GREY)
        return standardise(augment_colour(pictures, 0.5 * config.augmentation, self._draw))


def plain_pictures(
    crops: DomainCrops, rows: Tensor | slice, input_px: int, margin: float, mirrored: bool = False
) -> Tensor:
    """Standardised pictures (N, 3, S, S) of the face boxes as they are, over mid grey where there is alpha."""
    stored = crops.pictures[rows]
    jitter: CropJitter = no_jitter(len(stored), crops.device, mirrored)
    pictures = jitter_pictures(stored, jitter, input_px, margin)
    return standardise(composite(pictures, MID_GREY) if crops.has_alpha else pictures)

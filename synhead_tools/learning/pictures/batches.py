"""Batches of both domains: gather on the device, jitter, background, colour, standardise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.pictures.augment_colour import augment_colour, standardise
from synhead_tools.learning.pictures.augment_context import turn_context
from synhead_tools.learning.pictures.augment_geometry import (
    CropJitter,
    draw_jitter,
    jitter_euler_deg,
    jitter_pictures,
    no_jitter,
)
from synhead_tools.learning.pictures.backgrounds import MID_GREY, composite, draw_backgrounds
from synhead_tools.learning.pictures.data import DomainCrops, LabelledCrops
from synhead_tools.learning.pictures.placement import BatchReader, index_device
from synhead_tools.learning.pose_heads import POSE_HEADS
from synhead_tools.learning.pose_heads.label_scale import LabelScale
from synhead_tools.learning.processes import own_names, own_part
from synhead_tools.learning.sampling import IndexStream, named_generator


@dataclass(frozen=True)
class SourceBatch:
    """What the source domain gives to one step.

    Parameters
    ----------
    pictures : Tensor, shape (N, 3, S, S)
        Standardised, channels last.
    wanted : Tensor, shape (N, ...)
        What the pose head is to answer: z-scored pitch, yaw, roll (N, 3), or rotations (N, 3, 3).
    weights : Tensor, shape (N,), or None
        What each sample's loss is multiplied by; their mean over the source is 1.
    """

    pictures: Tensor
    wanted: Tensor
    weights: Tensor | None = None


@dataclass(frozen=True)
class TargetBatch:
    """What the target domain gives to one step.

    Parameters
    ----------
    pictures : Tensor, shape (N, 3, S, S)
        Standardised, channels last; changed by `jitter`, and in their colours.
    jitter : CropJitter
        How each picture was shifted, turned and mirrored.
    plain_pictures : Tensor, shape (N, 3, S, S), or None
        The same face boxes as they are, for methods that ask for them.
    """

    pictures: Tensor
    jitter: CropJitter
    plain_pictures: Tensor | None = None


def _reader(crops: DomainCrops, config: TrainConfig, *names: str) -> BatchReader:
    generator = named_generator(config.seed, *names)
    order = IndexStream(torch.ones(len(crops)), generator, index_device(crops.pictures))
    return BatchReader(crops.pictures, order, config.batch_size, own_part(config.batch_size))


class _RandomChanges:
    """What is done to the pictures of one domain, drawn from two streams.

    Places (shifts, turns, mirrors) are drawn for the whole batch alike in all processes, so that sharing a batch out
    leaves its labels as they were; looks, which are many numbers, by each process for its own part.
    """

    def __init__(self, config: TrainConfig, stage: str, domain: str, device: torch.device) -> None:
        self._config = config
        self._places = named_generator(config.seed, stage, f"{domain} places", device=device)
        self.looks = named_generator(config.seed, stage, f"{domain} looks", *own_names(), device=device)

    def draw_jitter(self) -> CropJitter:
        jitter = draw_jitter(self._config.batch_size, self._config, self._places)
        return jitter.part(own_part(self._config.batch_size))

    def state(self) -> dict[str, Tensor]:
        return {"places": self._places.get_state(), "looks": self.looks.get_state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        self._places.set_state(state["places"].cpu())
        self.looks.set_state(state["looks"].cpu())


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
    weighs_losses : bool
        Draw evenly and hand the weights on with the batches, rather than draw by them.
    """

    def __init__(
        self,
        crops: LabelledCrops,
        scale: LabelScale,
        config: TrainConfig,
        stage: str,
        weights: Tensor | None = None,
        weighs_losses: bool = False,
    ) -> None:
        self._crops, self._scale, self._config = crops, scale, config
        self._head = POSE_HEADS.load(config.head)
        self._weighs_losses, self._loss_weights = weighs_losses, None
        self._reader = _reader(crops, config, stage, "source order")
        self._changes = _RandomChanges(config, stage, "source", crops.device)
        if weights is not None:
            self.set_weights(weights)

    def set_weights(self, weights: Tensor) -> None:
        """Take other instance weights (N,) from the next batch on."""
        if self._weighs_losses:
            self._loss_weights = (weights / weights.mean()).float().to(self._crops.device)
        else:
            self._reader.set_weights(weights)

    def next(self) -> SourceBatch:
        """The next batch."""
        config = self._config
        rows, stored = self._reader.next()
        jitter = self._changes.draw_jitter()
        pictures = jitter_pictures(stored, jitter, config.input_px, config.margin)
        pictures = turn_context(pictures, stored, jitter, config.margin, config.context_turn_deg, self._changes.looks)
        if self._crops.has_alpha:
            behind = (
                draw_backgrounds(len(rows), config.input_px, self._changes.looks)
                if config.random_background
                else MID_GREY
            )
            pictures = composite(pictures, behind)
        pictures = augment_colour(pictures, config.augmentation, self._changes.looks)
        wanted = self._head.wanted(jitter_euler_deg(self._crops.euler_deg[rows], jitter), self._scale)
        weights = None if self._loss_weights is None else self._loss_weights[rows]
        return SourceBatch(standardise(pictures), wanted, weights)

    def state(self) -> dict[str, Tensor]:
        """Where the stream stands, between two batches."""
        return {**self._reader.state(), **self._changes.state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from where a stream of the same data, settings and weights stood."""
        self._reader.load_state(state)
        self._changes.load_state(state)


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
    plain : bool
        Give the face boxes as they are as well. Colours of the others then change as strongly as those of the source:
        what they looked like before is not lost.
    """

    def __init__(self, crops: DomainCrops, config: TrainConfig, stage: str, plain: bool = False) -> None:
        self._crops, self._config, self._plain = crops, config, plain
        self._reader = _reader(crops, config, stage, "target order")
        self._changes = _RandomChanges(config, stage, "target", crops.device)

    def next(self) -> TargetBatch:
        """The next batch."""
        config = self._config
        rows, stored = self._reader.next()
        jitter = self._changes.draw_jitter()
        pictures = jitter_pictures(stored, jitter, config.input_px, config.margin)
        if self._crops.has_alpha:
            pictures = composite(pictures, MID_GREY)
        strength = config.augmentation * (1.0 if self._plain else 0.5)
        pictures = standardise(augment_colour(pictures, strength, self._changes.looks))
        plain = _plain(stored, self._crops, config.input_px, config.margin) if self._plain else None
        return TargetBatch(pictures, jitter, plain)

    def state(self) -> dict[str, Tensor]:
        """Where the stream stands, between two batches."""
        return {**self._reader.state(), **self._changes.state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from where a stream of the same data and settings stood."""
        self._reader.load_state(state)
        self._changes.load_state(state)


def plain_pictures(
    crops: DomainCrops, rows: Tensor | slice, input_px: int, margin: float, mirrored: bool = False
) -> Tensor:
    """Standardised pictures (N, 3, S, S) of the face boxes as they are, over mid grey where there is alpha."""
    return _plain(crops.pictures[rows], crops, input_px, margin, mirrored)


def _plain(stored: Tensor, crops: DomainCrops, input_px: int, margin: float, mirrored: bool = False) -> Tensor:
    jitter = no_jitter(len(stored), crops.device, mirrored)
    pictures = jitter_pictures(stored, jitter, input_px, margin)
    return standardise(composite(pictures, MID_GREY) if crops.has_alpha else pictures)

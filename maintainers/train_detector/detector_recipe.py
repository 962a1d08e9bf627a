"""How the bundled detector is made up and trained, stage after stage, and where its backbone begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import detector_scenes

from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.learning.checkpoint import WEIGHTS_NAME
from synhead_tools.learning.detection.config import preset
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan
from synhead_tools.learning.tensor_files import read_tensors, tensors_to_bytes

SMALL = Path(__file__).resolve().parents[2] / "models" / "small"
FIRST_STEPS, SECOND_STEPS, THIRD_STEPS, FOURTH_STEPS, FIFTH_STEPS, STEPS = 3500, 2200, 300, 2500, 7500, 1000
_FIRST_SCHEDULE, _FOURTH_SCHEDULE = 5200, 12_000
_PREFIX = "backbone."


def first_plan(steps: int = FIRST_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the first stage, for as many steps; further arguments change the network.

    Most of its inputs are small and one face fills a good part of them, which gives twice as many faces per second as
    whole scenes do. What differs from the preset: a backbone of width 16, which is that of models/small; strides from
    8, since the level of stride 4 takes three quarters of the time and sees faces below 28 px only; weights of box,
    points and mesh as small ports of RetinaFace have them rather than the paper; few negatives for the first head,
    whose score nobody reads.
    """
    shape, losses = preset("resnet18", **{"backbone_width": 16, "channels": 48, "finest_stride": 8, **network})
    losses = replace(
        losses, positive_iou=0.6, points_of_second=True, fewest_negatives=6, box_weight=1.0, point_weight=1.0,
        mesh_weight=4.0, most_meshes=96,
    )  # fmt: skip
    training = DetectorTraining(
        seed=seed, input_px=288, smallest_px=64, batch_size=5, steps=steps, optimiser="adamw", learning_rate=1.5e-3,
        weight_decay=0.02, schedule="warmup-cosine", schedule_steps=_FIRST_SCHEDULE, gradient_limit=10.0,
        face_crops=0.8, smallest_face_px=18.0, augmentation=0.7, log_every=25,
    )  # fmt: skip
    return DetectorPlan(shape, losses, training)


def second_plan(steps: int = SECOND_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the second stage, which begins with the first one's weights.

    It is shown larger parts of scenes and more of what is no face. Box, points and mesh weigh five times as much: with
    the first stage's weights, at whose end faces are found but hardly measured, nearly all of the gradient is that of
    the class.
    """
    first = first_plan(steps, seed, **network)
    losses = replace(
        first.losses, negatives_per_positive=4.0, fewest_negatives=12, box_weight=4.0, point_weight=5.0,
        mesh_weight=20.0,
    )  # fmt: skip
    training = replace(
        first.training, input_px=384, smallest_px=96, batch_size=3, learning_rate=1e-3, schedule_steps=0,
        gradient_limit=50.0, face_crops=0.6, seed=seed + 1,
    )  # fmt: skip
    return replace(first, losses=losses, training=training)


def third_plan(steps: int = THIRD_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the third stage, which begins with the second one's weights.

    The second stage's detector finds faces in flat and noisy pictures and in large inputs: it has seen neither.
    """
    second = second_plan(steps, seed, **network)
    training = replace(
        second.training, input_px=512, smallest_px=128, batch_size=2, learning_rate=5e-4, blank_share=0.15,
        seed=seed + 2,
    )  # fmt: skip
    return replace(second, training=training)


def fourth_plan(steps: int = FOURTH_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the fourth stage, which begins with the third one's weights: most faces are seen here.

    The third stage's detector finds faces; where their points are, and how they are turned, wants several times as many
    faces as finding them does. Here nearly every picture is a face of the size that close-ups give it
    (`synhead_tools.learning.detection.close_ups`), of more people.
    """
    second = second_plan(steps, seed, **network)
    training = replace(
        second.training, input_px=128, smallest_px=0, batch_size=24, face_crops=0.85, face_crop_least_px=52.0,
        face_crop_most_px=100.0, blank_share=0.02, schedule_steps=_FOURTH_SCHEDULE, seed=seed + 3,
    )  # fmt: skip
    return replace(second, losses=replace(second.losses, most_meshes=192), training=training)


def fifth_plan(steps: int = FIFTH_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the fifth stage, which begins with the fourth one's weights: the same on its own schedule."""
    fourth = fourth_plan(steps, seed, **network)
    return replace(fourth, training=replace(fourth.training, schedule_steps=0, seed=seed + 4))


def plan(steps: int = STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the last stage, which begins with the fifth one's weights: all sizes, and nothing, again.

    The fifth stage's detector has half forgotten faces in whole scenes.
    """
    third, fifth = third_plan(steps, seed, **network), fifth_plan(steps, seed, **network)
    return replace(fifth, training=replace(third.training, blank_share=0.1, seed=seed + 5))


@dataclass(frozen=True)
class Stage:
    """A part of the training: the folder of its run, its settings, and what it learns from."""

    name: str
    plan: Callable[..., DetectorPlan]
    scenes: detector_scenes.Set


STAGES = (
    Stage("faces", first_plan, detector_scenes.FIRST_SOURCE),
    Stage("scenes", second_plan, detector_scenes.FIRST_SOURCE),
    Stage("nothing", third_plan, detector_scenes.FIRST_SOURCE),
    Stage("points", fourth_plan, detector_scenes.SOURCE),
    Stage("more-points", fifth_plan, detector_scenes.SOURCE),
    Stage("last", plan, detector_scenes.SOURCE),
)


def backbone_weights(out: Path) -> Path:
    """A file of the backbone of models/small, which was trained on renders alone: it knows heads already."""
    tensors = read_tensors(SMALL / WEIGHTS_NAME)
    body = {key.removeprefix(_PREFIX): value for key, value in tensors.items() if key.startswith(_PREFIX)}
    path = out / "backbone.safetensors"
    atomic_write_bytes(path, tensors_to_bytes(body), overwrite=True)
    return path

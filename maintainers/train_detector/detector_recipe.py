"""How the bundled detector is made up and trained, stage after stage, and where its backbone begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.learning.checkpoint import WEIGHTS_NAME
from synhead_tools.learning.detection.config import preset
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan
from synhead_tools.learning.tensor_files import read_tensors, tensors_to_bytes

SMALL = Path(__file__).resolve().parents[2] / "models" / "small"
FACES_STEPS, MORE_STEPS, STEPS = 5000, 4500, 1700
_PREFIX = "backbone."


def faces_plan(steps: int = FACES_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the first stage, for as many steps; further arguments change the network.

    Nearly every picture is one face of the size that close-ups give it
    (`synhead_tools.learning.detection.close_ups`): where points are, and how faces are turned, wants several times as
    many faces as finding them does, and small pictures of single faces give most of them per second. What differs from
    the preset: a backbone of width 16, which is that of models/small; strides from 8, since the level of stride 4 takes
    three quarters of the time and sees faces below 28 px only; box, points and mesh weigh many times more, since the
    class else has nearly all of the gradient once faces are found.
    """
    shape, losses = preset("resnet18", **{"backbone_width": 16, "channels": 48, "finest_stride": 8, **network})
    losses = replace(
        losses, positive_iou=0.6, negatives_per_positive=4.0, fewest_negatives=12, box_weight=4.0, point_weight=5.0,
        mesh_weight=20.0, most_meshes=192,
    )  # fmt: skip
    training = DetectorTraining(
        seed=seed, input_px=128, batch_size=24, steps=steps, optimiser="adamw", learning_rate=1.5e-3,
        weight_decay=0.02, schedule="warmup-cosine", gradient_limit=50.0, face_crops=0.85, face_crop_least_px=52.0,
        face_crop_most_px=100.0, face_crops_beyond=0.4, smallest_face_px=18.0, blank_share=0.02, augmentation=0.7,
        log_every=25,
    )  # fmt: skip
    return DetectorPlan(shape, losses, training)


def more_faces_plan(steps: int = MORE_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the second stage, which begins with the first one's weights: the same, gentler."""
    faces = faces_plan(steps, seed, **network)
    return replace(faces, training=replace(faces.training, learning_rate=1e-3, seed=seed + 1))


def plan(steps: int = STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the last stage, which begins with the second one's weights: all sizes, whole scenes, nothing.

    The second stage's detector has hardly seen small faces and surroundings; without pictures of nothing, detectors
    have found faces in flat and noisy ones.
    """
    faces = faces_plan(steps, seed, **network)
    training = replace(
        faces.training, input_px=512, smallest_px=128, batch_size=2, learning_rate=1e-3, face_crops=0.6,
        face_crop_least_px=0.0, face_crop_most_px=0.0, face_crops_beyond=0.0, blank_share=0.1, seed=seed + 2,
    )  # fmt: skip
    return replace(faces, training=training)


@dataclass(frozen=True)
class Stage:
    """A part of the training: the folder of its run, and its settings."""

    name: str
    plan: Callable[..., DetectorPlan]


STAGES = (Stage("faces", faces_plan), Stage("more-faces", more_faces_plan), Stage("scenes", plan))


def backbone_weights(out: Path) -> Path:
    """A file of the backbone of models/small, which was trained on renders alone: it knows heads already."""
    tensors = read_tensors(SMALL / WEIGHTS_NAME)
    body = {key.removeprefix(_PREFIX): value for key, value in tensors.items() if key.startswith(_PREFIX)}
    path = out / "backbone.safetensors"
    atomic_write_bytes(path, tensors_to_bytes(body), overwrite=True)
    return path

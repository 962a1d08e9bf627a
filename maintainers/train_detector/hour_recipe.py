"""A recipe for an hour of two cores: how its detector is made up and trained, stage after stage."""

from __future__ import annotations

from dataclasses import replace

import detector_scenes
from detector_recipe import Stage

from synhead_tools.learning.detection.config import preset
from synhead_tools.learning.detection.train_config import DetectorTraining
from synhead_tools.learning.detection.train_loop import DetectorPlan

SCENES_STEPS, FACES_STEPS, ALL_STEPS = 3200, 8000, 3000


def scenes_plan(steps: int = SCENES_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the first stage, for as many steps; further arguments change the network.

    Faces are to be found here, in parts of scenes and in squares around single faces, which give more of them per
    second. What differs from the preset: a backbone of width 16, which is that of models/small; strides from 8, since
    the level of stride 4 takes three quarters of the time and sees faces below 28 px only; and box, points and mesh
    weigh many times more, since the class else has nearly all of the gradient once faces are found.
    """
    shape, losses = preset("resnet18", **{"backbone_width": 16, "channels": 48, "finest_stride": 8, **network})
    losses = replace(
        losses, positive_iou=0.6, negatives_per_positive=4.0, fewest_negatives=12, box_weight=4.0, point_weight=5.0,
        mesh_weight=20.0, most_meshes=96,
    )  # fmt: skip
    training = DetectorTraining(
        seed=seed, input_px=384, smallest_px=96, batch_size=3, steps=steps, optimiser="adamw", learning_rate=1.5e-3,
        weight_decay=0.02, schedule="warmup-cosine", gradient_limit=50.0, face_crops=0.6, smallest_face_px=18.0,
        blank_share=0.05, augmentation=0.7, log_every=25,
    )  # fmt: skip
    return DetectorPlan(shape, losses, training)


def faces_plan(steps: int = FACES_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the second stage, which begins with the first one's weights: most faces are seen here.

    Where points are, and how faces are turned, wants several times as many faces as finding them does. Here nearly
    every picture is one face of the size that close-ups give it (`synhead_tools.learning.detection.close_ups`).
    """
    scenes = scenes_plan(steps, seed, **network)
    training = replace(
        scenes.training, input_px=128, smallest_px=0, batch_size=24, face_crops=0.85, face_crop_least_px=52.0,
        face_crop_most_px=100.0, face_crops_beyond=0.4, blank_share=0.02, seed=seed + 1,
    )  # fmt: skip
    return replace(scenes, losses=replace(scenes.losses, most_meshes=192), training=training)


def all_plan(steps: int = ALL_STEPS, seed: int = 0, **network: object) -> DetectorPlan:
    """All settings of the last stage, which begins with the second one's weights: all sizes, and nothing, again.

    The second stage's detector has half forgotten faces in whole scenes. Gentle, since what is gained here
    in scenes is lost in points of close-ups.
    """
    faces = faces_plan(steps, seed, **network)
    training = replace(
        scenes_plan(steps, seed).training, input_px=512, smallest_px=128, batch_size=2, learning_rate=5e-4,
        face_crops=0.7, blank_share=0.1, seed=seed + 2,
    )  # fmt: skip
    return replace(faces, training=training)


STAGES = (
    Stage("scenes", scenes_plan, detector_scenes.SOURCE),
    Stage("faces", faces_plan, detector_scenes.SOURCE),
    Stage("all", all_plan, detector_scenes.SOURCE),
)

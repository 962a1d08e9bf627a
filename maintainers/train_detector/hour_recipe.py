"""A recipe for an hour of two cores: the settings of the bundled detector's stages, in other lengths and another order.

Points and mesh are taught on the first head's anchors alone, which goes faster at first (docs/retinaface.md).
"""

from __future__ import annotations

from dataclasses import replace

import detector_recipe
import detector_scenes
from detector_recipe import Stage

from synhead_tools.learning.detection.train_loop import DetectorPlan

SCENES_STEPS, FACES_STEPS, ALL_STEPS = 3200, 8000, 3000


def scenes_plan(steps: int = SCENES_STEPS, seed: int = 0) -> DetectorPlan:
    """All settings of the first stage, for as many steps: faces are to be found here, of all sizes."""
    return _changed(detector_recipe.second_plan(steps), learning_rate=1.5e-3, blank_share=0.05, seed=seed)


def faces_plan(steps: int = FACES_STEPS, seed: int = 0) -> DetectorPlan:
    """All settings of the second stage: single faces, some in squares that reach beyond the picture as close-ups do."""
    return _changed(detector_recipe.fifth_plan(steps), learning_rate=1.5e-3, face_crops_beyond=0.4, seed=seed + 1)


def all_plan(steps: int = ALL_STEPS, seed: int = 0) -> DetectorPlan:
    """All settings of the last stage: all sizes, and nothing, again, since whole scenes are half forgotten."""
    return _changed(detector_recipe.plan(steps), face_crops=0.7, seed=seed + 2)


def _changed(plan: DetectorPlan, **training: object) -> DetectorPlan:
    losses = replace(plan.losses, points_of_second=False)
    return replace(plan, losses=losses, training=replace(plan.training, **training))


STAGES = (
    Stage("scenes", scenes_plan, detector_scenes.SOURCE),
    Stage("faces", faces_plan, detector_scenes.SOURCE),
    Stage("all", all_plan, detector_scenes.SOURCE),
)

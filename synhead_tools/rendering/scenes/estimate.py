"""How large a dataset of scenes will be and how long it will take, from a few that are really rendered."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.formats.shards import write_shard
from synhead_tools.rendering.backend import resolve_backend
from synhead_tools.rendering.scenes.plan import ScenePlan
from synhead_tools.rendering.scenes.scene_renderer import SceneOpening

SCENES_MEASURED = 12
BUDGET_S = 8.0
"""No further scene is rendered after so long."""


@dataclass(frozen=True)
class SceneEstimate:
    """What a run will do, and about what it will cost.

    Attributes
    ----------
    scenes : int
        Exact.
    faces : int
        Estimate, as all that follows.
    bytes : int
    seconds : float
        Wall-clock time, if the machine is as busy as it was just now.
    measured_scenes : int
        How many were rendered for it.
    """

    scenes: int
    faces: int
    bytes: int
    seconds: float
    measured_scenes: int


def estimate_scenes(plan: ScenePlan, workers: int = 1) -> SceneEstimate:
    """Render some of a plan's scenes and say what all of them will cost.

    Parameters
    ----------
    plan : ScenePlan
    workers : int
        Processes that will render.
    """
    plan = replace(plan, backend=resolve_backend(plan.backend))
    renderer, rows = SceneOpening(plan).open(), []
    try:
        renderer.scene(0)  # opens, compiles
        begin = time.perf_counter()
        # neighbours, since they are cast from the same people
        for index in range(min(SCENES_MEASURED, len(plan))):
            rows.append(renderer.scene(index))
            if time.perf_counter() - begin > BUDGET_S:
                break
        scene_s = (time.perf_counter() - begin) / len(rows)
    finally:
        renderer.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenes.h5"
        write_shard(path, {name: np.stack([row[name] for row in rows]) for name in rows[0]}, {"kind": "estimate"})
        scene_bytes = path.stat().st_size / len(rows)
    faces = np.mean([len(plan.scene(index).people) for index in range(min(256, len(plan)))])
    return SceneEstimate(
        len(plan), round(float(faces) * len(plan)), round(scene_bytes * len(plan)), scene_s * len(plan) / workers,
        len(rows),
    )  # fmt: skip

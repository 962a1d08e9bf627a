"""The scenes that the bundled detector learns from: people by chance, and light, background and size for every part."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import MANIFEST_NAME, write_manifest
from synhead_tools.formats.selection import union_entries
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.population import build_population, person_name
from synhead_tools.rendering.scenes.plan import CAST, SCENES_PER_CAST, ScenePlan
from synhead_tools.rendering.scenes.render_scenes import render_scenes

SEED = 20261
CONVENTION = "biwi+"
SIZE_PX = 384
FACES = (0, 8)
FACE_PX = (22.0, 420.0)  # of the square box of 0.245 m; the face itself is some 0.65 of it
FOV_DEG = (20.0, 80.0)
LIGHTS = ("random", "sh", "environment")
BACKGROUNDS = ("clutter", "clutter", "environment", "clutter", "noise", "clutter")
LOOKS = ("tint", "glasses:0.15", "occluder:0.15")
INFRARED_EVERY = 10  # parts
POSES = 600

# Half of the poses are those of people who look at something, half are spread evenly; degrees.
YAW_SIGMA, PITCH_SIGMA, ROLL_SIGMA = 28.0, 18.0, 10.0
YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT = 95.0, 65.0, 45.0
LEAST_FACING = -0.05  # cosine between where the face looks and the camera


@dataclass(frozen=True)
class Set:
    """Parts of a set; each has people of its own, as many as scenes are cast from."""

    name: str
    first_part: int
    parts: int
    scenes_per_part: int = SCENES_PER_CAST


FIRST_SOURCE = Set("source", first_part=0, parts=12)
SOURCE = Set("source-24", first_part=0, parts=24)
HELD_OUT = Set("held-out", first_part=100, parts=3, scenes_per_part=100)


def render_sets(
    out: Path, workers: int, say: Callable[[str], None], sets: tuple[Set, ...] = (FIRST_SOURCE, HELD_OUT)
) -> tuple[Dataset, ...]:
    """Render sets into folders of `out`, or go on doing so; return them. Sets may share parts."""
    people = out / "people"
    if not people.exists():
        build_population(people, max(each.first_part + each.parts for each in sets) * CAST, SEED)
    parts = {number: each for each in sets for number in range(each.first_part, each.first_part + each.parts)}
    # a part is one cast, which one process renders; so parts are what processes share
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        rendered = (pool.map if workers > 1 else map)(_render, parts.values(), parts, repeat(out))
        for (number, each), _ in zip(parts.items(), rendered, strict=True):
            say(f"part {number} of {each.name} is rendered")
    return tuple(_unite(each, out) for each in sets)


def draw_poses(count: int, rng: np.random.Generator) -> np.ndarray:
    """Rotations (count, 3, 3) in which the face can be seen, at least from the side."""
    limits = np.array([PITCH_LIMIT, YAW_LIMIT, ROLL_LIMIT])
    sigmas = np.array([PITCH_SIGMA, YAW_SIGMA, ROLL_SIGMA])
    rotmats = np.empty((0, 3, 3))
    while len(rotmats) < count:
        common = np.clip(rng.normal(0, sigmas, (count, 3)), -limits, limits)
        even = rng.uniform(-limits, limits, (count, 3))
        drawn = rotmat_from_euler(np.where(rng.random((count, 1)) < 0.5, common, even), CONVENTION)
        rotmats = np.concatenate([rotmats, drawn[drawn[:, 2, 2] > LEAST_FACING]])
    return rotmats[:count]


def part_plan(each: Set, number: int, people: Path) -> ScenePlan:
    """What is drawn in one part: its own people, poses, light and background."""
    rng = np.random.default_rng([SEED, number])
    heads = [str(people / f"{person_name(index)}.toml") for index in range(number * CAST, (number + 1) * CAST)]
    infrared = number % INFRARED_EVERY == INFRARED_EVERY - 1
    return ScenePlan(
        tuple(heads), draw_poses(POSES, rng), each.scenes_per_part, size_px=SIZE_PX, faces=FACES, face_px=FACE_PX,
        fov_deg=FOV_DEG, body_follow=(0.0, 1.0), expressions="random", lighting=LIGHTS[number % len(LIGHTS)],
        looks=("infrared",) if infrared else LOOKS, background=_background(number), backend="cpu", seed=SEED + number,
    )  # fmt: skip


def _background(number: int) -> str:
    """Surroundings can only be seen where they light the scene."""
    chosen = BACKGROUNDS[number % len(BACKGROUNDS)]
    lit = LIGHTS[number % len(LIGHTS)] == "environment"
    return "clutter" if chosen == "environment" and not lit else chosen


def _render(each: Set, number: int, out: Path) -> None:
    render_scenes(part_plan(each, number, out / "people"), out / "parts" / f"{number:03d}", 1, resume=True)


def _unite(each: Set, out: Path) -> Dataset:
    """A manifest over the set's parts; no pixel is copied."""
    numbers = range(each.first_part, each.first_part + each.parts)
    parts = [open_dataset(out / "parts" / f"{number:03d}") for number in numbers]
    folder = out / each.name
    folder.mkdir(parents=True, exist_ok=True)
    manifest = replace(
        parts[0].manifest,
        shards=union_entries(parts, folder, overwrite=True),
        heads={name: facts for part in parts for name, facts in part.manifest.heads.items()},
        config={"command": "maintainers/train_detector", "set": asdict(each)},
        seed=SEED,
    )
    write_manifest(folder, manifest)
    return open_dataset(folder / MANIFEST_NAME)

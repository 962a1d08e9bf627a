"""The frames that the bundled estimator learns from: people and poses by chance, and a camera for every part."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import MANIFEST_NAME, write_manifest
from synhead_tools.formats.selection import union_entries
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.population import build_population, person_name
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

SEED = 20260
CONVENTION = "biwi+"
SIZE_PX, PICTURE_TO_BOX = 128, 1.9
LIGHTS = ("random", "sh", "environment")
LOOKS = ("tint", "glasses:0.2", "occluder:0.12")
INFRARED_EVERY = 10  # parts

# Half of the poses are those of people who look at something, half are spread evenly; degrees.
YAW_SIGMA, PITCH_SIGMA, ROLL_SIGMA = 28.0, 18.0, 8.0
YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT = 100.0, 70.0, 40.0
LEAST_FACING = -0.2  # cosine between where the face looks and the camera

NEAREST_M, FARTHEST_M = 0.3, 2.5


@dataclass(frozen=True)
class Set:
    """How many parts a set has, how many people a part, and how many frames each of them."""

    name: str
    first_part: int
    parts: int
    heads_per_part: int = 6
    poses: int = 200

    @property
    def first_person(self) -> int:
        """Number of the set's first person in the population."""
        return self.first_part * self.heads_per_part


SOURCE = Set("source", first_part=0, parts=16)
HELD_OUT = Set("held-out", first_part=16, parts=2, poses=60)
PEOPLE = (SOURCE.parts + HELD_OUT.parts) * SOURCE.heads_per_part


def render_frames(out: Path, workers: int, say) -> tuple[Dataset, Dataset]:
    """Render both sets into folders of `out`, or go on doing so; return them."""
    people = out / "people"
    if not people.exists():
        build_population(people, PEOPLE, SEED)
    for each in (SOURCE, HELD_OUT):
        for number in range(each.first_part, each.first_part + each.parts):
            render_dataset(_plan(each, number, people), out / "parts" / f"{number:02d}", workers=workers, resume=True)
            say(f"part {number + 1} of {SOURCE.parts + HELD_OUT.parts} is rendered")
    return tuple(_unite(each, out) for each in (SOURCE, HELD_OUT))


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


def _plan(each: Set, number: int, people: Path) -> RenderPlan:
    """What is drawn in one part: its own people, poses, distance (and so its own perspective) and light."""
    rng = np.random.default_rng([SEED, number])
    first = number * each.heads_per_part
    heads = [str(people / f"{person_name(index)}.toml") for index in range(first, first + each.heads_per_part)]
    infrared = number % INFRARED_EVERY == INFRARED_EVERY - 1
    return RenderPlan(
        tuple(heads), draw_poses(each.poses, rng), size_px=SIZE_PX, picture_to_box=PICTURE_TO_BOX,
        distance_m=float(np.exp(rng.uniform(np.log(NEAREST_M), np.log(FARTHEST_M)))), distance_jitter=0.12,
        offset_jitter=0.03, expressions="random", lighting=LIGHTS[number % len(LIGHTS)],
        looks=("infrared",) if infrared else LOOKS, backend="cpu", seed=SEED + number, convention=CONVENTION,
    )  # fmt: skip


def _unite(each: Set, out: Path) -> Dataset:
    """A manifest over the set's parts; no pixel is copied."""
    numbers = range(each.first_part, each.first_part + each.parts)
    parts = [open_dataset(out / "parts" / f"{number:02d}") for number in numbers]
    folder = out / each.name
    heads = {name: facts for part in parts for name, facts in part.manifest.heads.items()}
    folder.mkdir(parents=True, exist_ok=True)
    config = {"command": "maintainers/train_small", "set": asdict(each)}
    manifest = replace(
        parts[0].manifest, shards=union_entries(parts, folder, overwrite=True), heads=heads, config=config, seed=SEED
    )
    write_manifest(folder, manifest)
    return open_dataset(folder / MANIFEST_NAME)

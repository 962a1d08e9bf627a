"""How much people differ: distances between faces after alignment, of sampled people and of the ten presets.

    python benchmarks/heads_diversity.py [--quick] [--count N] [--seed N]

The distance of two faces is the mean distance of corresponding skin vertices in front of the ears, without expression,
after the best rotation and translation (Kabsch) of one onto the other; scale stays. Beside it stands what the random
traits alone do: people of the same sex, age, ancestry and weight that differ in their seed only.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import report

from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.build import morphed_vertices
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.library import load_recipe, preset_names
from synhead_tools.heads.recipe import HeadRecipe
from synhead_tools.heads.regions import FACE_REGIONS
from synhead_tools.heads.sampling import sample_recipe

_BEHIND_DM = 0.65  # vertices behind this on the rest mesh are no face


def face_vertices() -> np.ndarray:
    """Base vertices (F,) of the face: its regions, in front of the ears, above the chin's underside."""
    topology = bust_topology()
    rest = load_geometry().vertices_dm
    faces = load_geometry().faces[np.unique(topology.skin.face[np.isin(topology.region, FACE_REGIONS)] // 4)]
    chosen = np.unique(faces)
    return chosen[(rest[chosen, 2] > _BEHIND_DM) & (rest[chosen, 1] > 6.2) & (rest[chosen, 1] < 7.9)]


def shapes_mm(recipes: list[HeadRecipe], chosen: np.ndarray) -> np.ndarray:
    """Faces (N, F, 3) without expression, centred, millimetres."""
    rows = bust_topology().subdivide[chosen]
    shapes = np.array([rows @ morphed_vertices(replace(recipe, expression=())) for recipe in recipes]) * 100
    return shapes - shapes.mean(axis=1, keepdims=True)


def pair_distances_mm(shapes: np.ndarray) -> np.ndarray:
    """Mean vertex distances of all pairs after rigid alignment."""
    distances = []
    for k in range(1, len(shapes)):
        others = shapes[:k]
        u, _, vt = np.linalg.svd(np.einsum("nfi,fj->nij", others, shapes[k]))
        flip = np.ones((k, 3))
        flip[:, 2] = np.sign(np.linalg.det(u @ vt))
        rotation = (u * flip[:, None]) @ vt
        moved = np.einsum("nfi,nij->nfj", others, rotation)
        distances.append(np.linalg.norm(moved - shapes[k], axis=-1).mean(axis=1))
    return np.concatenate(distances)


def main(count: int, seed: int) -> None:
    chosen = face_vertices()
    presets = pair_distances_mm(shapes_mm([load_recipe(name) for name in preset_names()], chosen))
    people = [sample_recipe(seed, index) for index in range(count)]
    pairs = [(person, replace(person, seed=person.seed + 1)) for person in people]
    together = [pair_distances_mm(shapes_mm(list(pair), chosen)) for pair in pairs]
    facts = {"vertices": len(chosen), "people": count, "seed": seed}
    peer = float(np.median(presets))
    for name, sample in (("presets", presets), ("people", pair_distances_mm(shapes_mm(people, chosen))),
                         ("differing_in_seed_only", np.concatenate(together))):  # fmt: skip
        low, median, high = np.percentile(sample, (5, 50, 95))
        compared = {} if name == "presets" else {"peer": "the ten presets", "ratio": float(median) / peer}
        spread = {"p05": float(low), "p95": float(high), "least": float(sample.min()), "pairs": len(sample)}
        report.record("heads_diversity", f"face_distance_{name}", float(median), "mm", **compared, **facts, **spread)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    main(given.count or (60 if given.quick else 200), given.seed)

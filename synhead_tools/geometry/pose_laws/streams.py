"""Random streams of pose laws."""

from __future__ import annotations

import numpy as np


def pose_rng(seed: int, law: str) -> np.random.Generator:
    """The stream of a run's `seed` from which the law called `law` draws.

    It depends on both and on nothing else, so a law draws the same whether others draw beside it or not. It is
    independent of the streams of single samples, which come from seed and number, or from spawned children with small
    numbers, while this one has a name for its spawn key.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(f"poses/{law}".encode())))

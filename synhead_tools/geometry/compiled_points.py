"""When the compiled loops of the indices are used, and the tree of points that is made of them.

They answer as NumPy and SciPy do, twice as fast, but loading numba takes half a second, as long as matching a dozen
heads without, and compiling them (once per installation; the result is kept on disk) several seconds. So they are
loaded when so much has been asked without them that they would have paid by then: a short run never waits for them, and
none costs more than about twice what the better way would have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

LOAD_ENTRIES = 1_500_000
"""So many points indexed and asked for cost as much more without the compiled loops as it takes to load them."""
COMPILE_ENTRIES = 20_000_000
"""The same for compiling them."""

_LEAF_POINTS = 16
_state = {"entries": 0, "way": "auto"}


def kernels_for(entries: int) -> ModuleType | None:
    """`synhead_tools.geometry.point_kernels` if it pays by now, after `entries` more; None: do without."""
    _state["entries"] += entries
    if _state["way"] == "scipy":
        return None
    if _state["way"] == "auto":
        if _state["entries"] < LOAD_ENTRIES:
            return None
        kernels = _load()
        if kernels is None or (_state["entries"] < COMPILE_ENTRIES and not _kept(kernels)):
            return None
        return kernels
    return _load()


@contextmanager
def way_of_indices(way: str) -> Iterator[None]:
    """Have indices made inside use ``compiled`` loops where numba is installed, ``scipy``, or what pays: ``auto``."""
    before, _state["way"] = _state["way"], way
    try:
        yield
    finally:
        _state["way"] = before


@lru_cache(maxsize=1)
def _load() -> ModuleType | None:
    try:
        return import_module("synhead_tools.geometry.point_kernels")
    except (ImportError, RuntimeError):  # the latter: numba finds no folder where it could keep them
        return None


@lru_cache(maxsize=1)
def _kept(kernels: ModuleType) -> bool:
    """Whether the loops are compiled already, in this process or on disk."""
    if kernels.nearest.signatures:
        return True
    cache = getattr(kernels.nearest, "_cache", None)  # numba has no public way to tell
    folder = getattr(cache, "cache_path", None)
    return folder is not None and any(Path(folder).glob("point_kernels.nearest*.nbc"))


class CompiledTree:
    """A tree of boxes over points (n, d), d at most 4, all different and finite; `kernels` from `kernels_for`."""

    MOST_AXES = 4
    MOST_FETCHED = 64
    """More neighbours than this are SciPy's business: they are inserted one by one here."""

    def __init__(self, points: np.ndarray, kernels: ModuleType) -> None:
        self._kernels = kernels
        points = np.require(points, float, "CW")  # else the loops would be compiled once more
        count, axes = points.shape
        bits = min(max(round(min(np.log2(count) + 2, 24) / axes), 1), 12)
        placed, row = np.zeros((count, 4)), np.empty(count, np.int32)
        cell_end = np.zeros(1 << (bits * axes), np.int32)
        kernels.sort_into_cells(points, bits, np.empty(count, np.int32), cell_end, placed, row)
        room, done = max(64, count // 4), False
        while not done:
            nodes = np.empty((room, 5), np.int32)
            used, levels, done = kernels.divide(placed, row, cell_end, _LEAF_POINTS, nodes)
            room *= 2
        nodes = nodes[:used, :3].copy()
        box = np.empty((used, 2, 4))
        kernels.bound_all(placed, nodes, box)
        self._tree = (placed, row, nodes, box, levels)

    def query(
        self, queries: np.ndarray, k: int, fetch: int, beyond: float, slack: float, workers: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Distances and rows (m, fetch), ascending, of the points nearest to queries (m, d).

        The first `k` are the nearest. One farther than the k-th by more than `beyond` may stand for another that is
        farther than that, too. Distances are compared with a relative `slack`.
        """
        padded = np.zeros((len(queries), 4))
        padded[:, : queries.shape[1]] = queries
        chord, found = np.empty((len(queries), fetch)), np.empty((len(queries), fetch), np.int64)

        def answer(part: slice) -> None:
            how = (padded[part], k, beyond, 1.0 + 2.0 * slack, chord[part], found[part])
            self._kernels.nearest(*self._tree, *how)

        threads = _threads(workers, len(queries))
        if threads == 1:
            answer(slice(None))
        else:
            ends = np.linspace(0, len(queries), threads + 1).astype(int)
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(answer, map(slice, ends[:-1], ends[1:])))
        return chord, found


def surely_all_different(bits: np.ndarray) -> bool:
    """Whether rows of uint64 (n, d) are known to be all different; False where that is not so, or not looked up."""
    kernels = kernels_for(0)
    if kernels is None or len(bits) < 2:
        return False
    return kernels.all_different(bits, np.full(2 << len(bits).bit_length(), -1, np.int32))


def _threads(workers: int, queries: int) -> int:
    """How many threads share so many queries: a thread for a few of them is not worth its start."""
    return max(1, min((os.cpu_count() or 1) if workers < 0 else workers, queries // 1024))

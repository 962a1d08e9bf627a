"""Exact nearest neighbours among points, where equally near ones are told apart by their row.

The tree - SciPy's, or a compiled one where that pays - only proposes: it compares rounded distances and cuts ties as
it likes. Whatever it leaves open - a neighbour beyond the last one fetched that might be as near - is asked for again,
and the order is that of a measure computed here, which is the same whatever else is indexed or asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.geometry.compiled_points import CompiledTree, kernels_for
from synhead_tools.geometry.equal_rows import EqualRows, group_equal_rows
from synhead_tools.geometry.ragged import ragged_offsets

SLACK = 1e-12
"""The tree's distances are trusted up to this fraction: a thousand times what rounding does to them."""

_BLOCK_ENTRIES = 1 << 21


class PointIndex:
    """A KD-tree over points that answers exactly.

    Parameters
    ----------
    points : array, shape (n, d)
        float64; n >= 1. Equal points are kept once in the tree, however many they are.
    measure : callable
        From two arrays (..., d) to numbers (...) by which neighbours are sorted. It must grow with the Euclidean
        distance, but for rounding, and treat every pair alike.
    groups : EqualRows, optional
        Which points are equal, where that is known; else it is found out.

    Raises
    ------
    ValueError
        A point is not finite.
    """

    def __init__(
        self,
        points: np.ndarray,
        measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
        groups: EqualRows | None = None,
    ) -> None:
        _check_finite(points)
        self._count, self._measure = len(points), measure
        kernels = kernels_for(len(points))
        self.groups = group_equal_rows(points) if groups is None else groups
        self._points = points if self.groups.all_different else points[self.groups.first]
        fits = kernels is not None and points.shape[1] <= CompiledTree.MOST_AXES
        self._compiled = CompiledTree(self._points, kernels) if fits else None
        if self._compiled is None:
            _ = self._tree

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _tree(self) -> cKDTree:
        # an unbalanced tree builds several times faster; large leaves suit the few, tight dimensions at hand
        return cKDTree(self._points, leafsize=32, balanced_tree=False)

    def query(self, queries: np.ndarray, k: int = 1, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest points of each query.

        Parameters
        ----------
        queries : array, shape (m, d)
        k : int
            1 to n.
        workers : int
            Threads; -1 for all cores. The answer does not depend on it.

        Returns
        -------
        measure, row : arrays, shape (m, k)
            Sorted by measure, equal ones by row.

        Raises
        ------
        ValueError
            `k` is out of range, or a query is not finite.
        """
        if not 1 <= k <= len(self):
            raise ValueError(f"k = {k} must be between 1 and the number of indexed rows, {len(self)}")
        measure, row = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
        for asked, chord, found in self.candidates(queries, k, 0.0, workers):
            plain = self._is_plain(chord, k)
            if plain.any():
                some, nearest = asked[plain], found[plain, :k]
                measure[some] = self._measure(queries[some][:, None], self._points[nearest])
                row[some] = nearest if self.groups.all_different else self.groups.first[nearest]
            if not plain.all():
                some = asked[~plain]
                measure[some], row[some] = self._sorted_members(queries[some], found[~plain], k)
        return measure, row

    def within(
        self, queries: np.ndarray, chord: float, accept: Callable[[np.ndarray], np.ndarray], workers: int = 1
    ) -> list[np.ndarray]:
        """For each query the rows, ascending, within the Euclidean distance `chord` whose measure `accept` takes."""
        block = max(1, _BLOCK_ENTRIES // len(self._points))
        near = []
        for first in range(0, len(queries), block):
            part = queries[first : first + block]
            balls = self._tree.query_ball_point(part, chord * (1.0 + SLACK), workers=workers)
            counts = np.array([len(ball) for ball in balls])
            found = np.concatenate([*map(np.asarray, balls), np.zeros(0)]).astype(np.int64)
            owner, _ = ragged_offsets(counts)
            keep = accept(self._measure(part[owner], self._points[found]))
            owner, found = owner[keep], found[keep]
            which, place = ragged_offsets(self.groups.size[found])
            owner, row = owner[which], self.groups.members[self.groups.start[found[which]] + place]
            row = row[np.lexsort((row, owner))]
            near += np.split(row, np.cumsum(np.bincount(owner, minlength=len(part)))[:-1])
        return near

    def candidates(
        self, queries: np.ndarray, k: int, beyond: float, workers: int = 1
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The nearest groups of equal points, with all that are nearly as near as the `k`-th of them.

        Parameters
        ----------
        queries : array, shape (m, d)
        k : int
            At least 1; more than there are groups means all.
        beyond : float
            How much farther than the k-th a group may be, Euclidean, and still be reported.
        workers : int

        Yields
        ------
        asked : int array, shape (b,)
            Positions of some queries; each comes once.
        chord, group : arrays, shape (b, c)
            Euclidean distances as the tree computes them, ascending, and groups. The last may be farther than asked.
        """
        _check_finite(queries)
        kernels_for(len(queries))
        count, k = len(self._points), min(k, len(self._points))
        pending, fetch = np.arange(len(queries)), min(k + 1, count)
        while len(pending):
            block, later = max(1, _BLOCK_ENTRIES // fetch), []
            for first in range(0, len(pending), block):
                asked = pending[first : first + block]
                chord, found = self._nearest(queries[asked], k, fetch, beyond, workers)
                settled = chord[:, -1] > (chord[:, k - 1] + beyond) * (1.0 + SLACK)
                if fetch == count:
                    settled[:] = True
                later.append(asked[~settled])
                if settled.all():
                    yield asked, chord, found
                elif settled.any():
                    yield asked[settled], chord[settled], found[settled]
            pending, fetch = np.concatenate(later), min(4 * fetch, count)

    def _nearest(
        self, queries: np.ndarray, k: int, fetch: int, beyond: float, workers: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Distances and groups (m, fetch), ascending; the first `k` nearest, then enough to tell what ties."""
        if self._compiled is not None and fetch <= CompiledTree.MOST_FETCHED:
            return self._compiled.query(queries, k, fetch, beyond, SLACK, workers)
        chord, found = self._tree.query(queries, k=fetch, workers=workers)
        return chord.reshape(-1, fetch), found.reshape(-1, fetch)

    def _is_plain(self, chord: np.ndarray, k: int) -> np.ndarray:
        """Rows of (b, c) whose first `k` are in order beyond doubt: nothing is as near as its neighbour, bool (b,)."""
        if chord.shape[1] < k or (k > 1 and not self.groups.all_different):
            return np.zeros(len(chord), bool)
        reach = chord[:, : k + 1]
        return (reach[:, 1:] > reach[:, :-1] * (1.0 + SLACK)).all(axis=1)

    def _sorted_members(self, queries: np.ndarray, found: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Measure and row (b, k) of the first `k` members of the groups found (b, c)."""
        groups = self.groups
        each = self._measure(queries[:, None], self._points[found])
        # of equal points only the first k can be among the k nearest
        pair, place = ragged_offsets(np.minimum(groups.size[found], k).ravel())
        row = groups.members[groups.start[found.ravel()[pair]] + place]
        measure, query = each.ravel()[pair], pair // found.shape[1]
        order = np.lexsort((row, measure, query))
        begin = np.searchsorted(query, np.arange(len(found)))  # queries ascend already
        chosen = order[begin[:, None] + np.arange(k)]
        return measure[chosen], row[chosen]


def _check_finite(points: np.ndarray) -> None:
    if not np.isfinite(points).all():
        raise ValueError("a row is not finite: neither indexed points nor queries may hold NaN or infinity")

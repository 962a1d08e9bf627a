"""Matching in which a source frame may be used only so often.

The rule is greedy by distance: of all pairs of a target and a frame, the nearest is taken first, then the next one, and
a pair is passed over if its target has all the matches it asked for or its frame is used up. Equally near pairs go by
the smaller turn, then by the lower target, then by the lower frame. So the result does not depend on the order of
targets or frames but for exact ties.

It is found without sorting all pairs: every target proposes to its nearest frames, a frame keeps the nearest of those
that propose to it and turns the others down, and these propose to their next ones, until nobody has to (Gale and
Shapley, 1962). Because both sides rank pairs by the same order, only one outcome is stable, and it is the greedy one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.geometry.ragged import ragged_offsets
from synhead_tools.matching.nearest import FrameIndex, Nearest

_FIRST_FETCH = 16
_WINDOW = 64
_SAMPLE = 2048
_BLOCK_ENTRIES = 1 << 20


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Targets and frames (q,), and what pairs are sorted by."""

    target: np.ndarray
    source: np.ndarray
    first_cost: np.ndarray
    second_cost: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.target, self.source, self.first_cost, self.second_cost

    def take(self, which: np.ndarray) -> _Pairs:
        return _Pairs(*(column[which] for column in self.columns))

    def join(self, other: _Pairs) -> _Pairs:
        return _Pairs(*(np.concatenate(both) for both in zip(self.columns, other.columns, strict=True)))

    @classmethod
    def none(cls) -> _Pairs:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def match_with_limit(
    index: FrameIndex, target: np.ndarray, k: int, max_uses: int, max_residual_deg: float, workers: int = 1
) -> tuple[np.ndarray, np.ndarray, Nearest]:
    """The `k` frames of each target under the rule above.

    Parameters
    ----------
    index : FrameIndex
        n frames to choose from.
    target : array, shape (m, 3, 3)
    k : int
        Most matches of one target, 1 to n.
    max_uses : int
        Most matches of one frame, at least 1.
    max_residual_deg : float
        Pairs farther apart are no matches.
    workers : int

    Returns
    -------
    row, rank : int arrays, shape (q,)
        Target of each match and its place among that target's, ascending.
    nearest : Nearest
        Entries (q,).
    """
    frames = _Frames(len(index), max_uses)
    targets = _Targets(index, target, frames, max_residual_deg, workers)
    while True:
        missing = k - np.bincount(frames.held.target, minlength=len(target))
        proposed = targets.propose(missing)
        if len(proposed.target) == 0:
            break
        frames.receive(proposed)
    held = frames.held
    held = held.take(np.lexsort((held.source, held.second_cost, held.first_cost, held.target)))
    _, rank = ragged_offsets(np.bincount(held.target, minlength=len(target)))
    in_plane_deg, residual_deg = (each[:, 0] for each in index.measure(target[held.target], held.source[:, None]))
    return held.target, rank, Nearest(held.source, in_plane_deg, residual_deg, held.first_cost, held.second_cost)


class _Frames:
    """What the frames hold: each the nearest pairs that were proposed to it."""

    def __init__(self, count: int, max_uses: int) -> None:
        self.held, self._max_uses = _Pairs.none(), max_uses
        # the farthest pair that a full frame holds; one that is not full takes any
        self._worst = np.full((3, count), np.inf)

    @property
    def worst_first_cost(self) -> np.ndarray:
        """First cost (n,) of the farthest pair of each full frame; infinite for others."""
        return self._worst[0]

    def would_take(self, pairs: _Pairs) -> np.ndarray:
        """Whether pairs are nearer than what their frames hold, (q,); one that is not now never will be."""
        first, second, last = self._worst[:, pairs.source]
        later = (pairs.second_cost < second) | ((pairs.second_cost == second) & (pairs.target < last))
        return (pairs.first_cost < first) | ((pairs.first_cost == first) & later)

    def held_by(self, rows: np.ndarray) -> _Pairs:
        """Pairs of these targets that are held."""
        return self.held.take(np.isin(self.held.target, rows))

    def receive(self, proposed: _Pairs) -> None:
        """Keep the nearest of what is held and what is proposed."""
        asked = np.zeros(self._worst.shape[1], bool)
        asked[proposed.source] = True
        involved = asked[self.held.source]
        pairs = self.held.take(involved).join(proposed)
        pairs = pairs.take(np.lexsort((pairs.target, pairs.second_cost, pairs.first_cost, pairs.source)))
        place = np.arange(len(pairs.source)) - np.searchsorted(pairs.source, pairs.source)
        full = pairs.take(place == self._max_uses - 1)
        self._worst[:, full.source] = full.first_cost, full.second_cost, full.target
        self.held = self.held.take(~involved).join(pairs.take(place < self._max_uses))


class _Targets:
    """For each target the next few frames to propose to, looked up again where they run out."""

    def __init__(
        self, index: FrameIndex, target: np.ndarray, frames: _Frames, max_residual_deg: float, workers: int
    ) -> None:
        self._index, self._target, self._frames, self._workers = index, target, frames, workers
        self._max_residual_deg = max_residual_deg
        count = len(target)
        self._source = np.zeros((count, _WINDOW), np.int64)
        self._cost = np.zeros((2, count, _WINDOW))
        self._next, self._filled = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._fetch = np.full(count, min(_FIRST_FETCH, len(index)))  # how many to ask the index for, next time
        self._done = np.zeros(count, bool)  # nothing beyond the window

    def propose(self, missing: np.ndarray) -> _Pairs:
        """The next pairs of targets that have `missing` (m,) matches to find; none when nobody can propose."""
        while True:
            empty = np.flatnonzero((missing > 0) & (self._next == self._filled) & ~self._done)
            if len(empty) == 0:
                break
            for fetch in np.unique(self._fetch[empty]):
                self._look_up(empty[self._fetch[empty] == fetch], int(fetch))
        row, offset = ragged_offsets(np.clip(self._filled - self._next, 0, np.maximum(missing, 0)))
        place = self._next[row] + offset
        np.add.at(self._next, row, 1)
        return _Pairs(row, self._source[row, place], *self._cost[:, row, place])

    def _look_up(self, rows: np.ndarray, fetch: int) -> None:
        """Fill the windows of these targets with frames that would take them, out of the `fetch` nearest or all."""
        count = len(self._index)
        # far down the list, comparing with every frame is quicker than a tree
        every = fetch * 16 >= count
        block = max(1, _BLOCK_ENTRIES // (count if every else fetch))
        for some in (rows[first : first + block] for first in range(0, len(rows), block)):
            pairs = self._nearest_of_all(some, 2 * _WINDOW) if every else self._nearest(some, fetch)
            found = np.bincount(pairs.target, minlength=len(self._target))[some]
            self._done[some] |= every & (found < _WINDOW)
            self._fetch[some] = np.where(found < _WINDOW, min(4 * fetch, count), fetch)
            self._fill(some, pairs)

    def _nearest(self, rows: np.ndarray, fetch: int) -> _Pairs:
        """Hopeful pairs among the `fetch` nearest frames of targets (b,)."""
        near = self._index.query(self._target[rows], fetch, self._workers)
        target = np.repeat(rows, fetch)
        pairs = _Pairs(target, near.source.ravel(), near.first_cost.ravel(), near.second_cost.ravel())
        pairs = pairs.take(self._frames.would_take(pairs))
        held = self._frames.held_by(rows)
        count = len(self._index)
        return pairs.take(~np.isin(pairs.target * count + pairs.source, held.target * count + held.source))

    def _nearest_of_all(self, rows: np.ndarray, wanted: int) -> _Pairs:
        """Hopeful pairs among all frames of targets (b,): the nearest of them, at least a window's if there are any.

        Products of matrices say which pairs may be near enough; costs are computed for these alone.
        """
        similarity = self._index.similarity(self._target[rows])
        similarity[similarity < self._index.least_similarity(self._frames.worst_first_cost)] = -np.inf
        held = self._frames.held_by(rows)
        place = np.zeros(len(self._target), np.int64)
        place[rows] = np.arange(len(rows))
        similarity[place[held.target], held.source] = -np.inf
        count, maybe = similarity.shape[1], similarity > -np.inf
        if count <= wanted:
            return self._hopeful(rows, maybe)
        # the dearest of the most similar bounds what the nearest can cost; then all that may cost no more
        sample = similarity[:, :: max(1, count // _SAMPLE)]
        place_of = sample.shape[1] - max(1, wanted * sample.shape[1] // count)
        enough = np.partition(sample, place_of, axis=1)[:, place_of, None]  # about `wanted` are as similar
        row, source = np.nonzero(maybe & (similarity >= enough))
        dearest = np.zeros(len(rows))
        np.maximum.at(dearest, row, self._index.costs(self._target[rows[row]], source)[0])
        least = self._index.least_similarity(dearest)
        near = maybe & (similarity >= least[:, None])
        pairs = self._hopeful(rows, near)
        found = np.bincount(place[pairs.target], minlength=len(rows))
        short = (found < _WINDOW) & (near.sum(axis=1) < maybe.sum(axis=1))  # too many of them were only maybe near
        if not short.any():
            return pairs
        return pairs.take(~short[place[pairs.target]]).join(self._nearest_of_all(rows[short], 4 * wanted))

    def _hopeful(self, rows: np.ndarray, mask: np.ndarray) -> _Pairs:
        row, source = np.nonzero(mask)
        pairs = _Pairs(rows[row], source, *self._index.costs(self._target[rows[row]], source))
        return pairs.take(self._frames.would_take(pairs))

    def _fill(self, rows: np.ndarray, pairs: _Pairs) -> None:
        """Keep the nearest of the pairs of targets `rows`, as many of each as a window holds."""
        pairs = pairs.take(np.lexsort((pairs.source, pairs.second_cost, pairs.first_cost, pairs.target)))
        place = np.arange(len(pairs.target)) - np.searchsorted(pairs.target, pairs.target)
        pairs, place = pairs.take(place < _WINDOW), place[place < _WINDOW]
        residual_deg = self._index.measure(self._target[pairs.target], pairs.source[:, None])[1][:, 0]
        near = residual_deg <= self._max_residual_deg
        self._done[pairs.target[~near]] = True  # what follows is farther still
        pairs, place = pairs.take(near), place[near]
        self._source[pairs.target, place] = pairs.source
        self._cost[:, pairs.target, place] = pairs.first_cost, pairs.second_cost
        self._next[rows], self._filled[rows] = 0, np.bincount(pairs.target, minlength=len(self._target))[rows]

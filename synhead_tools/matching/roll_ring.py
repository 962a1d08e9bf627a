"""Frames that share a viewing direction, on a ring by roll: those that need the smallest turn, found by bisection.

A dense grid has as many frames per direction as it has rolls; comparing each of them with each target would cost more
than everything else.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.equal_rows import EqualRows
from synhead_tools.geometry.ragged import ragged_offsets


class RollRings:
    """One ring for each group of frames.

    Parameters
    ----------
    to_first : int array, shape (n,)
        Turn, in steps, that takes a frame to the first frame of its group.
    groups : EqualRows
        Of the n frames.
    full_turn : int
        Steps of a full turn.
    """

    def __init__(self, to_first: np.ndarray, groups: EqualRows, full_turn: int) -> None:
        self._full_turn, self._to_first = full_turn, to_first
        group = np.repeat(np.arange(len(groups)), groups.size)
        key = group * full_turn + to_first[groups.members] % full_turn
        order = np.argsort(key, kind="stable")  # members of a group ascend: so do those of one roll
        self._members, key = groups.members[order], key[order]
        begin = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1])
        self._start = np.append(begin, len(key))  # of each roll, in members
        self._key = key[begin]
        self._ring_start = np.searchsorted(self._key, np.arange(len(groups) + 1) * full_turn)

    def nearest(self, group: np.ndarray, turn: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Members that need the smallest turns.

        Parameters
        ----------
        group : int array, shape (p,)
        turn : int array, shape (p,)
            Turn, in steps, from the first frame of the group to the target.
        k : int
            How many of the smallest turns must be among the answer.

        Returns
        -------
        pair : int array, shape (q,)
            Position in `group`, ascending.
        row : int array, shape (q,)
            Frame.
        turn : int array, shape (q,)
            Turn, in steps, from it to the target, -half to half a full turn.
        """
        first, size = self._ring_start[group], np.diff(self._ring_start)[group]
        place = np.searchsorted(self._key, group * self._full_turn + (-turn) % self._full_turn) - first
        # the k smallest turns are among k rolls on either side
        pair, offset = ragged_offsets(np.minimum(size, 2 * k))
        roll = first[pair] + (place[pair] - k + offset) % size[pair]
        which, member = ragged_offsets(np.minimum(np.diff(self._start)[roll], k))
        roll, pair = roll[which], pair[which]
        row = self._members[self._start[roll] + member]
        return pair, row, self.total(turn[pair], row)

    def total(self, turn: np.ndarray, row: np.ndarray) -> np.ndarray:
        """Turns, in steps, from frames `row` to targets to which the first of their group needs `turn`; broadcast."""
        half = self._full_turn // 2
        return (turn + self._to_first[row] + half) % self._full_turn - half

"""In-plane matching: which picture, turned about its principal point, comes nearest to a target pose.

Turning a picture by the angle a about its principal point turns the head as R_turned = Rz(a) R, which leaves the
third row of R alone: the viewing direction seen from the head. The best turn is closed-form, and what remains is the
angle between the two viewing directions: a nearest-neighbour problem on the sphere, not on SO(3).

Rotations may be those of the camera frame or those that crops show (`synhead_tools.geometry.rays`), source and target
alike: a turned picture's face box turns with it, R_u with the box, and R_ray = R_u^T R becomes Rz(a) R_ray.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.direction_index import angle_of_half_tangent_deg, squared_half_tangent, unit_vectors
from synhead_tools.geometry.equal_rows import EqualRows, group_equal_rows
from synhead_tools.geometry.point_index import PointIndex
from synhead_tools.matching.nearest import ROUNDING, Nearest
from synhead_tools.matching.roll_ring import RollRings

TIE_DEG = 1e-7
"""Angles are compared in steps of so many degrees; frames equally near by them are told apart by their turns."""

FULL_TURN = round(360.0 / TIE_DEG)
"""A full turn in steps."""

_BLOCK_ENTRIES = 1 << 20


def viewing_direction(rotmat: np.ndarray) -> np.ndarray:
    """The optical axis in the head frame, unit vectors (..., 3): the third row of R_head_to_camera (..., 3, 3)."""
    return np.asarray(rotmat, float)[..., 2, :]


def turn_about_optical_axis(angle_deg: np.ndarray) -> np.ndarray:
    """Rz: rotation matrices (..., 3, 3) about the optical axis; positive takes x to y, clockwise in the picture."""
    angle = np.radians(np.asarray(angle_deg, float))
    cosine, sine, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = [[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def best_turn_deg(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The angle a, degrees in [-180, 180], for which Rz(a) `source` comes nearest to `target`, (..., 3, 3) each.

    Maximises trace(target^T Rz(a) source) = cos(a) (M00 + M11) + sin(a) (M01 - M10) + M22 with M = source target^T.
    """
    source, target = np.asarray(source, float), np.asarray(target, float)
    m00, m11, m01, m10 = (_dot(source[..., i, :], target[..., j, :]) for i, j in ((0, 0), (1, 1), (0, 1), (1, 0)))
    return np.degrees(np.arctan2(m01 - m10, m00 + m11))


class InPlaneIndex:
    """Frames to choose from, by viewing direction and, among those that share one, by roll.

    Parameters
    ----------
    source : array-like, shape (n, 3, 3)
        Rotations of the frames; n >= 1.
    """

    def __init__(self, source: np.ndarray) -> None:
        self._source = np.asarray(source, float).reshape(-1, 3, 3)
        if len(self._source) == 0:
            raise ValueError("in-plane matching needs at least one source rotation")
        self._direction = unit_vectors(viewing_direction(self._source))
        # cells far smaller than a step: frames of one cell are equally near to everything
        self._groups = group_equal_rows(np.rint(self._direction / np.radians(TIE_DEG / 8.0)).astype(np.int64))
        self._first = self._groups.first
        distinct = self._direction if self._groups.all_different else self._direction[self._first]
        self._points = PointIndex(distinct, squared_half_tangent, EqualRows.of_different(len(distinct)))
        self._first_of_frame, self._rings = None, None
        if not self._groups.all_different:
            self._first_of_frame = np.empty(len(self._source), np.int64)
            self._first_of_frame[self._groups.members] = np.repeat(self._first, self._groups.size)
            self._rings = self._make_rings()

    def __len__(self) -> int:
        return len(self._source)

    def query(self, target: np.ndarray, k: int = 1, workers: int = 1) -> Nearest:
        """The `k` frames that come nearest to each target when their pictures are turned.

        Parameters
        ----------
        target : array-like, shape (m, 3, 3)
            Rotations to come near to.
        k : int
            1 to n.
        workers : int
            Threads; -1 for all cores. The answer does not depend on it.

        Returns
        -------
        Nearest
            Shape (m, k). Sorted by what remains, then by the size of the turn, both in steps of `TIE_DEG`, then by row.
        """
        if not 1 <= k <= len(self):
            raise ValueError(f"k = {k} must be between 1 and the number of source frames, {len(self)}")
        target = np.asarray(target, float).reshape(-1, 3, 3)
        direction = unit_vectors(viewing_direction(target))
        row = np.empty((len(target), k), np.int64)
        for asked, chord, group in self._points.candidates(direction, k, np.radians(2.0 * TIE_DEG), workers):
            plain = self._is_plain(chord, k)
            row[asked[plain]] = self._first[group[plain, :1]]
            for some in self._blocks(np.flatnonzero(~plain), group.shape[1], k):
                at = asked[some]
                row[at] = self._first_k(target[at], self._steps(direction[at], group[some]), group[some], k)
        in_plane_deg, residual_deg = self.measure(target, row)
        if self._rings is None:  # each frame is the first of its group: costs are what was measured
            costs = np.rint(residual_deg / TIE_DEG), np.abs(_in_steps(in_plane_deg)).astype(float)
        else:
            costs = (cost.reshape(row.shape) for cost in self.costs(np.repeat(target, k, axis=0), row.ravel()))
        return Nearest(row, in_plane_deg, residual_deg, *costs)

    def costs(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and second cost (q,) of targets (q, 3, 3) and frames (q,): angle and turn, in steps."""
        target = np.asarray(target, float)
        first = self._first_of(source)
        direction = unit_vectors(viewing_direction(target))
        angle = np.rint(_angle_deg(direction, self._direction[first]) / TIE_DEG)
        turn = _in_steps(best_turn_deg(self._source[first], target))
        if self._rings is not None:
            turn = self._rings.total(turn, source)
        return angle, np.abs(turn).astype(float)

    def similarity(self, target: np.ndarray) -> np.ndarray:
        """Cosines (m, n) of the angles between the viewing directions of targets (m, 3, 3) and all frames."""
        return unit_vectors(viewing_direction(np.asarray(target, float))) @ self._direction.T

    def least_similarity(self, first_cost: np.ndarray) -> np.ndarray:
        """The cosine one step beyond an angle in steps, less what a product of directions may be off."""
        cosine = np.cos(np.radians(np.minimum((first_cost + 1.0) * TIE_DEG, 180.0))) - ROUNDING
        return np.where(np.isinf(first_cost), -np.inf, cosine)

    def measure(self, target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turns and residuals (m, k), degrees, of frames (m, k) for targets (m, 3, 3)."""
        target = np.asarray(target, float)
        direction = unit_vectors(viewing_direction(target))
        in_plane_deg = best_turn_deg(self._source[source], target[:, None])
        return in_plane_deg, _angle_deg(direction[:, None], self._direction[source])

    def _is_plain(self, chord: np.ndarray, k: int) -> np.ndarray:
        """Where the first group of (b, c) alone is nearest, and is a single frame: bool (b,)."""
        if k > 1 or self._rings is not None:
            return np.zeros(len(chord), bool)
        if chord.shape[1] == 1:
            return np.ones(len(chord), bool)
        return chord[:, 1] > chord[:, 0] + np.radians(2.0 * TIE_DEG)

    def _steps(self, direction: np.ndarray, group: np.ndarray) -> np.ndarray:
        """How far groups (b, c) are from directions (b, 3), in steps of `TIE_DEG`."""
        return np.rint(_angle_deg(direction[:, None], self._direction[self._first[group]]) / TIE_DEG)

    def _blocks(self, which: np.ndarray, columns: int, k: int) -> list[np.ndarray]:
        """`which` in parts small enough for all their candidates."""
        largest = 1 if self._rings is None else min(int(self._groups.size.max()), 2 * k * k)
        rows = max(1, _BLOCK_ENTRIES // (columns * largest))
        return [which[first : first + rows] for first in range(0, len(which), rows)]

    def _first_k(self, target: np.ndarray, step: np.ndarray, group: np.ndarray, k: int) -> np.ndarray:
        """Frames (b, k): the first `k` members of the groups (b, c), by step, turn and row."""
        enough = np.argmax(np.cumsum(self._groups.size[group], axis=1) >= k, axis=1)
        last = np.take_along_axis(np.maximum.accumulate(step, axis=1), enough[:, None], 1)
        query, column = np.nonzero(step <= last)
        group, step = group[query, column], step[query, column]
        turn = _in_steps(best_turn_deg(self._source[self._first[group]], target[query]))
        if self._rings is None:
            row = self._first[group]
        else:
            pair, row, turn = self._rings.nearest(group, turn, k)
            query, step = query[pair], step[pair]
        order = np.lexsort((row, np.abs(turn), step, query))
        begin = np.searchsorted(query, np.arange(len(target)))  # queries ascend already
        chosen = order[begin[:, None] + np.arange(k)]
        return row[chosen]

    def _first_of(self, row: np.ndarray) -> np.ndarray:
        """The first frame of the group of each frame, array of any shape."""
        return row if self._first_of_frame is None else self._first_of_frame[row]

    def _make_rings(self) -> RollRings:
        turn = best_turn_deg(self._source, self._source[self._first_of_frame])
        return RollRings(_in_steps(turn), self._groups, FULL_TURN)


def match_in_plane(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each target rotation the source frame that comes nearest when its picture is turned.

    Parameters
    ----------
    source : array-like, shape (n, 3, 3)
        Rotations of the frames to choose from; n >= 1.
    target : array-like, shape (m, 3, 3)
        Rotations to come near to.

    Returns
    -------
    index : int array, shape (m,)
        The chosen source frame. Among equally near ones (`TIE_DEG`) that with the smallest turn.
    in_plane_deg : array, shape (m,)
        The turn a of R_turned = Rz(a) R_source; positive is clockwise in the picture.
    residual_deg : array, shape (m,)
        Geodesic distance that remains, degrees.
    """
    nearest = InPlaneIndex(source).query(target)
    return nearest.source[:, 0], nearest.in_plane_deg[:, 0], nearest.residual_deg[:, 0]


def _in_steps(turn_deg: np.ndarray) -> np.ndarray:
    """Turns in steps of `TIE_DEG`, int64."""
    return np.rint(turn_deg / TIE_DEG).astype(np.int64)


def _angle_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return angle_of_half_tangent_deg(squared_half_tangent(a, b))


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]

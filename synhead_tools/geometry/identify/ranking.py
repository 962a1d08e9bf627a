"""All readings, the best first, and which of them the frames cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.identify.residuals import Hypothesis, angle_deg, fitted, trimmed_mean

SAMPLE = 2000
"""Frames that all readings are ranked on, and that constant rotations are fitted to."""

CONFIRMED = 16
CONFIRMED_ANGLES = 1 << 21
"""How many of the best readings are then ranked on all frames: `CONFIRMED`, or as many as make so many angles."""

COMPARED = 64
"""How many of the best readings are sorted into groups, besides whatever cannot be told from the best one."""

CAP_SCALES, CAP_FLOOR_DEG, CAP_LIMIT_DEG = 5.0, 10.0, 180.0


@dataclass(frozen=True)
class Ranking:
    """Readings, the best first.

    Attributes
    ----------
    hypotheses : tuple of Hypothesis
        H of them.
    score_deg : array, shape (H,)
        Mean residuals in degrees, a frame counting as `cap_deg` at most: of all frames for the first K, of the
        sample for the others.
    residual_deg : array, shape (H, n)
        Residuals of the sample.
    confirmed_deg : array, shape (K, N)
        Residuals of the first K readings on all frames.
    sample : array of int, shape (n,)
        Rows of the sample.
    scale_deg : float
        Least mean residual of a reading in the sample, without the worst tenth of the frames.
    cap_deg : float
        `CAP_SCALES` times as much, but not less than 10 degrees: a frame that is off by more is wrong, however wrong.
    """

    hypotheses: tuple[Hypothesis, ...]
    score_deg: np.ndarray
    residual_deg: np.ndarray
    confirmed_deg: np.ndarray
    sample: np.ndarray
    scale_deg: float
    cap_deg: float

    def residuals(self, index: int) -> np.ndarray:
        """Residuals in degrees of one reading: of all frames if it is among the best, else of the sample."""
        return self.confirmed_deg[index] if index < len(self.confirmed_deg) else self.residual_deg[index]


def rank(
    conventions: tuple[EulerConvention, ...],
    sides: tuple[str, ...],
    triples: np.ndarray,
    truth: np.ndarray,
    rng: np.random.Generator,
) -> Ranking:
    """Rank readings of triples (N, 3) by their residuals against true quaternions (N, 4)."""
    sample = np.arange(len(triples))
    if len(triples) > SAMPLE:
        sample = np.sort(rng.choice(len(triples), SAMPLE, replace=False))
    hypotheses, residual_deg = [], np.empty((len(conventions), len(sample)))
    for row, convention in enumerate(conventions):
        hypothesis, residual_deg[row] = fitted(convention, sides, triples[sample], truth[sample])
        hypotheses.append(hypothesis)
    scale_deg = min(map(trimmed_mean, residual_deg))
    cap_deg = min(max(CAP_SCALES * scale_deg, CAP_FLOOR_DEG), CAP_LIMIT_DEG)
    score_deg = _capped_mean(residual_deg, cap_deg)
    order = np.argsort(score_deg, kind="stable")
    best = order[: max(CONFIRMED, CONFIRMED_ANGLES // len(triples))]
    confirmed_deg = residual_deg[best]
    if len(sample) < len(triples):
        confirmed_deg = np.stack([hypotheses[index].residual_deg(triples, truth) for index in best])
    score_deg[best] = _capped_mean(confirmed_deg, cap_deg)
    again = np.argsort(score_deg[best], kind="stable")
    order[: len(best)] = best[again]
    return Ranking(
        tuple(hypotheses[index] for index in order),
        score_deg[order],
        residual_deg[order],
        confirmed_deg[again],
        sample,
        scale_deg,
        cap_deg,
    )


def groups_of(ranking: Ranking, triples: np.ndarray, tolerance_deg: float) -> list[list[int]]:
    """Sort readings into groups that the frames cannot tell apart, the best group and its best reading first.

    A reading belongs to a group if its rotations and those of the group's first reading differ over the sample by less
    than `tolerance_deg`, root mean square, a frame counting as the cap at most; and so do their residuals over all
    frames, where these are known. Besides the best group, the first `COMPARED` readings are sorted.
    """
    left = np.arange(len(ranking.hypotheses))
    found = []
    while len(left):
        same = _same(ranking, left, triples, tolerance_deg)
        found.append(left[same].tolist())
        left = left[~same]
        left = left[left < COMPARED]
    return found


def _same(ranking: Ranking, left: np.ndarray, triples: np.ndarray, tolerance_deg: float) -> np.ndarray:
    """Which of the readings `left` cannot be told from the first of them."""
    first, cap_deg = left[0], ranking.cap_deg
    # residuals differ by no more than rotations do: a cheap look that rules most readings out
    same = _root_mean_square(ranking.residual_deg[left] - ranking.residual_deg[first], cap_deg) < tolerance_deg
    known = np.flatnonzero(same & (left < len(ranking.confirmed_deg)))
    if first < len(ranking.confirmed_deg):
        apart = ranking.confirmed_deg[left[known]] - ranking.confirmed_deg[first]
        same[known] = _root_mean_square(apart, cap_deg) < tolerance_deg
    rows = triples[ranking.sample]
    quat = ranking.hypotheses[first].quats(rows)
    for place in np.flatnonzero(same):
        apart = angle_deg(ranking.hypotheses[left[place]].quats(rows), quat)
        same[place] = _root_mean_square(apart, cap_deg) < tolerance_deg
    same[0] = True
    return same


def _root_mean_square(difference_deg: np.ndarray, cap_deg: float) -> np.ndarray:
    return np.sqrt((np.minimum(np.abs(difference_deg), cap_deg) ** 2).mean(axis=-1))


def _capped_mean(residual_deg: np.ndarray, cap_deg: float) -> np.ndarray:
    return np.minimum(residual_deg, cap_deg).mean(axis=-1)

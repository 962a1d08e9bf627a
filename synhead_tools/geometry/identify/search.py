"""The search itself: check, rank, group, judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.frames import check_rotmat
from synhead_tools.geometry.identify.candidates import UNITS, candidate_conventions
from synhead_tools.geometry.identify.certainty import (
    COMPARED_GROUPS,
    LIKELY_WINS,
    certainty_of,
    tolerance_deg,
    win_fractions,
)
from synhead_tools.geometry.identify.ranking import Ranking, groups_of, rank
from synhead_tools.geometry.identify.residuals import angle_deg, constant_rotation, trimmed_mean
from synhead_tools.geometry.identify.result import Candidate, Identification, candidate_of, twin_of
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

UNKNOWNS = ("head", "camera", "transposed")


def identify(
    triples: np.ndarray,
    rotmat: np.ndarray,
    order: Sequence[str] | None = None,
    units: Iterable[str] = UNITS,
    unknowns: Collection[str] = (),
    seed: int = 0,
) -> Identification:
    """Rank all readings of Euler triples by how well they agree with true rotations, and say how sure that is.

    Parameters
    ----------
    triples : array-like, shape (N, 3)
        Labels in an unknown convention.
    rotmat : array-like, shape (N, 3, 3)
        R_head_to_camera of the same frames, row by row.
    order : sequence of str, optional
        Names of the columns if they are known, such as ``("yaw", "pitch", "roll")``; see `candidate_conventions`.
    units : iterable of str
        ``("deg",)`` or ``("rad",)`` if the unit is known; named conventions then are for numbers in that unit.
    unknowns : collection of str
        What else may stand between labels and rotations, of `UNKNOWNS`. ``"head"``: a constant rotation C of the head
        frame, R = R_reading C, such as another definition of looking straight ahead. ``"camera"``: one of the camera
        frame, R = C R_reading. It is fitted for each reading; with both, each reading takes the one that suits it.
        ``"transposed"``: `rotmat` may be R_camera_to_head. Every reading has one that makes its transposed rotations,
        so that nothing but pairs of readings can be told then.
    seed : int
        Of the sample of frames that larger inputs are ranked on, and of the resampling.

    Returns
    -------
    Identification

    Raises
    ------
    ConventionError
        Shapes do not fit together, there are no frames, a triple is not finite, a matrix is no rotation, or there is no
        such unknown.
    """
    triples, truth = _checked(triples, rotmat)
    units = tuple(units)
    unit = units[0] if len(units) == 1 else None
    if isinstance(unknowns, str) or set(unknowns) - set(UNKNOWNS):
        raise ConventionError(f"unknowns {unknowns!r} must be a collection of {', '.join(UNKNOWNS)}")
    sides = tuple(side for side in ("head", "camera") if side in unknowns) or ("none",)
    rng = np.random.default_rng(seed)
    ranking = rank(candidate_conventions(order, units), sides, triples, truth, rng)
    tolerance = tolerance_deg(ranking.scale_deg, len(triples), fitted=sides != ("none",))
    rows = groups_of(ranking, triples, tolerance)
    firsts = [ranking.hypotheses[group[0]].residual_deg(triples, truth) for group in rows[:COMPARED_GROUPS]]
    wins, win_fraction = win_fractions(np.stack(firsts), ranking.cap_deg, rng)

    groups = [[_candidate(ranking, index, order, unit) for index in group] for group in rows]
    groups[0].sort(key=lambda candidate: not candidate.names)  # stable: by residual within the named and the others
    if "transposed" in unknowns:
        groups = [[twin for one in group for twin in (one, twin_of(one, order, unit))] for group in groups]
    rivals = sum((group for group, won in zip(groups[1:], wins, strict=False) if won < LIKELY_WINS), groups[0][1:])
    best_deg, spread = float(ranking.score_deg[0]), _spread_deg(truth)
    ratio = _ratio(firsts[0], firsts[1], ranking.cap_deg) if len(firsts) > 1 else np.inf
    certainty = certainty_of(best_deg, spread, len(triples), len(rivals), ratio, win_fraction)
    return Identification(
        frames=len(triples),
        ranked=(*groups[0], *sorted(sum(groups[1:], []), key=lambda candidate: candidate.residual_deg)),
        groups=tuple(map(tuple, groups)),
        rivals=() if certainty == "none fits" else tuple(rivals),
        certainty=certainty,
        ratio=ratio,
        win_fraction=win_fraction,
        tolerance_deg=tolerance,
        cap_deg=ranking.cap_deg,
        spread_deg=spread,
        still=_still_columns(triples, groups[0][0], order, tolerance, ranking.cap_deg),
    )


def _checked(triples: np.ndarray, rotmat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triples (N, 3) and quaternions (N, 4)."""
    triples = np.asarray(triples, float)
    if triples.ndim != 2 or triples.shape[1] != 3:
        raise ConventionError(f"Euler triples have shape (N, 3), got {triples.shape}")
    rotmat = check_rotmat(rotmat)
    if rotmat.shape != (len(triples), 3, 3):
        raise ConventionError(f"{len(triples)} triples and rotations of shape {rotmat.shape}; give one for each triple")
    if not len(triples):
        raise ConventionError("no frames; give labels and rotations of at least one")
    if not np.isfinite(triples).all():
        row = int(np.argmax(~np.isfinite(triples).all(axis=1)))
        raise ConventionError(f"Euler triple {row} is not finite; drop the frame")
    return triples, quat_xyzw_from_rotmat(rotmat)


def _candidate(ranking: Ranking, index: int, order: Sequence[str] | None, unit: str | None) -> Candidate:
    residual_deg = ranking.residuals(index)
    return candidate_of(ranking.hypotheses[index], residual_deg, float(ranking.score_deg[index]), order, unit)


def _ratio(best_deg: np.ndarray, other_deg: np.ndarray, cap_deg: float) -> float:
    """Residual of another reading over that of the best, of all frames or without the worst tenth: the larger one."""
    residuals = ((np.minimum(of, cap_deg).mean(), trimmed_mean(of)) for of in (other_deg, best_deg))
    return float(max(np.divide(*pair) if pair[1] > 0 else np.inf for pair in zip(*residuals, strict=True)))


def _spread_deg(truth: np.ndarray) -> float:
    return trimmed_mean(angle_deg(truth, constant_rotation(truth)))


def _still_columns(
    triples: np.ndarray, best: Candidate, order: Sequence[str] | None, tolerance: float, cap_deg: float
) -> tuple[str, ...]:
    """Columns that move so little that the other sign would turn rotations by less than the tolerance."""
    angles_deg = triples if best.convention.unit == "deg" else np.degrees(triples)
    moved = np.minimum(2 * np.abs(angles_deg - np.median(angles_deg, axis=0)), cap_deg)
    still = np.sqrt((moved**2).mean(axis=0)) < tolerance
    names = order or ("column 1", "column 2", "column 3")
    return tuple(name for name, is_still in zip(names, still, strict=True) if is_still)

"""Scores after a few labelled frames have shown how a dataset's head frame lies to the estimator's."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from synhead_tools.geometry.mean_rotation import mean_rotmat
from synhead_tools.learning.scores.evaluation_report import Score, score

FEW_SHOT_COUNTS = (1, 5, 20)
DRAWS = 100


def few_shot_score(
    predicted: np.ndarray,
    true: np.ndarray,
    n_labelled: int,
    convention: str = "biwi+",
    *,
    groups: np.ndarray | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Score | None:
    """The score of predictions that are turned by one constant rotation of the head frame, fitted on a few frames.

    Frames are drawn without replacement; the rotation is the mean of predicted^T true over them, and what is scored is
    predicted @ rotation on all other frames. Every figure is the mean over the draws.

    Parameters
    ----------
    predicted, true : array-like, shape (N, 3, 3)
        Rotations R_head_to_camera.
    n_labelled : int
        Frames drawn, of each group.
    convention : str
        In which angles are compared.
    groups : array-like, shape (N,), optional
        One rotation for each value, such as a sequence; one for all by default.
    draws, seed : int
        How often frames are drawn, and from where: draw i depends on (seed, n_labelled, i) alone.

    Returns
    -------
    Score or None
        Its ``mae_sd_deg`` and ``geodesic_sd_deg`` are standard deviations over the draws. None where a group has no
        frame left to be scored.
    """
    predicted, true = np.asarray(predicted, float), np.asarray(true, float)
    groups = np.zeros(len(true), int) if groups is None else np.asarray(groups)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    if min(map(len, members)) <= n_labelled:
        return None
    offsets = np.swapaxes(predicted, -1, -2) @ true
    found = []
    for draw in range(draws):
        generator = np.random.default_rng([seed, n_labelled, draw])
        turned, left = predicted.copy(), np.ones(len(true), bool)
        for rows in members:
            labelled = generator.choice(rows, n_labelled, replace=False)
            left[labelled] = False
            turned[rows] = predicted[rows] @ mean_rotmat(offsets[labelled])
        found.append(score("", turned[left], true[left], convention))
    return _mean_of(found, _name(n_labelled, len(members)), n_labelled * len(members))


def few_shot_scores(
    predicted: np.ndarray, true: np.ndarray, convention: str, groups: np.ndarray | None, seed: int
) -> tuple[Score, ...]:
    """`few_shot_score` of each of `FEW_SHOT_COUNTS` that leaves frames to be scored."""
    scores = (few_shot_score(predicted, true, n, convention, groups=groups, seed=seed) for n in FEW_SHOT_COUNTS)
    return tuple(entry for entry in scores if entry is not None)


def _name(n_labelled: int, n_groups: int) -> str:
    frames = "1 labelled frame" if n_labelled == 1 else f"{n_labelled} labelled frames"
    return f"estimator, calibrated on {frames}{' of each sequence' if n_groups > 1 else ''}"


def _mean_of(scores: list[Score], name: str, n_labelled: int) -> Score:
    names = [field.name for field in fields(Score) if field.name.endswith("_deg") and "_sd_" not in field.name]
    means = {each: float(np.mean([getattr(entry, each) for entry in scores])) for each in names}
    mae, geodesic = ([getattr(entry, each) for entry in scores] for each in ("mae_deg", "geodesic_deg"))
    return replace(
        scores[0], name=name, **means, labelled_frames=n_labelled, draws=len(scores),
        mae_sd_deg=float(np.std(mae)), geodesic_sd_deg=float(np.std(geodesic)),
    )  # fmt: skip

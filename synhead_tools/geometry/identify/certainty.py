"""How sure an identification is: which readings the frames cannot tell apart, and how often the best one wins.

Two readings whose rotations differ by d, root mean square, change the mean residual of N independent frames with noise
s about each axis by about d^2 / (4 s), while chance changes it by about 0.6 d / sqrt(N). At z standard deviations they
can be told apart from d = 2.4 z s / sqrt(N) on. `tolerance_deg` takes 6.5 / sqrt(N) times the mean residual without the
worst tenth, which is 1.45 s: four standard deviations, since the best of a thousand readings was picked.
"""

from __future__ import annotations

import numpy as np

CERTAINTIES = ("certain", "likely", "cannot tell", "none fits")

TOLERANCE = 6.5
TOLERANCE_FLOOR_DEG = 1e-3
"""No label file is exact to more than this; finer differences tell nothing."""

FITS_BELOW_DEG = 10.0
"""Largest residual of labels that are of the same frames as the rotations: twice what good estimators reach."""

UNEXPLAINED = 0.5
"""Share of the true rotations' spread that the labels must do better than, where it exceeds `UNEXPLAINED_DEG`."""

UNEXPLAINED_DEG = 2.0

COMPARED_GROUPS = 8
"""How many groups resamplings are run for; the others are farther off."""

RESAMPLES = 400
RESAMPLED_FRAMES = 20_000
SURE_WINS, LIKELY_WINS = 0.99, 0.95
SURE_RATIO = 2.0
FEW_FRAMES, FEW_RATIO = 10, 100.0
"""So few frames do not tell their noise: the next reading must then be off by far more."""


def tolerance_deg(scale_deg: float, frames: int, fitted: bool) -> float:
    """Root mean square difference in degrees below which two readings cannot be told apart.

    Parameters
    ----------
    scale_deg : float
        Mean residual of the best reading, without the worst tenth of its frames.
    frames : int
        Number of frames; they are taken for independent.
    fitted : bool
        Whether a constant rotation was fitted, which explains one frame by itself.
    """
    free = frames - fitted
    return float(max(TOLERANCE_FLOOR_DEG, TOLERANCE * scale_deg / np.sqrt(free))) if free else np.inf


def win_fractions(residual_deg: np.ndarray, cap_deg: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """How often the first reading beats the others when frames are drawn anew, with replacement.

    Parameters
    ----------
    residual_deg : array, shape (G, N)
        Residuals of one reading of each group, the best first.
    cap_deg : float
        What a frame counts at most.
    rng : numpy.random.Generator
        Draws the frames: `RESAMPLES` times, of at most `RESAMPLED_FRAMES`.

    Returns
    -------
    wins : array, shape (G - 1,)
        Fraction of the draws in which the first has a smaller mean residual than each other one.
    win_fraction : float
        Fraction in which it beats all of them; 1 if there are none.
    """
    frames = residual_deg.shape[1]
    if frames > RESAMPLED_FRAMES:
        residual_deg = residual_deg[:, rng.choice(frames, RESAMPLED_FRAMES, replace=False)]
        frames = RESAMPLED_FRAMES
    capped = np.minimum(residual_deg, cap_deg)
    behind = capped[1:] - capped[0]
    beaten = np.empty((RESAMPLES, len(behind)), bool)
    for draw in range(RESAMPLES):
        times = np.bincount(rng.integers(frames, size=frames), minlength=frames)
        beaten[draw] = behind @ times > 0
    return beaten.mean(axis=0), float(beaten.all(axis=1).mean())


def certainty_of(
    residual_deg: float, spread_deg: float, frames: int, rivals: int, ratio: float, win_fraction: float
) -> str:
    """One of `CERTAINTIES`.

    Parameters
    ----------
    residual_deg : float
        Residual of the best reading.
    spread_deg : float
        Mean angle of the true rotations to their mean: what a single constant answer would reach.
    frames : int
    rivals : int
        Number of other readings that the frames cannot tell from the best one, or that win too often.
    ratio : float
        Residual of the best reading outside of the best group over that of the best one; infinite if there is none.
    win_fraction : float
        As `win_fractions` gives it.
    """
    unexplained = residual_deg > UNEXPLAINED_DEG and residual_deg > UNEXPLAINED * spread_deg
    if residual_deg > FITS_BELOW_DEG or unexplained:
        return "none fits"
    if rivals:
        return "cannot tell"
    clear = ratio >= (FEW_RATIO if frames < FEW_FRAMES else SURE_RATIO)
    return "certain" if clear and win_fraction >= SURE_WINS else "likely"

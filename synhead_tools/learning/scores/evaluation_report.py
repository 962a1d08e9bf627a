"""Scores with the protocol they were made under, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.scores.metrics import angle_errors_deg, mean_vector_error_deg

YARDSTICK_MARK, FEW_SHOT_MARK = "*", "+"


@dataclass(frozen=True)
class Score:
    """Errors of one predictor on one set of frames, degrees.

    Parameters
    ----------
    name : str
        Predictor, or part of the frames.
    frames : int
        How many.
    mae_deg : float
        Mean of the three below.
    pitch_mae_deg, yaw_mae_deg, roll_mae_deg : float
        Mean absolute errors.
    pitch_bias_deg, yaw_bias_deg, roll_bias_deg : float
        Mean of predicted minus true.
    geodesic_deg, geodesic_median_deg, geodesic_p95_deg, maev_deg : float
        Mean, median and 95th percentile of the geodesic error; mean angle between head axes.
    uses_scored_labels : bool
        Whether the predictor knows labels it is scored on: then it is a yardstick, not a result.
    labelled_frames, draws : int
        Frames of the dataset whose labels the predictor was calibrated on, which are not scored; how often they were
        drawn anew, every figure being the mean over the draws.
    mae_sd_deg, geodesic_sd_deg : float or None
        Standard deviations over the draws.
    """

    name: str
    frames: int
    mae_deg: float
    pitch_mae_deg: float
    yaw_mae_deg: float
    roll_mae_deg: float
    pitch_bias_deg: float
    yaw_bias_deg: float
    roll_bias_deg: float
    geodesic_deg: float
    geodesic_median_deg: float
    geodesic_p95_deg: float
    maev_deg: float
    uses_scored_labels: bool = False
    labelled_frames: int = 0
    draws: int = 0
    mae_sd_deg: float | None = None
    geodesic_sd_deg: float | None = None


def score(
    name: str, predicted: np.ndarray, true: np.ndarray, convention: str, uses_scored_labels: bool = False
) -> Score:
    """The `Score` of predicted rotations (N, 3, 3) against true ones, angles compared in `convention`."""
    errors = angle_errors_deg(predicted, true, convention)
    mae, bias = np.abs(errors).mean(axis=0).tolist(), errors.mean(axis=0).tolist()
    geodesic = geodesic_distance_deg(predicted, true)
    spread = float(geodesic.mean()), *np.percentile(geodesic, (50, 95)).tolist()
    maev = mean_vector_error_deg(predicted, true)
    return Score(name, len(true), float(np.mean(mae)), *mae, *bias, *spread, maev, uses_scored_labels)


@dataclass(frozen=True)
class EvaluationReport:
    """What `evaluate` found.

    Parameters
    ----------
    protocol : dict
        Dataset, subset, frames, crop, convention, calibration, ray rule, and what target images and labels were used.
    scores : tuple of Score
        The estimator first, the same with its mean rotation removed, then the trivial baselines.
    variants : tuple of Score
        The estimator with its answers read the other way about the ray, and calibrated on a few labelled frames.
    parts : dict of str to tuple of Score
        The estimator's scores by yaw bin, sequence and subject.
    predicted, true : array, shape (N, 3, 3), or None
        The rotations that were compared; for plots, and not part of the text.
    """

    protocol: dict[str, Any]
    scores: tuple[Score, ...]
    variants: tuple[Score, ...]
    parts: dict[str, tuple[Score, ...]]
    predicted: np.ndarray | None = field(default=None, repr=False, compare=False)
    true: np.ndarray | None = field(default=None, repr=False, compare=False)

    def protocol_line(self) -> str:
        """The protocol on one line."""
        return in_words(self.protocol)

    def lines(self) -> list[str]:
        """The protocol and the tables, as lines of text."""
        lines = [f"Protocol: {self.protocol_line()}", "", *score_table("predictor", self.scores)]
        if self.variants:
            lines += ["", *score_table("also", self.variants)]
        lines += mark_lines((*self.scores, *self.variants))
        for title, entries in self.parts.items():
            lines += ["", *score_table(title, entries)]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Everything but the rotations, as plain values."""
        return {
            "protocol": self.protocol,
            "scores": [asdict(entry) for entry in self.scores],
            "variants": [asdict(entry) for entry in self.variants],
            "parts": {title: [asdict(entry) for entry in entries] for title, entries in self.parts.items()},
        }

    def to_json(self) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2, default=str)


def marked(entry: Score) -> str:
    """The name of a score, with a mark where labels of the dataset went into it."""
    mark = YARDSTICK_MARK if entry.uses_scored_labels else FEW_SHOT_MARK if entry.labelled_frames else ""
    return f"{entry.name} {mark}".rstrip()


def mark_lines(entries: tuple[Score, ...]) -> list[str]:
    """What the marks mean that some of these scores bear."""
    lines = []
    if any(entry.uses_scored_labels for entry in entries):
        lines.append(f"{YARDSTICK_MARK} knows labels it is scored on: a yardstick, not a result")
    draws = [entry.draws for entry in entries if entry.labelled_frames]
    if draws:
        lines.append(
            f"{FEW_SHOT_MARK} a constant rotation fitted on labels of frames of this dataset, drawn by chance; scored "
            f"on the others; mean of {draws[0]} draws, sd of MAE over them"
        )
    return lines


def in_words(protocol: dict[str, Any]) -> str:
    """A protocol, or part of one, on one line."""
    return "; ".join(f"{key.replace('_', ' ')}: {_word(value)}" for key, value in protocol.items())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


_COLUMNS = {
    "MAE": "mae_deg", "pitch": "pitch_mae_deg", "yaw": "yaw_mae_deg", "roll": "roll_mae_deg",
    "geodesic": "geodesic_deg", "median": "geodesic_median_deg", "95 %": "geodesic_p95_deg", "MAEV": "maev_deg",
    "bias P": "pitch_bias_deg", "bias Y": "yaw_bias_deg", "bias R": "roll_bias_deg",
}  # fmt: skip


def score_table(title: str, entries: tuple[Score, ...]) -> list[str]:
    """Fixed-width rows under a header; errors in degrees."""
    columns = _COLUMNS | ({"sd": "mae_sd_deg"} if any(entry.mae_sd_deg is not None for entry in entries) else {})
    width = max(len(title), *(len(marked(entry)) for entry in entries))
    lines = [f"{title:<{width}}" + "".join(f"{head:>9}" for head in ("frames", *columns))]
    for entry in entries:
        numbers = (getattr(entry, name) for name in columns.values())
        cells = "".join(f"{'':>9}" if number is None else f"{number:>9.2f}" for number in numbers)
        lines.append(f"{marked(entry):<{width}}{entry.frames:>9d}{cells}".rstrip())
    return lines

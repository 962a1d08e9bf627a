"""Scores with the protocol they were made under, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from synhead_tools.learning.metrics import (
    angle_errors_deg,
    mean_geodesic_error_deg,
    mean_vector_error_deg,
)


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
    geodesic_deg, maev_deg : float
        Mean geodesic error; mean angle between head axes.
    uses_scored_labels : bool
        Whether the predictor knows labels it is scored on: then it is a yardstick, not a result.
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
    maev_deg: float
    uses_scored_labels: bool = False


def score(
    name: str, predicted: np.ndarray, true: np.ndarray, convention: str, uses_scored_labels: bool = False
) -> Score:
    """The `Score` of predicted rotations (N, 3, 3) against true ones, angles compared in `convention`."""
    errors = angle_errors_deg(predicted, true, convention)
    mae, bias = np.abs(errors).mean(axis=0).tolist(), errors.mean(axis=0).tolist()
    geodesic, maev = mean_geodesic_error_deg(predicted, true), mean_vector_error_deg(predicted, true)
    return Score(name, len(true), float(np.mean(mae)), *mae, *bias, geodesic, maev, uses_scored_labels)


@dataclass(frozen=True)
class EvaluationReport:
    """What `evaluate` found.

    Parameters
    ----------
    protocol : dict
        Dataset, subset, frames, crop, convention, calibration, ray rule, and what target images and labels were used.
    scores : tuple of Score
        The estimator first, then the trivial baselines.
    parts : dict of str to tuple of Score
        The estimator's scores by yaw bin, sequence and subject.
    """

    protocol: dict[str, Any]
    scores: tuple[Score, ...]
    parts: dict[str, tuple[Score, ...]]

    def protocol_line(self) -> str:
        """The protocol on one line."""
        return "; ".join(f"{key.replace('_', ' ')}: {_word(value)}" for key, value in self.protocol.items())

    def lines(self) -> list[str]:
        """The protocol and the tables, as lines of text."""
        lines = [f"Protocol: {self.protocol_line()}", ""]
        lines += _table("predictor", self.scores)
        if any(entry.uses_scored_labels for entry in self.scores):
            lines.append("* knows labels it is scored on: a yardstick, not a result")
        for title, entries in self.parts.items():
            lines += ["", *_table(title, entries)]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "protocol": self.protocol,
            "scores": [asdict(entry) for entry in self.scores],
            "parts": {title: [asdict(entry) for entry in entries] for title, entries in self.parts.items()},
        }

    def to_json(self) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2, default=str)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


def _table(title: str, entries: tuple[Score, ...]) -> list[str]:
    """Fixed-width rows under a header; errors in degrees."""
    width = max(len(title), *(len(entry.name) + 2 for entry in entries))
    heads = ("frames", "MAE", "pitch", "yaw", "roll", "geodesic", "MAEV", "bias P", "bias Y", "bias R")
    lines = [f"{title:<{width}}" + "".join(f"{head:>9}" for head in heads)]
    for entry in entries:
        numbers = (
            entry.mae_deg, entry.pitch_mae_deg, entry.yaw_mae_deg, entry.roll_mae_deg, entry.geodesic_deg,
            entry.maev_deg, entry.pitch_bias_deg, entry.yaw_bias_deg, entry.roll_bias_deg,
        )  # fmt: skip
        name = entry.name + (" *" if entry.uses_scored_labels else "")
        lines.append(f"{name:<{width}}{entry.frames:>9d}" + "".join(f"{number:>9.2f}" for number in numbers))
    return lines

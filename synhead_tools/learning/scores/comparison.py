"""Several estimators on one dataset side by side, with mean and spread where some are seeds of one recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.formats.sample import SampleSource
from synhead_tools.learning.pictures.data import DomainCrops
from synhead_tools.learning.pose_estimator import PoseEstimator
from synhead_tools.learning.scores.evaluate import evaluate
from synhead_tools.learning.scores.evaluation_report import EvaluationReport, Score, in_words, marked

_FIGURES = {
    "MAE": "mae_deg", "pitch": "pitch_mae_deg", "yaw": "yaw_mae_deg", "roll": "roll_mae_deg",
    "geodesic": "geodesic_deg", "median": "geodesic_median_deg", "95 %": "geodesic_p95_deg", "MAEV": "maev_deg",
}  # fmt: skip
_ALIGNED = "aligned *"


@dataclass(frozen=True)
class Comparison:
    """Reports of several estimators on one dataset.

    Parameters
    ----------
    reports : mapping of str to EvaluationReport
        By the names of the estimators, which say nothing of what they are: the protocols do.
    """

    reports: Mapping[str, EvaluationReport]

    def groups(self) -> list[tuple[str, ...]]:
        """Names of runs of one recipe, two or more: all that is known of them agrees, but for their seeds."""
        found: dict[str, dict[Any, str]] = {}
        for name, report in self.reports.items():
            known = {key: value for key, value in report.protocol.items() if key != "seed"}
            seed = report.protocol.get("seed")
            if seed is not None and known.get("recipe") is not None:
                found.setdefault(json.dumps(known, default=str), {}).setdefault(seed, name)
        return [tuple(names.values()) for names in found.values() if len(names) > 1]

    def lines(self) -> list[str]:
        """Protocols, the table, and what its marks mean, as lines of text."""
        figures = {name: _figures(report) for name, report in self.reports.items()}
        rows = [(name, _texts(of)) for name, of in figures.items()]
        rows += [(_group_name(names), _texts(*(figures[name] for name in names))) for names in self.groups()]
        first = next(iter(self.reports.values()))
        rows += [(marked(entry), _texts(_raw(entry))) for entry in first.scores if entry.name.startswith("predict ")]
        return [*self._protocol_lines(), "", *_table(rows), *self._mark_lines()]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        groups = []
        for names in self.groups():
            scores = [self.reports[name].scores[0] for name in names]
            figures = {key: [getattr(entry, key) for entry in scores] for key in _FIGURES.values()}
            spread = {key: {"mean": float(np.mean(of)), "sd": float(np.std(of, ddof=1))} for key, of in figures.items()}
            groups.append({"models": list(names), **spread})
        models = [{"model": name, **report.to_dict()} for name, report in self.reports.items()]
        return {"models": models, "groups": groups}

    def to_json(self) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2, default=str)

    def _protocol_lines(self) -> list[str]:
        """What all share, then what sets each apart."""
        protocols = {name: report.protocol for name, report in self.reports.items()}
        first = next(iter(protocols.values()))
        shared = {key for key in first if all(protocol.get(key) == first[key] for protocol in protocols.values())}
        lines = ["Protocol: " + in_words({key: value for key, value in first.items() if key in shared})]
        for name, protocol in protocols.items():
            own = {key: value for key, value in protocol.items() if key not in shared}
            lines.append(f"  {name}: {in_words(own)}")
        return lines

    def _mark_lines(self) -> list[str]:
        lines = [
            "degrees; MAE to MAEV of the answers as they are; * knows labels it is scored on: a yardstick, not a result"
        ]
        shots = [entry for report in self.reports.values() for entry in report.variants if entry.labelled_frames]
        if shots:
            lines.append(
                f"n-shot +: MAE after a constant rotation fitted on labels of n frames, scored on the others, mean of "
                f"{shots[0].draws} draws"
            )
        if self.groups():
            lines.append("+-: standard deviation over the seeds")
        return lines


def compare(
    estimators: Mapping[str, PoseEstimator],
    dataset: SampleSource,
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Comparison:
    """Score several estimators on one dataset; those that want the same crops share them.

    Parameters
    ----------
    estimators : mapping of str to PoseEstimator
        By name.
    dataset : SampleSource
        As for `synhead_tools.learning.scores.evaluate.evaluate`.
    progress : callable, optional
        Called with (estimators done, estimators in all).
    **options
        Of `evaluate`.

    Raises
    ------
    TrainingError
        As `evaluate`.
    """
    kept: dict[tuple, DomainCrops] = {}
    reports = {}
    for name, estimator in estimators.items():
        rule = (type(estimator), estimator.crop_px, estimator.crop_margin, estimator.describe()["crop"])
        if rule not in kept:
            kept[rule] = estimator.read_crops(dataset)
        reports[name] = evaluate(estimator, dataset, crops=kept[rule], **options)
        if progress is not None:
            progress(len(reports), len(estimators))
    return Comparison(reports)


def _group_name(names: tuple[str, ...]) -> str:
    return f"  mean of {len(names)} seeds: {names[0]} ..."


def _raw(entry: Score) -> dict[str, float]:
    return {head: getattr(entry, name) for head, name in _FIGURES.items()}


def _figures(report: EvaluationReport) -> dict[str, float]:
    """Figures of one estimator, by the heads of their columns."""
    figures = _raw(report.scores[0]) | {_ALIGNED: report.scores[1].mae_deg}
    for entry in report.variants:
        if "the ray rule" in entry.name:
            figures["no ray rule" if "without" in entry.name else "ray rule"] = entry.mae_deg
        elif entry.labelled_frames:
            figures[f"{entry.labelled_frames}-shot +"] = entry.mae_deg
    return figures


def _texts(*rows: dict[str, float]) -> dict[str, str]:
    """Cells of one estimator, or mean and standard deviation of several, of the figures that all of them have."""
    texts = {}
    for head in rows[0]:
        values = [row[head] for row in rows if head in row]
        if len(values) == len(rows):
            spread = f"+-{np.std(values, ddof=1):.2f}" if len(rows) > 1 else ""
            texts[head] = f"{np.mean(values):.2f}{spread}"
    return texts


def _table(rows: list[tuple[str, dict[str, str]]]) -> list[str]:
    """Lines of fixed width; columns are as wide as they need to be."""
    heads = sorted(dict.fromkeys(head for _, texts in rows for head in texts), key=lambda head: "-shot" in head)
    widths = {head: 2 + max(len(head), *(len(texts.get(head, "")) for _, texts in rows)) for head in heads}
    first = max(len(name) for name, _ in rows)
    lines = [" " * first + "".join(f"{head:>{widths[head]}}" for head in heads)]
    for name, texts in rows:
        lines.append(
            (f"{name:<{first}}" + "".join(f"{texts.get(head, ''):>{widths[head]}}" for head in heads)).rstrip()
        )
    return lines

"""Results of several seeds as the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from synhead_tools.cli.paper_table.published import BASELINE, LABELS, PUBLISHED, PublishedScore
from synhead_tools.cli.paper_table.results import RunResult
from synhead_tools.cli.paper_table.runs import TableRun, table_cells

AXES = ("pitch_mae_deg", "yaw_mae_deg", "roll_mae_deg")
FIGURES = ("mae_deg", *AXES, "geodesic_deg")


@dataclass(frozen=True)
class Spread:
    """A figure over seeds: each value, in the order of the seeds.

    Attributes
    ----------
    values : tuple of float
        Degrees; at least one.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Arithmetic mean."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float | None:
        """Standard deviation of the population the values were drawn from (n - 1); None of a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None


@dataclass(frozen=True)
class TableRow:
    """One method on one source.

    Attributes
    ----------
    source, method, label : str
        `label` is the paper's word for the method, or our own.
    published : PublishedScore or None
        None for methods that the paper does not have.
    seeds : tuple of int
        Of the runs that are there.
    planned : int
        How many there will be.
    figures : dict of str to Spread
        Keys of `FIGURES`, ``aligned_mae_deg`` and ``against_baseline_deg``: `mae_deg` minus the Baseline's of the same
        source and seed, over seeds that have both. Empty while there are no runs.
    uses_scored_labels : bool
        Whether it is trained on labels it is scored on.
    """

    source: str
    method: str
    label: str
    published: PublishedScore | None
    seeds: tuple[int, ...]
    planned: int
    figures: dict[str, Spread]
    uses_scored_labels: bool = False


def table_rows(
    results: Mapping[TableRun, RunResult], methods: tuple[str, ...], seeds: tuple[int, ...]
) -> list[TableRow]:
    """Rows of the table of `methods` over `seeds`, with what is there of it."""
    rows = []
    for source, method in table_cells(methods):
        there = tuple(seed for seed in seeds if TableRun(source, method, seed) in results)
        found = {seed: results[TableRun(source, method, seed)] for seed in there}
        baseline = {seed: results.get(TableRun(source, BASELINE, seed)) for seed in there}
        label, published = LABELS.get(method, method), PUBLISHED.get((source, method))
        knows = method == "oracle"
        rows.append(
            TableRow(source, method, label, published, there, len(seeds), _figures(method, found, baseline), knows)
        )
    return rows


def _figures(
    method: str, found: Mapping[int, RunResult], baseline: Mapping[int, RunResult | None]
) -> dict[str, Spread]:
    figures = {name: _spread(found.values(), lambda result, name=name: result.score[name]) for name in FIGURES}
    figures["aligned_mae_deg"] = _spread(
        [result for result in found.values() if result.aligned], lambda result: result.aligned["mae_deg"]
    )
    if method != BASELINE:
        both = [(result, baseline[seed]) for seed, result in found.items() if baseline[seed]]
        figures["against_baseline_deg"] = _spread(
            both, lambda pair: pair[0].score["mae_deg"] - pair[1].score["mae_deg"]
        )
    return {name: spread for name, spread in figures.items() if spread is not None}


def _spread(items: Iterable, value: Callable) -> Spread | None:
    values = tuple(float(value(item)) for item in items)
    return Spread(values) if values else None

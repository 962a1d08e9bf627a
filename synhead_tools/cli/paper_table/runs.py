"""Which estimators the table needs."""

from __future__ import annotations

from dataclasses import dataclass

from synhead_tools.cli.paper_table.published import LABELS, PUBLISHED, SOURCES


@dataclass(frozen=True, order=True)
class TableRun:
    """One estimator: source dataset, adaptation method, seed."""

    source: str
    method: str
    seed: int

    def __str__(self) -> str:
        return f"{self.method} on {self.source} seed {self.seed}"


def table_cells(methods: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs of source and method in the table's order.

    A method of the paper is trained on the sources it was published with, any other one on both; those come last.
    """
    known = [method for method in LABELS if method in methods]
    others = [method for method in dict.fromkeys(methods) if method not in LABELS]
    cells = []
    for source in SOURCES:
        cells += [(source, method) for method in known if (source, method) in PUBLISHED]
        cells += [(source, method) for method in others]
    return cells


def planned_runs(methods: tuple[str, ...], seeds: tuple[int, ...]) -> list[TableRun]:
    """All runs in the order in which they are made.

    Source by source, since its pictures are read once; seed by seed, so that a table that was cut off has whole columns
    of methods to compare.
    """
    cells = table_cells(methods)
    return [
        TableRun(source, method, seed) for source in SOURCES for seed in seeds for of, method in cells if of == source
    ]

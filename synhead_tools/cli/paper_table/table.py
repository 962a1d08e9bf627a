"""The table as Markdown for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synhead_tools.cli.paper_table.published import BASELINE, PUBLISHED
from synhead_tools.cli.paper_table.summary import AXES, FIGURES, Spread, TableRow
from synhead_tools.formats.atomic import atomic_write_text

MARKDOWN_NAME, JSON_NAME, CSV_NAME = "table.md", "table.json", "table.csv"

_OTHERS = ("aligned_mae_deg", "against_baseline_deg")
_YARDSTICK = "\\* knows labels it is scored on: a yardstick, not a result."


@dataclass(frozen=True)
class Table:
    """Everything the written table says.

    Attributes
    ----------
    title : str
    rows : list of TableRow
    trivial : list of dict
        Scores of predictors that see no picture.
    seeds : tuple of int
    protocol : dict of str to str
        Heading to sentence.
    """

    title: str
    rows: list[TableRow]
    trivial: list[dict[str, Any]]
    seeds: tuple[int, ...]
    protocol: dict[str, str]

    @property
    def runs_done(self) -> int:
        """Runs that are there."""
        return sum(len(row.seeds) for row in self.rows)

    @property
    def runs_planned(self) -> int:
        """Runs the table needs."""
        return sum(row.planned for row in self.rows)


def write_table(folder: Path, table: Table) -> None:
    """Write the three files into `folder`, each whole."""
    for name, text in (
        (JSON_NAME, json.dumps(table_dict(table), indent=1) + "\n"),
        (CSV_NAME, table_csv(table)),
        (MARKDOWN_NAME, table_markdown(table)),
    ):
        atomic_write_text(folder / name, text, overwrite=True)


def table_markdown(table: Table) -> str:
    """The table for people."""
    lines = [f"# {table.title}", ""]
    if table.runs_done < table.runs_planned:
        lines += [f"**Incomplete: {table.runs_done} of {table.runs_planned} runs are there.**", ""]
    seeds = f"{'seed' if len(table.seeds) == 1 else 'seeds'} {', '.join(map(str, table.seeds))}"
    lines += [f"MAE of pitch, yaw and roll in degrees; here: mean +- standard deviation over the runs ({seeds}).", ""]
    head = ("source", "method", "published", "here", "against Baseline, published", "against Baseline, here", "runs")
    lines += _grid(head, [_main_cells(row) for row in _named(table.rows)])
    head = (
        "source",
        "method",
        "pitch, yaw, roll published",
        "pitch, yaw, roll here",
        "geodesic here",
        "aligned here \\*",
    )
    lines += ["", *_grid(head, [_axis_cells(row) for row in _named(table.rows)])]
    if table.trivial:
        lines += ["", "Predictors that see no picture, on the same frames:", ""]
        lines += _grid(("predictor", "pitch", "yaw", "roll", "MAE"), [_trivial_cells(each) for each in table.trivial])
    lines += ["", _YARDSTICK, "", "## Protocol", ""]
    return "\n".join([*lines, *(f"- {name}: {text}" for name, text in table.protocol.items())]) + "\n"


def table_dict(table: Table) -> dict[str, Any]:
    """The table as JSON values."""
    return {
        "title": table.title,
        "complete": table.runs_done == table.runs_planned,
        "runs_done": table.runs_done,
        "runs_planned": table.runs_planned,
        "seeds": list(table.seeds),
        "rows": [_row_dict(row) for row in table.rows],
        "trivial": table.trivial,
        "protocol": table.protocol,
    }


def table_csv(table: Table) -> str:
    """One line per row of the table; empty fields where there is nothing."""
    out = io.StringIO()
    published = [f"published_{name}" for name in ("mae_deg", *AXES)]
    ours = [f"{name}_{part}" for name in (*FIGURES, *_OTHERS) for part in ("mean", "sd")]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["source", "method", "label", "runs", "runs_planned", "seeds", *published, *ours])
    for row in table.rows:
        theirs = ["" if row.published is None else getattr(row.published, name) for name in ("mae_deg", *AXES)]
        spreads = [row.figures.get(name) for name in (*FIGURES, *_OTHERS)]
        figures = [_number(value) for each in spreads for value in ((each.mean, each.sd) if each else (None, None))]
        seeds = " ".join(map(str, row.seeds))
        writer.writerow([row.source, row.method, row.label, len(row.seeds), row.planned, seeds, *theirs, *figures])
    return out.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _row_dict(row: TableRow) -> dict[str, Any]:
    figures = {
        name: {"mean": each.mean, "sd": each.sd, "values": list(each.values)} for name, each in row.figures.items()
    }
    return {**asdict(row), "seeds": list(row.seeds), "figures": figures}


def _named(rows: list[TableRow]) -> list[tuple[str, TableRow]]:
    """Each row with its source, which is said once."""
    before = [None, *(row.source for row in rows)]
    return [("" if row.source == last else row.source, row) for last, row in zip(before, rows, strict=False)]


def _main_cells(named: tuple[str, TableRow]) -> list[str]:
    source, row = named
    theirs = PUBLISHED[row.source, BASELINE]
    gain = "" if row.published in (None, theirs) else _signed(row.published.mae_deg - theirs.mae_deg)
    published = "" if row.published is None else f"{row.published.mae_deg:.2f}"
    here, against = (row.figures.get(name) for name in ("mae_deg", "against_baseline_deg"))
    runs = str(len(row.seeds)) if len(row.seeds) == row.planned else f"{len(row.seeds)} of {row.planned}"
    return [source, _label(row), published, _spread(here), gain, _spread(against, _signed), runs]


def _axis_cells(named: tuple[str, TableRow]) -> list[str]:
    source, row = named
    published = "" if row.published is None else ", ".join(f"{getattr(row.published, axis):.2f}" for axis in AXES)
    here = ", ".join(f"{row.figures[axis].mean:.2f}" for axis in AXES if axis in row.figures)
    geodesic, aligned = (row.figures.get(name) for name in ("geodesic_deg", "aligned_mae_deg"))
    return [source, _label(row), published, here or "-", _spread(geodesic), _spread(aligned)]


def _label(row: TableRow) -> str:
    return row.label + (" \\*" if row.uses_scored_labels else "")


def _trivial_cells(score: dict[str, Any]) -> list[str]:
    star = " \\*" if score["uses_scored_labels"] else ""
    return [score["name"] + star, *(f"{score[name]:.2f}" for name in (*AXES, "mae_deg"))]


def _spread(spread: Spread | None, text: Callable[[float], str] = "{:.2f}".format) -> str:
    if spread is None:
        return "-"
    return text(spread.mean) + ("" if spread.sd is None else f" +- {spread.sd:.2f}")


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:+.2f}"  # the sum makes +0.00 of -0.00


def _grid(head: tuple[str, ...], cells: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), *cells)]

"""Scores of finished runs on disk: one JSON line each, the file replaced whole after each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools.cli.paper_table.runs import TableRun
from synhead_tools.errors import CheckpointError, SynheadError
from synhead_tools.formats.atomic import atomic_write_text
from synhead_tools.input_files import read_input

RESULTS_NAME = "results.jsonl"
BYTES_LIMIT = 256 << 20
_ALIGNED = "estimator, mean rotation removed"
_TRIVIAL = "predict "


@dataclass(frozen=True)
class RunResult:
    """What one run scored.

    Attributes
    ----------
    run : TableRun
    device : str
        Kind of device it was trained on.
    seconds : float
        Wall-clock time of training and scoring; of the last part alone where the run was resumed.
    report : dict
        `synhead_tools.learning.scores.evaluation_report.EvaluationReport.to_dict`.
    """

    run: TableRun
    device: str
    seconds: float
    report: dict[str, Any]

    @property
    def protocol(self) -> dict[str, Any]:
        """What decides the figures."""
        return self.report["protocol"]

    @property
    def score(self) -> dict[str, Any]:
        """The estimator's."""
        return self.report["scores"][0]

    @property
    def aligned(self) -> dict[str, Any] | None:
        """The estimator's with the mean rotation removed, which uses the scored labels."""
        return next((each for each in self.report["scores"] if each["name"].startswith(_ALIGNED)), None)

    @property
    def trivial(self) -> list[dict[str, Any]]:
        """Those of predictors that see no picture."""
        return [each for each in self.report["scores"] if each["name"].startswith(_TRIVIAL)]


class ResultFile:
    """All results of a folder, in the order in which they came.

    Parameters
    ----------
    folder : Path
        May hold a `RESULTS_NAME`.

    Raises
    ------
    CheckpointError
        That file is damaged; names the line.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RESULTS_NAME
        self._lines: list[str] = []
        self.results: dict[TableRun, RunResult] = {}
        if self._path.exists():
            advice = "remove it, and every finished run is scored again"
            text = read_input(self._path, BYTES_LIMIT, SynheadError, advice).decode("utf-8", "replace")
            for number, line in enumerate(text.splitlines(), 1):
                self._take(line, f"{self._path}, line {number}, is no result; {advice}")

    def add(self, result: RunResult) -> None:
        """Take in one result and write the file."""
        run = result.run
        entry = {"source": run.source, "method": run.method, "seed": run.seed, "device": result.device}
        line = json.dumps({**entry, "seconds": round(result.seconds, 1), "report": result.report}, default=_plain)
        self._take(line, "")
        atomic_write_text(self._path, "".join(f"{each}\n" for each in self._lines), overwrite=True)

    def _take(self, line: str, complaint: str) -> None:
        try:
            entry = json.loads(line)
            run = TableRun(entry["source"], entry["method"], entry["seed"])
            result = RunResult(run, entry["device"], entry["seconds"], entry["report"])
            result.protocol["frames"], float(result.score["mae_deg"]), result.trivial  # noqa: B018
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise CheckpointError(complaint) from None
        self._lines.append(line)
        self.results[run] = result


def _plain(value: Any) -> Any:
    """NumPy scalars as plain numbers, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)

"""Where log lines go: JSON lines, which are the log; a CSV of the same; TensorBoard events on request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synhead_tools.errors import CheckpointError, TrainingError
from synhead_tools.formats.atomic import atomic_write_text

LogSink = Callable[[dict[str, Any]], None]

_NOT_PLOTTED = ("stage", "step", "steps")


class JsonLinesFile:
    """A sink that appends one JSON object per line, each flushed at once.

    Parameters
    ----------
    path : Path
        Is replaced if it exists.
    keep_bytes : int
        Keep this much of what is there: what an interrupted run had written when its state was saved.

    Raises
    ------
    CheckpointError
        There is less to keep than that.
    """

    def __init__(self, path: str | Path, keep_bytes: int = 0) -> None:
        self.path = Path(path)
        if keep_bytes == 0:
            self.path.write_text("")
            return
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size < keep_bytes:
            raise CheckpointError(
                f"{self.path} has {size} bytes, the saved state goes with {keep_bytes}; start anew with --overwrite"
            )
        with self.path.open("r+b") as file:
            file.truncate(keep_bytes)

    def __call__(self, entry: dict[str, Any]) -> None:
        """Append `entry`."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    @property
    def size_bytes(self) -> int:
        """Length of the log so far."""
        return self.path.stat().st_size

    def entries(self) -> list[dict[str, Any]]:
        """All lines, in order."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines() if line]


class CsvFile:
    """A sink that keeps the log as one table, a column per name; the file is written anew when a new name turns up.

    Parameters
    ----------
    path : Path
        Is replaced if it exists.
    entries : list of dict
        Lines to begin with.
    """

    def __init__(self, path: str | Path, entries: list[dict[str, Any]] | None = None) -> None:
        self._path, self._entries, self._columns = Path(path), list(entries or []), []
        for entry in self._entries:
            self._add_columns(entry)
        self._write_all()

    def __call__(self, entry: dict[str, Any]) -> None:
        """Append `entry`."""
        self._entries.append(entry)
        if self._add_columns(entry):
            self._write_all()
            return
        with self._path.open("a", encoding="utf-8", newline="") as file:
            self._writer(file).writerow(entry)

    def _add_columns(self, entry: dict[str, Any]) -> bool:
        new = [name for name in entry if name not in self._columns]
        self._columns += new
        return bool(new)

    def _write_all(self) -> None:
        text = io.StringIO()
        writer = self._writer(text)
        writer.writeheader()
        writer.writerows(self._entries)
        atomic_write_text(self._path, text.getvalue(), overwrite=True)

    def _writer(self, file: Any) -> csv.DictWriter:
        return csv.DictWriter(file, self._columns, restval="", lineterminator="\n")


class TensorBoardFolder:
    """A sink that writes the numbers of every line as TensorBoard scalars, over the steps of both stages together.

    Parameters
    ----------
    folder : Path
        Gets an event file.
    stage1_steps : int
        Where stage 2 begins on the axis.
    begin : int
        Steps already logged; an earlier file's events after them are declared void.

    Raises
    ------
    TrainingError
        TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path, stage1_steps: int, begin: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise TrainingError("TensorBoard is not installed; pip install tensorboard, or leave it out") from None
        self._stage1_steps = stage1_steps
        self._writer = SummaryWriter(str(folder), purge_step=begin + 1 if begin else None)

    def __call__(self, entry: dict[str, Any]) -> None:
        """Write the numbers of `entry`."""
        step = entry.get("step", 0) + (0 if entry["stage"] == "stage1" else self._stage1_steps)
        for name, value in entry.items():
            if name not in _NOT_PLOTTED and isinstance(value, (int, float)):
                self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

"""Expressions from a file: a CSV table with ARKit's coefficients, one row per frame."""

from __future__ import annotations

import csv
import io
import os

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.expression_basis import ARKIT_NAMES
from synhead_tools.input_files import read_input

CSV_BYTES_LIMIT = 64 << 20
"""A hundred thousand frames; what is larger is no table of expressions."""

# What stands beside coefficients in recordings (Live Link Face, tracks of poses); lower case.
_OTHER_COLUMNS = {
    "timecode", "blendshapecount", "frame", "frame_id", "time", "timestamp", "time_s", "pitch", "yaw", "roll",
    *(f"{what}{angle}" for what in ("head", "lefteye", "righteye") for angle in ("yaw", "pitch", "roll")),
}  # fmt: skip
_HOW = f"give a CSV whose first line names ARKit's coefficients, such as {ARKIT_NAMES[0]},jawOpen"


def read_expressions(path: str | os.PathLike) -> np.ndarray:
    """Read a table of expressions.

    The first line names the columns: names of `ARKIT_NAMES` in any order, a first letter may be upper case (as Live
    Link Face writes them). Coefficients without a column are 0. Columns of time, frame and pose are passed over.

    Returns
    -------
    (N, 52) float64
        In the order of `ARKIT_NAMES`, 0 to 1.

    Raises
    ------
    HeadError
        No such file, not such a table, or a value that is no number from 0 to 1; the message names row and column.
    """
    data = read_input(path, CSV_BYTES_LIMIT, HeadError, _HOW)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HeadError(f"{path} is no UTF-8 text ({error.reason} at byte {error.start}); {_HOW}") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise HeadError(f"{path} is no CSV table ({error}); {_HOW}") from error
    if len(rows) < 2:
        raise HeadError(f"{path} has {len(rows)} lines; {_HOW}, and one line per frame below")
    columns = _columns(rows[0], path)
    expressions = np.zeros((len(rows) - 1, len(ARKIT_NAMES)))
    for number, row in enumerate(rows[1:]):
        if len(row) != len(rows[0]):
            raise HeadError(f"{path}: row {number + 1} has {len(row)} cells, the header {len(rows[0])}; mend the row")
        for column, coefficient in columns.items():
            expressions[number, coefficient] = _coefficient(row[column], f"{path}: row {number + 1}", rows[0][column])
    return expressions


def _columns(header: list[str], path: str | os.PathLike) -> dict[int, int]:
    """Which column of the file holds which coefficient."""
    columns: dict[int, int] = {}
    for number, cell in enumerate(header):
        name = cell.strip()
        name = name[:1].lower() + name[1:]
        if name in ARKIT_NAMES:
            if ARKIT_NAMES.index(name) in columns.values():
                raise HeadError(f"{path}: column {cell!r} is there twice; leave one")
            columns[number] = ARKIT_NAMES.index(name)
        elif name.lower() not in _OTHER_COLUMNS:
            raise HeadError(f"{path}: column {cell[:60]!r} is no coefficient of ARKit; known: {', '.join(ARKIT_NAMES)}")
    if not columns:
        raise HeadError(f"{path} has no column of coefficients; {_HOW}")
    return columns


def _coefficient(cell: str, where: str, name: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise HeadError(f"{where}, column {name.strip()}: {cell[:40]!r} is no number from 0 to 1")
    return value

"""What is wrong with the labels of a dataset, whoever made it: found in blocks of rows, never all rows at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import SynheadError
from synhead_tools.formats.column_checks import AnglesCheck, RepeatedNames
from synhead_tools.formats.row_checks import Surroundings, check_rows
from synhead_tools.formats.sample import DENSE_COLUMNS, SampleSource
from synhead_tools.geometry.conventions import EulerConvention, get_convention

BLOCK_ROWS = 1 << 13


@dataclass(frozen=True)
class Problem:
    """Something a user should look at before trusting a dataset.

    Attributes
    ----------
    column : str
        Column it was found in; empty if it is no matter of one column.
    complaint : str
        What is wrong.
    rows : int or None
        In how many rows; None if it is no matter of rows.
    first_row : int or None
        The first of them, counted from 0.
    """

    column: str
    complaint: str
    rows: int | None = None
    first_row: int | None = None

    def __str__(self) -> str:
        where = f"{self.column}: " if self.column else ""
        if self.rows is None:
            return where + self.complaint
        rows = f"row {self.first_row}" if self.rows == 1 else f"{self.rows} rows, first row {self.first_row}"
        return f"{where}{self.complaint} ({rows})"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def find_problems(source: SampleSource, block_rows: int = BLOCK_ROWS) -> list[Problem]:
    """Look for what is wrong with the labels of a dataset.

    Rotations that are none, or that two columns state differently; boxes and points that cannot be; names that occur
    twice; angles that look like radians, never change or were cut off; and what the dataset itself knows, if it has a
    method ``problems`` that returns one line each.

    Parameters
    ----------
    source : SampleSource
    block_rows : int
        Rows in memory at a time.

    Returns
    -------
    list of Problem
        Empty if nothing was found, which does not mean that labels are right.
    """
    size, found = _picture_size(source)
    convention = stated_convention(source)
    with_angles = convention if convention is not None and convention.has_angles else None
    around, counted = Surroundings(with_angles, size), {}
    angles, names = AnglesCheck(convention), RepeatedNames(source)
    for start, block in label_blocks(source, block_rows):
        for column, complaint, wrong in check_rows(block, around):
            if wrong.any():
                rows, first = counted.get((column, complaint), (0, start + int(np.argmax(wrong))))
                counted[column, complaint] = (rows + int(wrong.sum()), first)
        angles.add(block)
        names.add(start, block)
    found += [Problem(*what, *where) for what, where in counted.items()]
    repeated = names.complaint()
    if repeated is not None:
        found.append(Problem("target_id", *repeated))
    found += [Problem(column, complaint) for column, complaint in angles.complaints()]
    if hasattr(source, "problems"):
        found += [Problem("", line) for line in source.problems()]
    return found


def label_blocks(source: SampleSource, block_rows: int = BLOCK_ROWS) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Every column that is not a picture, `block_rows` rows at a time, with the number of the first row."""
    columns = [name for name in source.columns if name not in DENSE_COLUMNS]
    for start in range(0, len(source), block_rows):
        rows = np.arange(start, min(start + block_rows, len(source)))
        yield start, {name: source.read(name, rows) for name in columns}


def stated_convention(source: SampleSource) -> EulerConvention | None:
    """The convention a dataset says its ``euler_deg`` are in; None if it says none that is known."""
    stated = source.describe().get("convention")
    try:
        return get_convention(stated) if isinstance(stated, str) else None
    except SynheadError:
        return None


def _picture_size(source: SampleSource) -> tuple[tuple[int, int] | None, list[Problem]]:
    """Height and width of the first picture, and what is wrong with it."""
    if "image" not in source.columns or not len(source):
        return None, []
    try:
        height, width = source.read("image", np.array([0])).shape[1:3]
    except SynheadError as error:
        return None, [Problem("image", str(error), 1, 0)]
    return (height, width), []

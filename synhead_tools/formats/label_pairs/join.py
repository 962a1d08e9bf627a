"""Which rows of two tables are of the same frame."""

from __future__ import annotations

import os

import numpy as np

from synhead_tools.errors import LabelFormatError

LONGEST_KEY = 80


def join_rows(
    labels: str | os.PathLike,
    truth: str | os.PathLike,
    rows: tuple[int, int],
    keys: tuple[list[str], list[str]] | None = None,
) -> np.ndarray:
    """Row of the truth for each row of the labels.

    Parameters
    ----------
    labels, truth : path
        Named in messages.
    rows : tuple of int
        How many the labels have, and the truth.
    keys : pair of lists of str, optional
        What names the frames of both. Every frame of the labels must be among the true ones, which may be more.
        Without keys rows belong together as they stand.

    Returns
    -------
    array of int, shape (rows[0],)

    Raises
    ------
    LabelFormatError
        Without keys the numbers of rows differ; with keys a frame is missing, or one is there twice.
    """
    if keys is None:
        if rows[0] != rows[1]:
            raise LabelFormatError(
                f"{labels} has {rows[0]} rows, {truth} has {rows[1]}; name a key column that tells which go together"
            )
        return np.arange(rows[0])
    row_of, _ = (_rows_by_key(path, named) for path, named in zip((truth, labels), keys[::-1], strict=True))
    missing = [key for key in keys[0] if key not in row_of]
    if missing:
        raise LabelFormatError(
            f"{labels}: {len(missing)} of {rows[0]} frames are not in {truth}, the first is "
            f"{missing[0][:LONGEST_KEY]!r}; drop them, or name other key columns"
        )
    return np.array([row_of[key] for key in keys[0]], dtype=np.int64)


def _rows_by_key(path: str | os.PathLike, keys: list[str]) -> dict[str, int]:
    row_of: dict[str, int] = {}
    for row, key in enumerate(keys):
        if row_of.setdefault(key, row) != row:
            raise LabelFormatError(f"{path}: key {key[:LONGEST_KEY]!r} is there twice; drop one of its rows")
    return row_of

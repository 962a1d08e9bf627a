"""Rows in any order from chunked storage: sorted, read in blocks, put where they belong.

HDF5's own fancy indexing builds a selection point by point and is some hundred times slower per row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.formats.shard_reader import ShardReader


def row_numbers(rows: Any, length: int, where: str) -> np.ndarray:
    """Row numbers as int64: all of them when `rows` is None, else `rows`, checked.

    Parameters
    ----------
    rows : None or array of int, shape (n,)
        In any order, repeats allowed, each from 0 to ``length - 1``.
    length : int
        Number of rows there are.
    where : str
        Dataset, for messages.

    Raises
    ------
    ShardError
        `rows` is not a list of whole numbers, or one is out of range.
    """
    if rows is None:
        return np.arange(length)
    numbers = np.asarray(rows)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ShardError(
            f"{where}: rows of type {numbers.dtype} and shape {numbers.shape}; give a flat list of row numbers"
        )
    outside = (numbers < 0) | (numbers >= length)
    if outside.any():
        raise ShardError(f"{where}: row {numbers[outside][0]} does not exist; rows go from 0 to {length - 1}")
    return numbers.astype(np.int64)


def read_rows(shard: ShardReader, name: str, rows: np.ndarray, out: np.ndarray, positions: np.ndarray) -> None:
    """Fill ``out[positions[i]]`` with row ``rows[i]`` of column `name`, for all i.

    Parameters
    ----------
    shard : ShardReader
        Where the rows are.
    name : str
        Column.
    rows : ndarray of int, shape (n,)
        Row numbers within the shard, in any order, at least one.
    out : ndarray
        C-contiguous, of the column's type and sample shape.
    positions : ndarray of int, shape (n,)
        Rows of `out`.
    """
    if not (np.diff(rows) >= 0).all():
        order = np.argsort(rows, kind="stable")
        rows, positions = rows[order], positions[order]
    if _is_run(rows) and _is_run(positions):
        _read_run(shard, name, rows, out, positions)
        return
    # labels are small: one read of the whole span; pictures chunk by chunk, so that one chunk at a time is in memory
    block_rows = shard.chunk_rows(name) if COLUMNS[name].is_picture else shard.rows
    breaks = np.flatnonzero(np.diff(rows // block_rows)) + 1
    for block, places in zip(np.split(rows, breaks), np.split(positions, breaks), strict=True):
        if _is_run(block) and _is_run(places):
            _read_run(shard, name, block, out, places)
        else:
            out[places] = shard.read(name, int(block[0]), int(block[-1]) + 1)[block - block[0]]


def _is_run(numbers: np.ndarray) -> bool:
    return numbers[-1] - numbers[0] == len(numbers) - 1 and bool((np.diff(numbers) == 1).all())


def _read_run(shard: ShardReader, name: str, rows: np.ndarray, out: np.ndarray, positions: np.ndarray) -> None:
    target = out[positions[0] : positions[-1] + 1]
    shard.read_into(name, int(rows[0]), int(rows[-1]) + 1, target)

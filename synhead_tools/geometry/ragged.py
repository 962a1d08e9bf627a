"""Rows of different lengths, laid end to end."""

from __future__ import annotations

import numpy as np


def ragged_offsets(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Owner and place of every entry of rows with `counts` (n,) entries laid end to end.

    Returns
    -------
    owner : int array, shape (counts.sum(),)
        Which row an entry belongs to.
    place : int array, shape (counts.sum(),)
        Its position in that row, from 0.

    Examples
    --------
    >>> [column.tolist() for column in ragged_offsets(np.array([2, 0, 3]))]
    [[0, 0, 2, 2, 2], [0, 1, 0, 1, 2]]
    """
    counts = np.asarray(counts)
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)

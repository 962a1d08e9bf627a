"""Which rotations of a list are one and the same."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.equal_rows import group_equal_rows

RESOLUTION = 1e-7
"""Entries of matrices are told apart from here on: 6e-6 degrees, far above what arithmetic blurs."""


def distinct_rotations(rotmats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the different rotations among `rotmats` (n, 3, 3).

    Returns
    -------
    first : int array, shape (m,)
        Where each appears for the first time, ascending.
    count : int array, shape (m,)
        How often it appears.
    """
    # two columns say the third; the offset keeps exact fractions away from where rounding changes
    entries = np.asarray(rotmats, float)[:, :, :2].reshape(-1, 6)
    groups = group_equal_rows(np.floor(entries / RESOLUTION + 0.382).astype(np.int64))
    return groups.first, groups.size


def count_distinct(rotmats: np.ndarray) -> int:
    """How many different rotations there are among `rotmats` (n, 3, 3)."""
    return len(distinct_rotations(rotmats)[0])

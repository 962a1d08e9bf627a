"""Range, mean, spread and histogram of values that come a block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np


class RunningSummary:
    """What a block of values after the other adds up to.

    Parameters
    ----------
    edges : array-like of float, shape (n + 1,)
        Edges of the histogram's bins, rising; the last may be infinite. A value on the last edge counts in the last
        bin.
    """

    def __init__(self, edges: np.ndarray) -> None:
        self.edges = np.asarray(edges, float)
        self.counts = np.zeros(len(self.edges) - 1, np.int64)
        self.count = 0
        self.low, self.high = np.inf, -np.inf
        self._mean, self._squares = 0.0, 0.0

    def add(self, values: np.ndarray) -> None:
        """Take in finite values (N,)."""
        if not len(values):
            return
        values = np.asarray(values, float)
        self.counts += np.histogram(values, self.edges)[0]
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        # mean and sum of squares of two sets from those of each, without the cancellation of plain sums
        count, mean = len(values), float(values.mean())
        squares, apart = float(((values - mean) ** 2).sum()), mean - self._mean
        total = self.count + count
        self._squares += squares + apart**2 * self.count * count / total
        self._mean += apart * count / total
        self.count = total

    def result(self) -> dict[str, Any]:
        """``count``, ``min``, ``mean``, ``max``, ``sd`` and ``histogram``: [from, to, count] of the bins in use.

        An open end of the last bin is None. Without values there is only ``count``.
        """
        if not self.count:
            return {"count": 0}
        used = np.flatnonzero(self.counts)
        bins = range(used[0], used[-1] + 1) if len(used) else ()
        ends = [float(edge) if np.isfinite(edge) else None for edge in self.edges]
        return {
            "count": self.count,
            "min": self.low,
            "mean": self._mean,
            "max": self.high,
            "sd": float(np.sqrt(self._squares / self.count)),
            "histogram": [[ends[k], ends[k + 1], int(self.counts[k])] for k in bins],
        }

import json

import numpy as np
import pytest

from synhead_tools.formats.running_summary import RunningSummary


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_add_up_to_the_whole(block):
    values = np.random.default_rng(0).normal(1e6, 2.0, 1000)
    summary = RunningSummary(np.arange(999_980.0, 1_000_021.0, 5.0))
    for start in range(0, len(values), block):
        summary.add(values[start : start + block])
    told = summary.result()
    assert told["count"] == 1000
    assert (told["min"], told["max"]) == (values.min(), values.max())
    assert told["mean"] == pytest.approx(values.mean(), abs=1e-8)
    assert told["sd"] == pytest.approx(values.std(), rel=1e-9)  # far from 0, where plain sums of squares cancel
    low, high = told["histogram"][0][0], told["histogram"][-1][1]
    counts = np.histogram(values, np.arange(low, high + 1, 5.0))[0]
    assert [count for _, _, count in told["histogram"]] == counts.tolist()
    assert counts[0]
    assert counts[-1]


def test_an_open_last_bin_and_values_on_edges():
    summary = RunningSummary([0, 16, 24, np.inf])
    summary.add(np.array([0.0, 16.0, 23.9, 24.0, 1e9]))
    assert summary.result()["histogram"] == [[0.0, 16.0, 1], [16.0, 24.0, 2], [24.0, None, 2]]
    json.dumps(summary.result(), allow_nan=False)


def test_nothing_at_all():
    summary = RunningSummary([0, 1])
    summary.add(np.empty(0))
    assert summary.result() == {"count": 0}

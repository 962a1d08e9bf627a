import statistics

import pytest

from synhead_tools.cli.paper_table.summary import Spread, table_rows


def _rows(results, methods=("source-only", "dann"), seeds=(0, 1, 2)):
    rows = table_rows({each.run: each for each in results}, methods, seeds)
    return {(row.source, row.method): row for row in rows}


def test_mean_and_spread_are_over_the_seeds(result):
    errors = {0: (3, 4, 5), 1: (4, 6, 8), 2: (2, 2, 5)}
    row = _rows([result("SynBiwi+", "source-only", seed, *each) for seed, each in errors.items()])[
        "SynBiwi+", "source-only"
    ]
    totals = [sum(each) / 3 for each in errors.values()]
    assert row.figures["mae_deg"].mean == pytest.approx(statistics.mean(totals))
    assert row.figures["mae_deg"].sd == pytest.approx(statistics.stdev(totals))
    assert row.figures["yaw_mae_deg"].values == (4, 6, 2)
    assert row.figures["aligned_mae_deg"].mean == pytest.approx(statistics.mean(totals) / 2)
    assert (row.seeds, row.planned, row.label) == ((0, 1, 2), 3, "Baseline")
    assert "against_baseline_deg" not in row.figures


def test_differences_from_the_baseline_are_of_equal_seeds(result):
    results = [result("SynHead++", "source-only", seed, *[5.0 + seed] * 3) for seed in (0, 1)]
    results += [result("SynHead++", "dann", seed, *[6.0 + 2 * seed] * 3) for seed in (1, 2)]
    results += [result("SynBiwi+", "source-only", 2, 9, 9, 9)]  # of another source
    row = _rows(results)["SynHead++", "dann"]
    assert row.figures["against_baseline_deg"] == Spread((2.0,))
    assert row.figures["against_baseline_deg"].sd is None
    assert row.seeds == (1, 2)


def test_what_is_missing_and_what_was_not_asked_for_is_no_row_s_figure(result):
    rows = _rows([result("SynHead++", "dann", 7, 1, 1, 1)])
    assert rows["SynHead++", "dann"].figures == {}
    assert rows["SynHead++", "dann"].seeds == ()
    assert set(rows) == {(s, m) for s in ("SynBiwi+", "SynHead++") for m in ("source-only", "dann")}

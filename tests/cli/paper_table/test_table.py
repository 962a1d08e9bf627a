import csv
import io
import json

import pytest

from synhead_tools.cli.paper_table.summary import table_rows
from synhead_tools.cli.paper_table.table import Table, table_csv, table_dict, table_markdown, write_table

METHODS, SEEDS = ("source-only", "padaco", "oracle"), (0, 1)

GOLDEN = """\
# PADACO's table on 251 of 15678 frames of BIWI

**Incomplete: 5 of 12 runs are there.**

MAE of pitch, yaw and roll in degrees; here: mean +- standard deviation over the runs (seeds 0, 1).

| source | method | published | here | against Baseline, published | against Baseline, here | runs |
| --- | --- | --- | --- | --- | --- | --- |
| SynBiwi+ | Baseline | 4.58 | 4.50 +- 0.71 |  | - | 2 |
|  | PADACO | 4.04 | 4.50 +- 0.71 | -0.54 | +0.00 +- 0.00 | 2 |
|  | oracle \\* |  | - |  | - | 0 of 2 |
| SynHead++ | Baseline | 4.53 | 4.00 |  | - | 1 of 2 |
|  | PADACO | 4.13 | - | -0.40 | - | 0 of 2 |
|  | oracle \\* |  | - |  | - | 0 of 2 |

| source | method | pitch, yaw, roll published | pitch, yaw, roll here | geodesic here | aligned here \\* |
| --- | --- | --- | --- | --- | --- |
| SynBiwi+ | Baseline | 4.99, 4.85, 3.89 | 3.50, 4.50, 5.50 | 7.00 +- 1.41 | 2.25 +- 0.35 |
|  | PADACO | 4.47, 4.11, 3.56 | 3.50, 4.50, 5.50 | 7.00 +- 1.41 | 2.25 +- 0.35 |
|  | oracle \\* |  | - | - | - |
| SynHead++ | Baseline | 4.97, 4.61, 3.97 | 3.00, 4.00, 5.00 | 6.00 | 2.00 |
|  | PADACO | 4.51, 4.11, 3.78 | - | - | - |
|  | oracle \\* |  | - | - | - |

Predictors that see no picture, on the same frames:

| predictor | pitch | yaw | roll | MAE |
| --- | --- | --- | --- | --- |
| predict zero | 28.53 | 14.46 | 10.45 | 17.81 |
| predict these frames' mean \\* | 13.65 | 14.58 | 10.15 | 12.79 |

\\* knows labels it is scored on: a yardstick, not a result.

## Protocol

- target pictures: some
- target labels used for matching: yes
"""


@pytest.fixture
def table(result):
    results = [result("SynBiwi+", m, seed, 3 + seed, 4 + seed, 5 + seed) for m in METHODS[:2] for seed in SEEDS]
    results.append(result("SynHead++", "source-only", 0, 3, 4, 5))
    return Table(
        "PADACO's table on 251 of 15678 frames of BIWI", table_rows({r.run: r for r in results}, METHODS, SEEDS),
        results[0].trivial, SEEDS, {"target pictures": "some", "target labels used for matching": "yes"},
    )  # fmt: skip


def test_markdown_is_the_golden_text(table):
    assert table_markdown(table) == GOLDEN


def test_a_loss_that_rounds_to_nothing_has_no_minus(result):
    results = [result("SynBiwi+", "source-only", 0, 3, 4, 5.003), result("SynBiwi+", "padaco", 0, 3, 4, 5)]
    rows = table_rows({r.run: r for r in results}, METHODS, (0,))
    text = table_markdown(Table("t", rows, [], (0,), {}))
    assert "| -0.54 | +0.00 | 1 |" in text
    assert "-0.00" not in text


def test_programs_get_the_same_figures(table, tmp_path):
    write_table(tmp_path, table)
    values = json.loads((tmp_path / "table.json").read_text())
    assert values == table_dict(table)
    assert (values["complete"], values["runs_done"], values["runs_planned"]) == (False, 5, 12)
    first = values["rows"][0]
    assert first["figures"]["mae_deg"]["values"] == [4, 5]
    assert first["published"]["roll_mae_deg"] == 3.89
    lines = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [line["method"] for line in lines] == [*METHODS, *METHODS]
    assert float(lines[0]["mae_deg_sd"]) == pytest.approx(0.7071)
    assert (lines[1]["against_baseline_deg_mean"], lines[1]["seeds"], lines[1]["runs"]) == ("0.0000", "0 1", "2")
    assert (lines[2]["published_mae_deg"], lines[2]["mae_deg_mean"], lines[4]["runs"]) == ("", "", "0")
    assert table_csv(table) == (tmp_path / "table.csv").read_text()


def test_a_whole_table_does_not_say_that_it_lacks_anything(result):
    results = [result(source, "source-only", 4, 3, 4, 5) for source in ("SynBiwi+", "SynHead++")]
    table = Table("t", table_rows({r.run: r for r in results}, ("source-only",), (4,)), [], (4,), {})
    assert "Incomplete" not in table_markdown(table)
    assert "(seed 4)" in table_markdown(table)
    assert table_dict(table)["complete"] is True

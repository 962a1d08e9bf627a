import json

import pytest

from synhead_tools.cli.paper_table.results import RESULTS_NAME, ResultFile
from synhead_tools.cli.paper_table.runs import TableRun
from synhead_tools.errors import CheckpointError


def test_the_file_grows_by_a_line_per_run_and_comes_back(result, tmp_path):
    given = [result("SynBiwi+", "dann", 1, 3, 4, 5), result("SynHead++", "pada", 0, 6, 7, 8)]
    file = ResultFile(tmp_path)
    for count, each in enumerate(given, 1):
        file.add(each)
        lines = (tmp_path / RESULTS_NAME).read_text().splitlines()
        assert len(lines) == count
        assert json.loads(lines[-1])["report"] == each.report
    back = ResultFile(tmp_path).results
    assert back == {each.run: each for each in given}
    assert back[TableRun("SynHead++", "pada", 0)].score["mae_deg"] == 7


def test_what_the_scores_are_is_found_by_name(result):
    each = result("SynBiwi+", "dann", 1, 3, 4, 5)
    assert each.aligned["mae_deg"] == 2
    assert [score["name"] for score in each.trivial] == ["predict zero", "predict these frames' mean"]


@pytest.mark.parametrize(
    "line", ["", "null", "{}", "[1]", '{"source": "x"', "[" * 5000,
             '{"source": "a", "method": "b", "seed": 0, "device": "cpu", "seconds": 1, "report": {}}',
             '{"source": "a", "method": "b", "seed": [], "device": "cpu", "seconds": 1, "report": {}}']
)  # fmt: skip
def test_a_damaged_line_is_named(result, tmp_path, line):
    ResultFile(tmp_path).add(result("SynBiwi+", "dann", 1, 3, 4, 5))
    path = tmp_path / RESULTS_NAME
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(CheckpointError, match=r"line 2, is no result; remove it"):
        ResultFile(tmp_path)

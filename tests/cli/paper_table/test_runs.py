from synhead_tools.cli.paper_table.published import LABELS, PUBLISHED
from synhead_tools.cli.paper_table.runs import TableRun, planned_runs, table_cells


def test_the_paper_s_methods_make_the_paper_s_table():
    assert table_cells(tuple(LABELS)) == list(PUBLISHED)


def test_others_come_last_and_on_both_sources():
    assert table_cells(("oracle", "padaco", "pada")) == [
        ("SynBiwi+", "padaco"), ("SynBiwi+", "oracle"), ("SynHead++", "pada"), ("SynHead++", "padaco"),
        ("SynHead++", "oracle"),
    ]  # fmt: skip


def test_each_seed_of_a_source_has_its_methods_one_after_the_other():
    runs = planned_runs(("dann", "source-only"), (3, 1))
    assert runs == [
        TableRun(source, method, seed)
        for source in ("SynBiwi+", "SynHead++")
        for seed in (3, 1)
        for method in ("source-only", "dann")
    ]
    assert str(runs[1]) == "dann on SynBiwi+ seed 3"

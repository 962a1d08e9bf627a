import csv

import pytest

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.log_files import CsvFile, JsonLinesFile, TensorBoardFolder

LINES = [
    {"stage": "stage1", "step": 1, "steps": 2, "total": 0.5},
    {"stage": "weights", "effective_sample_size": 7.5},
    {"stage": "stage2", "step": 1, "steps": 2, "total": 0.25, "lambda": 0.1},
]


def test_json_lines_are_cut_back_to_what_a_state_goes_with(tmp_path):
    file = JsonLinesFile(tmp_path / "log.jsonl")
    file(LINES[0])
    size = file.size_bytes
    file(LINES[1])
    again = JsonLinesFile(tmp_path / "log.jsonl", size)
    assert again.entries() == LINES[:1]
    again(LINES[2])
    assert again.entries() == [LINES[0], LINES[2]]
    with pytest.raises(CheckpointError, match="start anew"):
        JsonLinesFile(tmp_path / "log.jsonl", 10_000)


def test_the_table_gains_columns_and_keeps_its_rows(tmp_path):
    path = tmp_path / "log.csv"
    table = CsvFile(path, LINES[:1])
    for line in LINES[1:]:
        table(line)
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["stage", "step", "steps", "total", "effective_sample_size", "lambda"]
    assert [row["total"] for row in rows] == ["0.5", "", "0.25"]
    assert rows[1]["effective_sample_size"] == "7.5"


def test_tensorboard_events_run_over_both_stages_and_a_resumed_run_voids_what_it_repeats(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = TensorBoardFolder(tmp_path, stage1_steps=2)
    for step, total in ((1, 0.5), (2, 0.4)):
        first({"stage": "stage1", "step": step, "total": total, "lambda": 0})
    first({"stage": "stage2", "step": 1, "total": 9.0})
    first.close()
    again = TensorBoardFolder(tmp_path, stage1_steps=2, begin=2)
    again({"stage": "stage2", "step": 1, "total": 0.25, "note": "words are left out"})
    again.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, round(e.value, 4)) for e in events.Scalars("total")] == [(1, 0.5), (2, 0.4), (3, 0.25)]
    assert set(events.Tags()["scalars"]) == {"total", "lambda"}

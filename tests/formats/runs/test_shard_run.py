from functools import partial

import pytest

from synhead_tools.errors import ManifestError
from synhead_tools.formats.runs.shard_run import run_shards, shard_tasks
from synhead_tools.formats.runs.workers import write_shards

RUN, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out" / "shards").mkdir(parents=True)
    return tmp_path / "out"


def run(out, opening, told, run_sha256=RUN):
    tasks = shard_tasks(out, 10, 4, {"run_sha256": run_sha256})
    engine = partial(write_shards, opening, workers=1)
    return run_shards(out, tasks, run_sha256, engine, lambda *numbers: told.append(numbers))


def test_finished_shards_are_kept_and_damaged_ones_made_anew(out, opening):
    first, again = [], []
    entries, _ = run(out, opening, first)
    assert first == [(0, 10), (4, 10), (8, 10), (10, 10)]
    assert [(entry.path, entry.rows) for entry in entries] == [
        ("shards/00000.h5", 4), ("shards/00001.h5", 4), ("shards/00002.h5", 2),
    ]  # fmt: skip
    (out / "shards" / "00001.h5").write_bytes(b"half")
    assert run(out, opening, again)[0] == entries
    assert again == [(6, 10), (10, 10)]


def test_the_journal_goes_when_the_caller_says_so(out, opening):
    _, journal = run(out, opening, [])
    assert (out / ".finished").exists()
    journal.remove()
    told = []
    assert run(out, opening, told)[0]
    assert told == [(10, 10)]


def test_shards_of_another_run_are_refused(out, opening):
    run(out, opening, [])
    with pytest.raises(ManifestError, match="another plan"):
        run(out, opening, [], OTHER)

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ManifestError
from synhead_tools.formats.runs.journal import RunJournal

RUN, SHA = "a" * 64, "b" * 64


@pytest.fixture
def shards(tmp_path):
    (tmp_path / "shards").mkdir()
    for number in range(3):
        (tmp_path / "shards" / f"{number:05d}.h5").write_bytes(b"x" * (number + 1))
    return tmp_path / "shards"


def test_what_was_recorded_is_read_back(tmp_path, shards):
    journal = RunJournal(tmp_path, RUN)
    assert journal.read() == {}
    journal.begin(shards, {"00001.h5": SHA})
    journal.add(shards / "00002.h5", "c" * 64)
    read = RunJournal(tmp_path, RUN).read()
    assert {name: shard.sha256 for name, shard in read.items()} == {"00001.h5": SHA, "00002.h5": "c" * 64}
    assert read["00001.h5"].describes(shards / "00001.h5")
    assert not read["00001.h5"].describes(shards / "00002.h5"), "another size"
    os.utime(shards / "00002.h5", ns=(0, 12345))
    assert not read["00002.h5"].describes(shards / "00002.h5"), "another time"
    journal.remove()
    assert list(tmp_path.iterdir()) == [shards]


def test_another_runs_journal_is_refused(tmp_path, shards):
    RunJournal(tmp_path, RUN).begin(shards, {})
    with pytest.raises(ManifestError, match="begun with another plan"):
        RunJournal(tmp_path, "0" * 64).read()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 500), noise=st.binary(max_size=20))
def test_a_torn_or_damaged_journal_costs_lines_and_nothing_else(tmp_path, shards, cut, noise):
    journal = RunJournal(tmp_path, RUN)
    journal.begin(shards, {f"{number:05d}.h5": SHA for number in range(3)})
    path = tmp_path / ".finished"
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + noise)
    try:
        read = journal.read()
    except ManifestError:  # the noise may look like another run's hash
        return
    assert set(read) <= {f"{number:05d}.h5" for number in range(3)}
    assert all(shard.sha256 == SHA for shard in read.values())


@pytest.mark.parametrize(
    "line",
    [
        [],
        {"shard": "00000.h5"},
        {"shard": 3, "bytes": 1, "mtime_ns": 1, "sha256": SHA},
        {"shard": "00000.h5", "bytes": "1", "mtime_ns": 1, "sha256": SHA},
        {"shard": "00000.h5", "bytes": 1, "mtime_ns": 1, "sha256": "B" * 64},
        {"shard": "00000.h5", "bytes": True, "mtime_ns": 1, "sha256": SHA},
    ],
)
def test_lines_that_say_something_else_are_not_believed(tmp_path, line):
    (tmp_path / ".finished").write_text(json.dumps({"run_sha256": RUN}) + "\n" + json.dumps(line) + "\n")
    assert RunJournal(tmp_path, RUN).read() == {}


def test_a_pipe_is_no_journal(tmp_path):
    os.mkfifo(tmp_path / ".finished")
    with pytest.raises(ManifestError, match="not a regular file; remove it"):
        RunJournal(tmp_path, RUN).read()

import os
import signal
import subprocess
import sys
import time

import pytest

from synhead_tools.errors import BackendError
from synhead_tools.formats.runs.shard_run import shard_tasks
from synhead_tools.formats.runs.workers import write_shards
from synhead_tools.formats.shards import ShardReader

RUN = (
    "import sys, numbers_maker; from pathlib import Path\n"
    "from synhead_tools.formats.runs.shard_run import shard_tasks\n"
    "from synhead_tools.formats.runs.workers import write_shards\n"
    "if __name__ == '__main__':\n"
    "    tasks = shard_tasks(Path(sys.argv[1]), 660, 4, {'run_sha256': 'a'})\n"
    "    for task, sha256 in write_shards(numbers_maker.Opening(slow=True), tasks, 2): print(task.start, flush=True)\n"
)


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out" / "shards").mkdir(parents=True)
    return tmp_path / "out"


def contents(out):
    return {path.name: path.read_bytes() for path in (out / "shards").iterdir()}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_shard_is_written_whatever_the_number_of_processes(opening, out, workers):
    tasks = shard_tasks(out, 22, 5, {"run_sha256": "a"})
    digests = {task.path.name: sha256 for task, sha256 in write_shards(opening, tasks, workers)}
    assert sorted(digests) == [f"{number:05d}.h5" for number in range(5)]
    for task in tasks:
        with ShardReader(task.path) as shard:
            assert shard.read("seed").tolist() == list(range(task.start, task.stop))
            assert shard.attributes["first_sample"] == task.start
    before = contents(out)
    assert len(list(write_shards(opening, tasks, 4 - workers))) == 5
    assert contents(out) == before


def test_an_error_of_a_sample_reaches_whoever_waits(opening, out):
    for workers in (1, 2):
        with pytest.raises(ValueError, match="no sample 77"):
            list(write_shards(opening, shard_tasks(out, 80, 11, {"run_sha256": "a"}), workers))
        assert not (out / "shards" / "00007.h5").exists()


def test_a_worker_that_dies_is_named(opening, out):
    tasks = shard_tasks(out, 680, 37, {"run_sha256": "a"})[-2:]
    with pytest.raises(BackendError, match="a worker process died"):
        list(write_shards(opening, tasks, 2))


def _is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_workers_end_with_a_killed_run_and_write_nothing_more(maker_module, out):
    (maker_module / "run.py").write_text(RUN)
    command = [sys.executable, maker_module / "run.py", out]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            for _ in range(3):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            deadline = time.monotonic() + 20
            while not _is_empty(process.pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert _is_empty(process.pid)
        finally:
            if not _is_empty(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
    assert 2 <= len(list((out / "shards").glob("0*.h5"))) < 100

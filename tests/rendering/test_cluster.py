"""Rendering by the workers of a Dask scheduler: real processes on this machine."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synhead_tools
from synhead_tools.errors import BackendError
from synhead_tools.geometry.pose_laws import euler_grid
from synhead_tools.heads.assets import meshes_dir
from synhead_tools.rendering.cluster_bench import refuse_other
from synhead_tools.rendering.plan import RenderPlan
from synhead_tools.rendering.render_dataset import render_dataset

pytest.importorskip("distributed", reason="the cluster extra is not installed")
pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")


def start(kind, folder, *options, sources=None):
    """A process of Dask's, in a session of its own."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
    path = os.pathsep.join(map(str, filter(None, [sources, Path(synhead_tools.__file__).parents[1]])))
    with (folder / f"{kind}.log").open("a") as log:
        return subprocess.Popen(
            [*command, "--scheduler-file", str(folder / "scheduler.json"), *options],
            stdout=log, stderr=log, start_new_session=True, cwd=folder, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip


def start_worker(folder, sources=None):
    return start("worker", folder, "--no-nanny", "--nthreads", "1", sources=sources)


@contextlib.contextmanager
def processes(folder, workers):
    """A scheduler and workers without nannies; yields the scheduler's file and all processes, the scheduler first."""
    started = []
    try:
        started.append(start("scheduler", folder, "--port", "0"))
        started += [start_worker(folder) for _ in range(workers)]
        wait_for_workers(folder / "scheduler.json", workers)
        yield folder / "scheduler.json", started
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_workers(file, count):
    from distributed import Client

    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def contents(folder):
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def plan():
    rotmats = euler_grid([-20.0, 20.0], range(-60, 61, 2), [0.0, 10.0], "biwi+")
    return RenderPlan(("egg",), rotmats, size_px=48, backend="cpu", seed=3, lighting="random", offset_jitter=0.1)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_run_that_loses_a_worker_has_the_bytes_of_a_local_one(plan, egg, tmp_path):
    options = {"heads": {"egg": egg}, "rows_per_shard": 8}
    local = render_dataset(plan, tmp_path / "local", **options)
    with processes(tmp_path, 2) as (file, started):
        address = json.loads(file.read_text())["address"]
        first = started[1]
        at_the_loss = []

        def lose_a_worker(done, total):
            if done >= 24 and first.poll() is None:
                kill(first)
                at_the_loss.append(done)

        out = render_dataset(plan, tmp_path / "far", **options, scheduler=address, progress=lose_a_worker)
        assert at_the_loss
        assert at_the_loss[0] < len(plan)
        assert contents(out) == contents(local)

        # the file the scheduler wrote does in the place of its address; a shard that is missing is rendered
        (out / "shards" / "00002.h5").unlink()
        render_dataset(plan, out, resume=True, **options, scheduler=str(file))
        assert contents(out) == contents(local)

        # a worker of another version is refused before the folder is touched
        sources = tmp_path / "other"
        shutil.copytree(Path(synhead_tools.__file__).parent, sources / "synhead_tools")
        (sources / "synhead_tools" / "__init__.py").write_text('__version__ = "0.0.0"\n')
        (sources / "meshes").symlink_to(meshes_dir())
        started.append(start_worker(tmp_path, sources))
        wait_for_workers(file, 2)
        with pytest.raises(BackendError, match=r"worker tcp://.* has synhead '0\.0\.0', this run"):
            render_dataset(plan, tmp_path / "none", **options, scheduler=address)
        assert not (tmp_path / "none").exists()


@pytest.mark.slow  # Dask takes its time to believe it
def test_a_run_that_loses_its_scheduler_can_be_resumed_without(plan, egg, tmp_path):
    options = {"heads": {"egg": egg}, "rows_per_shard": 8}
    with processes(tmp_path, 1) as (file, (scheduler, _worker)):

        def lose_the_scheduler(done, total):
            if done >= 24 and scheduler.poll() is None:
                kill(scheduler)

        with pytest.raises(BackendError, match="the scheduler at .* is gone; run again with --resume"):
            render_dataset(plan, tmp_path / "lost", **options, scheduler=str(file), progress=lose_the_scheduler)
    kept = len(list((tmp_path / "lost" / "shards").glob("0*.h5")))
    assert 3 <= kept < 31
    seen = []
    render_dataset(plan, tmp_path / "lost", resume=True, **options, progress=lambda done, _: seen.append(done))
    assert seen[0] == 8 * kept
    assert contents(tmp_path / "lost") == contents(render_dataset(plan, tmp_path / "local", **options))


def test_no_scheduler_is_said_in_one_line_before_the_folder_is_made(plan, egg, tmp_path, monkeypatch):
    monkeypatch.setattr("synhead_tools.rendering.cluster.CONNECT_S", 1.0)
    for address in ("tcp://127.0.0.1:9", "nonsense", "xyz://a:1"):
        with pytest.raises(BackendError, match="no Dask scheduler answers at") as caught:
            render_dataset(plan, tmp_path / "out", heads={"egg": egg}, scheduler=address)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_other_versions_are_named():
    ours = {"numpy": "2.4.6", "renderer": "cpu numba 0.68.1"}
    refuse_other({**ours, "python": "3.13"}, ours, "worker a")
    with pytest.raises(BackendError, match=r"worker a has renderer 'cpu numba 0.60', this run 'cpu numba 0.68.1'"):
        refuse_other({**ours, "renderer": "cpu numba 0.60"}, ours, "worker a")
    with pytest.raises(BackendError, match="has numpy None"):
        refuse_other({}, ours, "worker a")

"""Rendering runs as a user meets them: real processes, interrupted, without room, without permission."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("numba", reason="datasets are rendered by the cpu backend here")

FEW = (
    "--heads", "m03", "--pitch", "-30:30:5", "--yaw", "-60:60:5", "--roll", "0",
    "--size", "24", "--backend", "cpu", "-q",
)  # fmt: skip
SHARDS = 6


def command(*arguments):
    return [sys.executable, "-m", "synhead_tools", *map(str, arguments)]


def start(*arguments):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command(*arguments), **pipes, start_new_session=True)


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, run):
    """A dataset of `SHARDS` shards that was never interrupted."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = run("render", out, *FEW)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert len(list(out.glob("shards/0*.h5"))) == SHARDS
    return out


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_ctrl_c_leaves_a_set_that_can_be_resumed(run, whole, tmp_path, workers):
    out = tmp_path / "out"
    with start("render", out, *FEW, "--workers", workers) as process:
        while not list(out.glob("shards/0*.h5")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to every process of the group
        said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == ("", "interrupted\n")
    left = {path.name for path in out.iterdir()}
    assert left == {"shards", ".finished"}, "no manifest, no lock, nothing half-written"
    assert not list(out.glob("shards/.*"))
    kept = {path: path.stat().st_mtime_ns for path in out.glob("shards/*")}
    assert 1 <= len(kept) < SHARDS
    again = run("render", out, *FEW, "--resume")
    assert again.exit_code == 0, again.output
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in kept.items())
    assert files(out) == files(whole)


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.0, 0.5, 1.5])
def test_ctrl_c_while_the_workers_start(tmp_path, delay_s):
    out = tmp_path / "out"
    with start("render", out, *FEW, "--workers", 2) as process:
        while not (out / ".finished").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, ("", "interrupted\n"))


def limit_file_size():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_no_room_is_one_line_and_nothing_is_lost(run, whole, tmp_path, workers):
    """A limit on the size of files stands for the disk: the system tells of it as of a full one."""
    out = tmp_path / "out"
    assert min(path.stat().st_size for path in whole.glob("shards/*")) > 60_000, "no shard fits"
    limited = {"preexec_fn": limit_file_size, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run(command("render", out, *FEW, "--workers", workers), **limited)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "shards/0" in done.stderr
    assert "File too large; finished shards are kept: make room and run again with --resume" in done.stderr
    assert {path.name for path in out.iterdir()} == {"shards", ".finished"}
    assert run("render", out, *FEW, "--resume").exit_code == 0
    assert files(out) == files(whole)


def test_full_disk(tmp_path):
    """A file system of 512 kB in a mount namespace of its own, where that is allowed."""
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    render = " ".join(command("render", tmp_path / "out", *FEW, "--workers", 2))
    script = (
        f"mount -t tmpfs -o size=512k none {tmp_path}; {render}; echo $?; ls -A {tmp_path}/out {tmp_path}/out/shards"
    )
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, timeout=300)
    status, *listed = done.stdout.splitlines()
    assert status == "1"
    assert done.stderr.count("\n") == 1
    assert "No space left on device; finished shards are kept: make room and run again with --resume" in done.stderr
    assert {"shards", ".finished"} <= set(listed)
    assert [name for name in listed if name.endswith(".h5")], "what had room is kept"
    assert not [name for name in listed if name.endswith(".tmp") or name == "dataset.json"]


def test_folder_that_cannot_be_written(run, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    if os.access(closed, os.W_OK):  # root may write anywhere but there
        closed = "/proc/self"
    done = run("render", f"{closed}/out", *FEW)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert f"{closed}/out cannot be written (" in done.stderr


def test_inspect_names_every_damaged_shard(run, whole, tmp_path):
    out = tmp_path / "out"
    (out / "shards").mkdir(parents=True)
    for name, data in files(whole).items():
        damaged = name in ("shards/00001.h5", "shards/00004.h5")
        (out / name).write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:] if damaged else data)
    good = run("inspect", whole, "--verify", "--json")
    assert json.loads(good.stdout)["shards_verified"] == SHARDS
    bad = run("inspect", out, "--verify", "-q")
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert bad.stderr.count("\n") == 1
    assert "shards/00001.h5 is not the file the manifest was written for" in bad.stderr
    assert f"2 of {SHARDS} shards are bad, the others: shards/00004.h5" in bad.stderr
    mended = run("render", out, *FEW, "--resume")
    assert mended.exit_code == 0, mended.output
    assert files(out) == files(whole)

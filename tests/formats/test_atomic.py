import errno
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import (
    atomic_file,
    atomic_write_bytes,
    atomic_write_text,
    flush_folder,
)


def test_writes_the_bytes_and_leaves_nothing_else(tmp_path):
    atomic_write_text(tmp_path / "a.txt", "héad\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "héad\r\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_existing_file_is_kept_unless_overwriting(tmp_path):
    path = tmp_path / "a"
    atomic_write_bytes(path, b"old")
    with pytest.raises(OutputExistsError, match="already there"):
        atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    atomic_write_bytes(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"


def test_folder_in_the_way_is_named(tmp_path):
    with pytest.raises(OutputExistsError, match="folder"):
        atomic_write_bytes(tmp_path, b"x", overwrite=True)


def _write_half(path, error):
    with atomic_file(path, overwrite=True) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_failure_inside_the_block_removes_the_temporary_and_keeps_the_old(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(error):
        _write_half(path, error)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _write_slowly(path):
    with atomic_file(path) as file:
        file.write(b"slow")
        atomic_write_bytes(path, b"quick")


def test_two_writers_of_one_name_the_second_is_refused(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(OutputExistsError):
        _write_slowly(path)
    assert path.read_bytes() == b"quick"


def test_full_disk_leaves_no_file(tmp_path):
    """A file size limit fails a write half-way, as a full disk does."""

    def limit_file_size():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    script = f"from synhead_tools.formats.atomic import *; atomic_write_bytes({str(tmp_path / 'a')!r}, bytes(10**6))"
    answer = subprocess.run(
        [sys.executable, "-c", script], preexec_fn=limit_file_size, capture_output=True, text=True, check=False
    )
    assert "File too large" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_killed_writer_leaves_old_or_new_whole(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"\0" * 200_000)
    script = (
        "from synhead_tools.formats.atomic import *; import itertools\n"
        "for i in itertools.count():\n"
        f"    atomic_write_bytes({str(path)!r}, bytes([i % 256]) * 200_000, overwrite=True); print(i, flush=True)"
    )
    for delay_s in (0.0, 0.003, 0.01):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(delay_s)
            os.kill(process.pid, signal.SIGKILL)
        data = path.read_bytes()
        assert data == data[:1] * 200_000


def test_flush_folder_of_a_missing_folder_is_harmless(tmp_path):
    flush_folder(tmp_path / "nowhere")


def test_a_device_is_never_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputExistsError, match="not a file"):
        atomic_write_bytes(tmp_path / "pipe", b"x", overwrite=True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_missing_folder_is_named_and_not_the_hidden_file(tmp_path):
    with pytest.raises(OutputExistsError, match=r"no folder; make it") as caught:
        atomic_write_bytes(tmp_path / "nowhere" / "file", b"x")
    assert ".tmp" not in str(caught.value)


def test_a_disk_that_is_full_says_for_which_file(tmp_path):
    def fill_the_disk():
        with atomic_file(tmp_path / "file"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as caught:
        fill_the_disk()
    assert caught.value.filename == str(tmp_path / "file")
    assert not list(tmp_path.iterdir())

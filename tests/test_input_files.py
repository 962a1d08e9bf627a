import os

import pytest

from synhead_tools.errors import HeadError
from synhead_tools.input_files import open_input, read_input


def test_an_ordinary_file_is_read_whole(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_input(tmp_path / "file", 10, HeadError, "mend it") == b"0123456789"


def _make(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(1 << 40)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "large", "missing"])
def test_anything_else_is_refused_at_once(tmp_path, kind):
    _make(tmp_path / "x", kind)
    with pytest.raises(HeadError, match=r"x .*; mend it$") as caught:
        read_input(tmp_path / "x", 1 << 20, HeadError, "mend it")
    assert "\n" not in str(caught.value)


def test_a_name_with_a_nul_is_refused(tmp_path):
    with pytest.raises(HeadError, match="mend it"):
        read_input(str(tmp_path / "a\0b"), 10, HeadError, "mend it")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "missing"])
def test_what_is_refused_is_not_kept_open(tmp_path, kind):
    _make(tmp_path / "x", kind)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    with pytest.raises(HeadError, match=r"x .*; mend it$"):
        open_input(tmp_path / "x", HeadError, "mend it")
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_an_opened_file_is_read_from_its_start(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    with open_input(tmp_path / "file", HeadError, "mend it") as file:
        assert (file.read(4), file.read()) == (b"0123", b"456789")

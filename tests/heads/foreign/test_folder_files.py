import hashlib
import os

import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "scan"
    (inside / "deep").mkdir(parents=True)
    (inside / "a.png").write_bytes(b"a")
    (inside / "deep" / "ö b.png").write_bytes(b"b")
    (inside / "link.png").symlink_to("deep/ö b.png")
    (inside / "out.png").symlink_to("../secret.txt")
    (inside / "outdir").symlink_to("..")
    (inside / "loop.png").symlink_to("loop.png")
    os.mkfifo(inside / "pipe.png")
    return inside


@pytest.mark.parametrize("name", ["a.png", " a.png ", "deep/ö b.png", "deep\\ö b.png", "./deep/../a.png", "link.png"])
def test_what_lies_in_the_folder_is_read_and_remembered(folder, name):
    files = FolderFiles(folder)
    data = files.read(name, "s.obj", 100)
    assert data in (b"a", b"b")
    assert list(files.sha256.values()) == [hashlib.sha256(data).hexdigest()]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../secret.txt", "outside"),
        ("deep/../../secret.txt", "outside"),
        ("..\\secret.txt", "outside"),
        ("out.png", "outside"),
        ("outdir/secret.txt", "outside"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\a.png", "absolute"),
        ("C:\\skin.png", "absolute"),
        ("c:skin.png", "absolute"),
        ("file:///etc/passwd", "address"),
        ("http://example.org/a.png", "address"),
        ("ftp:a", "address"),
        ("", "no file name"),
        ("a\0.png", "no file name"),
        ("a\n.png", "no file name"),
        ("a\udcff.png", "no file name"),
        ("loop.png", "loop.png"),
        ("gone.png", "cannot be read"),
        ("pipe.png", "not a regular file"),
        ("deep", "directory"),
        ("x" * 5000, "s.obj names"),
    ],
)
def test_everything_else_is_refused_in_one_line(folder, name, said):
    with pytest.raises(HeadError) as error:
        FolderFiles(folder).read(name, "s.obj", 100)
    assert said in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 6000


def test_limits(folder):
    (folder / "big").write_bytes(b"x" * 101)
    with pytest.raises(HeadError, match="101 bytes"):
        FolderFiles(folder).read("big", "s.obj", 100)

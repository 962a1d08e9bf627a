import os

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import PlanError
from synhead_tools.rendering.looks import picture_folder
from synhead_tools.rendering.looks.picture_folder import covering_picture, decode_rgb, folder_sha256, list_folder


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name, size in (("b.png", (60, 40)), ("a.jpg", (300, 500)), ("c.webp", (30, 30))):
        Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_listing_is_sorted_and_done_once(folder):
    assert list_folder(str(folder)) == ("a.jpg", "b.png", "c.webp")
    (folder / "d.png").write_bytes(b"")
    assert list_folder(str(folder)) == ("a.jpg", "b.png", "c.webp")


def test_hash_sees_names_and_sizes(folder):
    before = folder_sha256(str(folder))
    (folder / "b.png").write_bytes(b"another")
    assert folder_sha256(str(folder)) != before


def test_pictures_cover_and_are_kept(folder):
    picture = covering_picture(folder / "a.jpg", 48, 32)
    assert picture.shape == (80, 48, 3)
    assert covering_picture(folder / "a.jpg", 48, 32) is picture
    assert not picture.flags.writeable


def test_no_more_is_kept_than_there_is_room_for(folder, monkeypatch):
    monkeypatch.setattr(picture_folder, "KEPT_BYTES", 20_000)
    first = covering_picture(folder / "b.png", 60, 40)
    covering_picture(folder / "a.jpg", 60, 60)
    assert covering_picture(folder / "b.png", 60, 40) is not first


def test_transparent_pixels_are_black(tmp_path):
    Image.new("RGBA", (4, 4), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    assert (decode_rgb(tmp_path / "clear.png") == 0).all()


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    # 100,000 x 100,000 px of one bit, in some kilobytes
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(1 << 20), 9)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(PlanError, match=r"bomb\.png"):
        decode_rgb(tmp_path / "bomb.png")


@pytest.mark.parametrize("data", [b"", b"nothing", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(50)])
def test_what_is_no_picture_is_named_in_one_line(tmp_path, data):
    (tmp_path / "bad.png").write_bytes(data)
    with pytest.raises(PlanError, match=r"bad\.png") as caught:
        decode_rgb(tmp_path / "bad.png")
    assert "\n" not in str(caught.value)


def test_pipes_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PlanError, match="holds no"):
        list_folder(str(tmp_path))
    with pytest.raises(PlanError, match=r"pipe\.png"):
        decode_rgb(tmp_path / "pipe.png")


def test_names_that_do_not_fit_the_column_are_refused(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / ("n" * 70 + ".png"))
    with pytest.raises(PlanError, match="64 bytes"):
        list_folder(str(tmp_path))

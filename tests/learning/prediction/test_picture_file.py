import io
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synhead_tools.errors import PictureError
from synhead_tools.learning.prediction.picture_file import BEHIND, read_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def corners():
    """A picture of 32 x 24 with a colour in each corner."""
    pixels = np.zeros((24, 32, 3), np.uint8)
    pixels[:8, :8], pixels[:8, -8:], pixels[-8:, :8], pixels[-8:, -8:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_exif_says(corners, orientation, tmp_path):
    """The EXIF standard says where row 0 and column 0 of the stored pixels are seen."""
    row_0, column_0 = ("top", "top", "bottom", "bottom", "left", "right", "right", "left")[orientation - 1], (
        "left", "right", "right", "left", "top", "top", "bottom", "bottom")[orientation - 1]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    corners.save(tmp_path / "a.png", exif=exif)
    seen = read_picture(tmp_path / "a.png")
    assert seen.shape == ((24, 32, 3) if orientation <= 4 else (32, 24, 3))
    where = {"top": 0, "left": 0, "bottom": -1, "right": -1}
    opposite = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}

    def at(row_side, column_side):
        sides = {row_side, column_side}
        row = where[(sides & {"top", "bottom"}).pop()]
        return tuple(seen[row, where[(sides & {"left", "right"}).pop()]].tolist())

    assert at(row_0, column_0) == RED
    assert at(row_0, opposite[column_0]) == GREEN
    assert at(opposite[row_0], column_0) == BLUE
    assert at(opposite[row_0], opposite[column_0]) == WHITE


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "I", "YCbCr"])
def test_every_mode_becomes_rgb(corners, mode, tmp_path):
    name = "a.tif" if mode in ("CMYK", "YCbCr", "LA", "I") else "a.png"
    if mode.startswith("I"):
        grey = np.asarray(corners.convert("L")).astype(np.uint16 if mode == "I;16" else np.int32) * 257
        Image.fromarray(grey).save(tmp_path / name)
        expected = np.asarray(corners.convert("L").convert("RGB"))
    else:
        converted = corners.convert(mode)
        converted.save(tmp_path / name)
        expected = np.asarray(converted.convert("RGB"))
    seen = read_picture(tmp_path / name)
    assert seen.dtype == np.uint8
    assert seen.flags.c_contiguous or seen.base is not None
    np.testing.assert_allclose(seen.astype(int), expected.astype(int), atol=3)


def test_twelve_bits_in_sixteen_are_as_bright_as_eight(tmp_path):
    grey = np.arange(256, dtype=np.uint16).reshape(16, 16) * 16
    Image.fromarray(grey).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[..., 0], np.arange(256).reshape(16, 16))


def test_what_is_transparent_stands_over_grey(tmp_path):
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[..., 3] = np.array([0, 255, 0, 255])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    seen = read_picture(tmp_path / "a.png")
    assert (seen[:, 0] == BEHIND).all()
    assert (seen[:, 1] == 200).all()
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "p.png", transparency=0)
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png")[0], [BEHIND, (40, 50, 60)])


def test_damaged_exif_does_not_lose_the_picture(corners, tmp_path):
    corners.save(tmp_path / "a.png", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + bytes(range(40)))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), np.asarray(corners))


def _png_that_claims(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _saved(picture, kind):
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_truncated_pictures_are_refused_in_a_line(kind, tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = _saved(noise, kind)
    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(PictureError, match=r"a\.jpg") as caught:
        read_picture(tmp_path / "a.jpg")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no picture"),
        (b"hello" * 100, "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (_png_that_claims(60_000, 60_000), "make it smaller"),
        (_png_that_claims(20_000, 10), "make it smaller"),
        (_png_that_claims(12_000, 12_000), "make it smaller"),
        (b"P6 50000 50000 255\n" + bytes(100), "make it smaller"),
    ],
)
def test_what_is_no_picture_or_claims_to_be_huge_is_refused(data, said, tmp_path):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(PictureError, match=said):
        read_picture(tmp_path / "a.png")


def test_floating_point_folders_and_pipes_are_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "f.tif")
    os.mkfifo(tmp_path / "pipe.png")
    for name, said in (("f.tif", "floating point"), ("pipe.png", "not a regular file"), ("", "directory")):
        with pytest.raises(PictureError, match=said):
            read_picture(tmp_path / name)


_SOUND = {
    kind: _saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 25, 3), dtype=np.uint8)), kind)
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "PPM")
}


@settings(max_examples=150)
@given(st.sampled_from(sorted(_SOUND)), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=5),
       st.integers(0, 5000))  # fmt: skip
def test_whatever_is_damaged_is_read_or_refused(tmp_path_factory, kind, changes, length):
    data = bytearray(_SOUND[kind])
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[:length] if length < len(data) else data)
    try:
        picture = read_picture(path)
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert picture.dtype == np.uint8
        assert picture.shape[2:] == (3,)
        assert picture.size <= 3 * (1 << 27)

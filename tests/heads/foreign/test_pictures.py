import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign import pictures
from synhead_tools.heads.foreign.pictures import PictureShelf, decode_picture


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GREY16 = Image.fromarray(np.uint16([[0, 256 * 100, 65535]]))
CMYK = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
PALETTE = Image.new("P", (2, 1))
PALETTE.putpalette([255, 0, 0, 0, 0, 255])
PALETTE.putdata([0, 1])

MODES = [
    (saved(Image.new("RGB", (2, 3), (1, 2, 3))), (3, 2), (1, 2, 3, 255)),
    (saved(Image.new("RGBA", (2, 3), (1, 2, 3, 4))), (3, 2), (1, 2, 3, 4)),
    (saved(Image.new("L", (2, 3), 7)), (3, 2), (7, 7, 7, 255)),
    (saved(Image.new("LA", (2, 3), (7, 8))), (3, 2), (7, 7, 7, 8)),
    (saved(Image.new("1", (2, 3), 1)), (3, 2), (255, 255, 255, 255)),
    (saved(PALETTE, transparency=0), (1, 2), (255, 0, 0, 0)),
    (saved(Image.new("RGB", (2, 3), (1, 2, 3)), "BMP"), (3, 2), (1, 2, 3, 255)),
    (saved(Image.new("RGB", (2, 3), (1, 2, 3)), "TGA"), (3, 2), (1, 2, 3, 255)),
    (saved(Image.new("RGB", (2, 3), (1, 2, 3)), "WEBP", lossless=True), (3, 2), (1, 2, 3, 255)),
    (saved(Image.new("RGB", (2, 3), (1, 2, 3)), "TIFF"), (3, 2), (1, 2, 3, 255)),
]


@pytest.mark.parametrize(("data", "shape", "first"), MODES)
def test_every_mode_becomes_rgba(data, shape, first):
    rgba = decode_picture(data, "p")
    assert rgba.dtype == np.uint8
    assert rgba.shape == (*shape, 4)
    assert tuple(rgba[0, 0].tolist()) == first


def test_sixteen_bits_keep_their_upper_half():
    assert decode_picture(saved(GREY16), "p")[0, :, 0].tolist() == [0, 100, 255]
    assert decode_picture(saved(GREY16, "TIFF"), "p")[0, :, 0].tolist() == [0, 100, 255]


def test_cmyk_is_turned_into_light():
    red = decode_picture(saved(CMYK, "JPEG", quality=95), "p")[2, 2]
    assert red[0] > 200
    assert max(red[1:3]) < 60
    assert red[3] == 255


def test_pixels_stay_where_the_file_has_them_whatever_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image = Image.fromarray(np.tile(np.uint8([[0, 255]]), (8, 8)).repeat(1, axis=0))
    image = Image.fromarray(np.hstack([np.zeros((8, 16), np.uint8), np.full((8, 16), 255, np.uint8)]))
    rgba = decode_picture(saved(image, "JPEG", exif=exif, quality=95), "p")
    assert rgba.shape == (8, 32, 4)
    assert rgba[4, 2, 0] < 20 < 235 < rgba[4, 30, 0]


def test_of_an_animation_the_first_picture():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert tuple(decode_picture(data, "p")[0, 0].tolist()) == (255, 0, 0, 255)


def test_a_large_picture_is_made_smaller(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_SIDE_PX", 16)
    assert decode_picture(saved(Image.new("RGB", (64, 32), (9, 9, 9))), "p").shape == (8, 16, 4)


def _png_of(width, height, rows=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


WHOLE = saved(Image.effect_noise((32, 32), 40))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no picture"),
        (b"hello", "no picture"),
        (WHOLE[:-40], "damaged"),
        (WHOLE[:30], "picture"),
        (saved(Image.new("RGB", (16, 16)), "JPEG")[:300], "picture"),
        (_png_of(30000, 30000), "make it smaller"),
        (_png_of(9000, 9000), "9000 x 9000"),
        (_png_of(2**31 - 1, 2**31 - 1), "make it smaller"),
        (_png_of(0, 5), "picture"),
        (_png_of(4, 4, b"\0\1"), "damaged"),
        (saved(Image.new("F", (2, 2), 0.5), "TIFF"), "floating"),
        (saved(Image.new("RGB", (2, 2)), "GIF"), "no picture"),
    ],
)
def test_what_cannot_be_drawn_is_refused(data, said):
    with pytest.raises(HeadError, match="skin.png") as error:
        decode_picture(data, "skin.png")
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_all_pictures_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS_IN_ALL", 20)
    shelf = PictureShelf()
    data = saved(Image.new("RGB", (4, 4)))
    assert shelf.add("a", data, "a") == shelf.add("a", b"not looked at", "a") == 0
    with pytest.raises(HeadError, match="together"):
        shelf.add("b", data, "b")

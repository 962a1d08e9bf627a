"""Readers against files written here by another hand, and against hostile ones."""

import time
import tracemalloc

import numpy as np
import pytest

from synhead_tools.errors import PlanError
from synhead_tools.rendering.looks import radiance_hdr
from synhead_tools.rendering.looks.radiance_hdr import MAX_BYTES, MAX_RADIANCE, MAX_WIDTH_PX, read_radiance_hdr

HEADER = b"#?RADIANCE\n# made for a test\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=1.0\n\n"


def encode(linear):
    """RGBE of linear colours, after Ward: the largest channel has a mantissa of 128 to 255."""
    largest = linear.max(axis=-1)
    mantissa, exponent = np.frexp(largest)
    scale = np.where(largest > 1e-32, mantissa * 256 / np.maximum(largest, 1e-32), 0)
    rgbe = np.zeros((*linear.shape[:2], 4), np.uint8)
    rgbe[..., :3] = linear * scale[..., None]
    rgbe[..., 3] = np.where(largest > 1e-32, exponent + 128, 0)
    return rgbe


def size_line(height, width):
    return b"-Y %d +X %d\n" % (height, width)


def packed(rgbe):
    """Runs where four or more bytes are the same, else stretches of up to 128."""
    out = bytearray()
    for row in rgbe:
        out += bytes([2, 2, len(row) >> 8, len(row) & 255])
        for plane in row.T:
            values, at = plane.tolist(), 0
            while at < len(values):
                run = 1
                while at + run < len(values) and run < 127 and values[at + run] == values[at]:
                    run += 1
                if run >= 4:
                    out += bytes([128 + run, values[at]])
                    at += run
                else:
                    stretch = values[at : at + min(128, 3)]
                    out += bytes([len(stretch), *stretch])
                    at += len(stretch)
    return bytes(out)


def old_runs(rgbe):
    """The first kind of run: a pixel, then (1, 1, 1, n)."""
    out = bytearray()
    for row in rgbe:
        at = 0
        while at < len(row):
            run = 1
            while at + run < len(row) and (row[at + run] == row[at]).all():
                run += 1
            out += bytes(row[at])
            left, shift = run - 1, 0
            while left:
                out += bytes([1, 1, 1, left & 255]) if left & 255 or left < 256 else bytes([1, 1, 1, 0])
                left >>= 8
                shift += 8
            at += run
    return bytes(out)


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    linear = np.exp(rng.normal(0, 3, (6, 20, 3)))
    linear[2, 3:18] = (0.5, 0.25, 2.0)
    linear[4] = 0
    return linear


@pytest.mark.parametrize("write", [lambda rgbe: rgbe.tobytes(), packed, old_runs])
def test_every_layout_reads_back(tmp_path, picture, write):
    file = tmp_path / "map.hdr"
    file.write_bytes(HEADER + size_line(6, 20) + write(encode(picture)))
    read = read_radiance_hdr(file)
    assert read.dtype == np.float32
    expected = np.minimum(picture, MAX_RADIANCE)
    assert (np.abs(read - expected) <= expected.max(axis=-1, keepdims=True) / 127 + 1e-6).all()


def test_long_old_runs(tmp_path):
    """A run of over 255 takes two marks, the second worth 256 each."""
    rgbe = np.tile(np.array([200, 100, 50, 129], np.uint8), (2, 700, 1))
    file = tmp_path / "map.hdr"
    file.write_bytes(HEADER + size_line(2, 700) + old_runs(rgbe))
    np.testing.assert_allclose(read_radiance_hdr(file), np.tile(np.float32([1.5625, 0.78125, 0.390625]), (2, 700, 1)))


def test_wide_maps_are_averaged(tmp_path):
    width = 2 * MAX_WIDTH_PX
    rgbe = np.zeros((4, width, 4), np.uint8)
    rgbe[..., 3] = 129
    rgbe[:, ::2, :3] = 128
    file = tmp_path / "wide.hdr"
    file.write_bytes(HEADER + size_line(4, width) + rgbe.tobytes())
    read = read_radiance_hdr(file)
    assert read.shape == (2, MAX_WIDTH_PX, 3)
    np.testing.assert_allclose(read, 0.5)


def test_huge_exponents_are_cut_and_no_exposure_is_believed(tmp_path):
    rgbe = np.full((2, 8, 4), 255, np.uint8)
    for exposure in (b"nan", b"inf", b"0", b"1e-300"):
        file = tmp_path / "hot.hdr"
        header = HEADER.replace(b"EXPOSURE=1.0", b"EXPOSURE=" + exposure)
        file.write_bytes(header + size_line(2, 8) + rgbe.tobytes())
        read = read_radiance_hdr(file)
        assert np.isfinite(read).all()
        assert (read == MAX_RADIANCE).all()


HOSTILE = {
    "empty": b"",
    "text": b"hello\n\n-Y 2 +X 2\n" + bytes(16),
    "no size": HEADER,
    "no end of header": b"#?RADIANCE\n" + b"A=1\n" * 100_000,
    "another format": b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 2 +X 2\n" + bytes(16),
    "another layout": HEADER + b"+Y 2 +X 2\n" + bytes(16),
    "not a number": HEADER + b"-Y 2 +X \xb2\n" + bytes(16),
    "zero": HEADER + size_line(0, 8),
    "huge": HEADER + size_line(10**9, 10**9),
    "huge product": HEADER + size_line(2**20, 2**20),
    "claims much, has little": HEADER + size_line(5000, 6000) + bytes([2, 2, 6000 >> 8, 6000 & 255]),
    "truncated flat": HEADER + size_line(4, 8) + bytes(4 * 8 * 4 - 1),
    "truncated run": HEADER + size_line(1, 8) + bytes([2, 2, 0, 8, 136]),
    "other width in line": HEADER + size_line(1, 8) + bytes([2, 2, 0, 9]) + bytes(100),
    "run beyond the line": HEADER + size_line(1, 8) + bytes([2, 2, 0, 8, 255, 1]) + bytes(100),
    "stretch of nothing": HEADER + size_line(1, 8) + bytes([2, 2, 0, 8, 0, 0]) + bytes(100),
    "repeats before a pixel": HEADER + size_line(1, 8) + bytes([1, 1, 1, 5]) + bytes(100),
    "repeats for ever": HEADER + size_line(1, 8) + bytes([9, 9, 9, 9]) + bytes([1, 1, 1, 0]) * 50,
    "long digits": HEADER + b"-Y " + b"9" * 5000 + b" +X 2\n",
}


def test_what_is_packed_in_endless_pieces_does_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(radiance_hdr, "_MOST_PIECES", 10_000)
    line = bytes([2, 2, 1000 >> 8, 1000 & 255]) + bytes([1, 7]) * 4000
    (tmp_path / "bad.hdr").write_bytes(HEADER + size_line(100, 1000) + line * 100)
    with pytest.raises(PlanError, match="pieces"):
        read_radiance_hdr(tmp_path / "bad.hdr")


def test_many_marks_are_quick(tmp_path):
    """A line of pixels and marks by turns, as large as lines may be."""
    width = 32000
    line = bytes([9, 9, 9, 129, 1, 1, 1, 1]) * (width // 2)
    (tmp_path / "slow.hdr").write_bytes(HEADER + size_line(40, width) + line * 40)
    start = time.process_time()
    assert read_radiance_hdr(tmp_path / "slow.hdr").shape[1] == MAX_WIDTH_PX - 48
    assert time.process_time() - start < 3


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_line(tmp_path, name):
    file = tmp_path / "bad.hdr"
    file.write_bytes(HOSTILE[name])
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(PlanError, match=r"bad\.hdr") as caught:
        read_radiance_hdr(file)
    assert time.process_time() - start < 2
    room = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert room < MAX_BYTES + (8 << 20), "beside the buffer of any file it makes no room for what is not there"
    assert "\n" not in str(caught.value)


def test_random_damage_never_escapes(tmp_path, picture):
    good = bytearray(HEADER + size_line(6, 20) + packed(encode(picture)))
    rng = np.random.default_rng(1)
    file = tmp_path / "damaged.hdr"
    for _ in range(300):
        data = bytearray(good)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(256)
        file.write_bytes(data[: rng.integers(1, len(data) + 1)])
        try:
            read = read_radiance_hdr(file)
        except PlanError:
            continue
        assert np.isfinite(read).all()

import os
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_depth import BYTES_LIMIT, read_depth_bin

# 3 x 2 pixels: 0 0 1000 / 1001 0 0, as two runs
GOLDEN = struct.pack("<ii ii hh ii", 3, 2, 2, 2, 1000, 1001, 2, 0)


def _read(tmp_path, data):
    (tmp_path / "frame_00003_depth.bin").write_bytes(data)
    return read_depth_bin(tmp_path / "frame_00003_depth.bin")


def test_golden_bytes(tmp_path):
    depth_mm = _read(tmp_path, GOLDEN)
    assert depth_mm.dtype == np.uint16
    assert depth_mm.tolist() == [[0, 0, 1000], [1001, 0, 0]]


@given(
    arrays.arrays(
        np.uint16, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 0, 1, 871, 32_767])
    )
)
def test_every_image_survives_the_coding(tmp_path_factory, depth_bytes, depth_mm):
    path = tmp_path_factory.getbasetemp() / "any_depth.bin"
    path.write_bytes(depth_bytes(depth_mm))
    np.testing.assert_array_equal(read_depth_bin(path), depth_mm)


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
def test_damage_is_refused_or_gives_an_image_of_that_size(tmp_path_factory, place, byte):
    path = tmp_path_factory.getbasetemp() / "damaged_depth.bin"
    path.write_bytes(GOLDEN[:place] + bytes([byte]) + GOLDEN[place + 1 :])
    try:
        depth_mm = read_depth_bin(path)
    except LabelFormatError:
        return
    assert depth_mm.size == 6
    assert depth_mm.max() <= 32_767


@pytest.mark.parametrize("size", range(len(GOLDEN)))
def test_every_truncation_is_refused(tmp_path, size):
    with pytest.raises(LabelFormatError, match="ends"):
        _read(tmp_path, GOLDEN[:size])


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (GOLDEN + b"\0\0", "has 2 bytes after the last pixel"),
        (struct.pack("<iiii", -3, 2, 6, 0), "claims -3 x 2 pixels"),
        (struct.pack("<iiii", 3, 0, 6, 0), "claims 3 x 0 pixels"),
        (struct.pack("<iiii", 2**31 - 1, 2**31 - 1, 1, 1), "claims 2147483647 x 2147483647 pixels"),
        (struct.pack("<iiii", 1 << 20, 2, 6, 0), "claims 1048576 x 2 pixels"),
        (struct.pack("<iiii", 3, 2, -1, 7), "run 0 at byte 8: -1 empty and 7 full of 6 pixels left"),
        (struct.pack("<iiii", 3, 2, 7, -1), "7 empty and -1 full"),
        (struct.pack("<iiii", 3, 2, 7, 0), "7 empty and 0 full of 6"),
        (struct.pack("<iiii", 3, 2, 2**31 - 1, 2**31 - 1), "2147483647 empty and 2147483647 full of 6"),
        (struct.pack("<iiii", 3, 2, 0, 0), "0 empty and 0 full of 6"),
        (struct.pack("<iiiiii", 3, 2, 4, 0, 3, 0), "run 1 at byte 16: 3 empty and 0 full of 2 pixels left"),
        (struct.pack("<iiiih", 3, 2, 0, 6, 1), "the file ends within its 6 pixels"),
        (struct.pack("<iiiih", 3, 2, 5, 1, -7), "row 1, column 2: depth -7 mm"),
    ],
)
def test_hostile_counts_are_refused(tmp_path, data, complaint):
    with pytest.raises(LabelFormatError, match=complaint):
        _read(tmp_path, data)


def test_a_file_of_tiny_runs_or_a_pipe_takes_no_time(tmp_path):
    started = time.process_time()
    with pytest.raises(LabelFormatError, match="ends with"):
        _read(tmp_path, struct.pack("<ii", 1280, 1024) + struct.pack("<ii", 1, 0) * 300_000)
    with pytest.raises(LabelFormatError, match="more than"):
        _read(tmp_path, bytes(BYTES_LIMIT + 1))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LabelFormatError, match="not a regular file"):
        read_depth_bin(tmp_path / "pipe")
    assert time.process_time() - started < 5


@pytest.mark.real
def test_real_depth_image(real_data, depth_bytes):
    path = real_data / "biwi_sample/01/frame_00003_depth.bin"
    depth_mm = read_depth_bin(path)
    assert depth_mm.shape == (480, 640)
    assert 500 < depth_mm[depth_mm > 0].min() < depth_mm.max() < 1000
    assert depth_bytes(depth_mm) == path.read_bytes()

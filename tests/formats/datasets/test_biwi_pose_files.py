import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_pose_files import read_pose_bin, read_pose_txt
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.frames import check_rotmat

# natanielruiz/deep-head-pose, issue 39: both files of 01/frame_00501
TXT = (
    "0.45684 -0.404949 -0.792031 \n-0.103806 0.860022 -0.499587 \n0.883471 0.310449 0.350856 \n\n"
    "156.6 94.6106 893.541 \n"
)
BIN = (156.60000610351562, 94.61060333251953, 893.541015625, 41.50346755981445, -62.06394958496094, -12.801728248596191)


def _txt(tmp_path, text):
    path = tmp_path / "frame_00501_pose.txt"
    path.write_bytes(text.encode())
    return path


def _bin(tmp_path, values, size=24):
    path = tmp_path / "frame_00501_pose.bin"
    path.write_bytes((np.array(values, "<f4").tobytes() * 30)[:size])
    return path


def test_the_two_files_of_a_frame_say_the_same(tmp_path):
    rotmat, centre_m = read_pose_txt(_txt(tmp_path, TXT))
    assert rotmat[0].tolist() == [0.45684, -0.404949, -0.792031]  # as written: not transposed, not rounded
    of_bin, bin_centre_m = read_pose_bin(_bin(tmp_path, BIN))
    assert geodesic_distance_deg(rotmat, of_bin) < 1e-4
    np.testing.assert_allclose(centre_m, [0.1566, 0.0946106, 0.893541], rtol=0, atol=1e-12)
    np.testing.assert_allclose(centre_m, bin_centre_m, rtol=0, atol=1e-7)
    # six digits of the matrix carry 3e-5 degrees at this yaw
    np.testing.assert_allclose(euler_from_rotmat(rotmat, "biwi"), BIN[3:], rtol=0, atol=5e-5)
    np.testing.assert_allclose(euler_from_rotmat(of_bin, "biwi"), BIN[3:], rtol=0, atol=1e-9)
    np.testing.assert_allclose(euler_from_rotmat(of_bin, "biwi+"), (41.50347, 62.06395, 12.80173), rtol=0, atol=2e-5)


@pytest.mark.parametrize("text", [TXT.replace("\n\n", "\n"), TXT.replace("\n", "\n\n"), TXT.strip()])
def test_extra_and_missing_blank_lines(tmp_path, text):
    np.testing.assert_array_equal(read_pose_txt(_txt(tmp_path, text))[0], read_pose_txt(_txt(tmp_path, TXT))[0])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TXT.split("\n\n")[0], "ends before the head centre is complete"),
        (TXT.replace("0.350856", ""), "line 3: 2 numbers; expected 3 of the rotation"),
        (TXT.replace("0.860022", "0.960022"), "line 2: row of length 1.0"),
        (TXT.replace("0.45684 -0.404949 -0.792031", "0.883471 0.310449 0.350856"), "lines 1 and 3: rows that are not"),
        (
            TXT.replace("0.883471 0.310449 0.350856", "-0.883471 -0.310449 -0.350856"),
            "lines 1 to 3: the matrix mirrors",
        ),
        (TXT.replace("893.541", "0.893541"), "line 5: head centre 156.6, 94.6106, 0.893541 is not 100 to 10000 mm"),
        (TXT.replace("893.541", "-893.541"), "is not 100 to 10000 mm in front of the camera"),
        (TXT.replace("156.6", "1e9"), "is not 100 to"),
        (TXT.replace("156.6", "inf"), "line 5: 'inf' is not a finite number"),
    ],
)
def test_bad_text_is_refused_with_its_line(tmp_path, text, complaint):
    with pytest.raises(LabelFormatError, match=complaint):
        read_pose_txt(_txt(tmp_path, text))


@pytest.mark.parametrize(
    ("values", "size", "complaint"),
    [
        (BIN, 23, "has 23 bytes; expected 24"),
        (BIN, 48, "has 48 bytes"),
        (BIN, 720, "more than 384"),
        ((*BIN[:3], np.nan, 0, 0), 24, "three angles in degrees"),
        ((*BIN[:3], 0, 0, 361), 24, "three angles in degrees"),
        ((*BIN[3:], *BIN[:3]), 24, "three angles in degrees"),
        ((*(np.array(BIN[:3]) / 1000), *BIN[3:]), 24, "head centre 0.1566, 0.0946106, 0.893541 is not 100 to"),
    ],
)
def test_bad_binary_files_are_refused(tmp_path, values, size, complaint):
    with pytest.raises(LabelFormatError, match=complaint):
        read_pose_bin(_bin(tmp_path, values, size))


@pytest.mark.parametrize("reader", [read_pose_txt, read_pose_bin])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    for name in ("absent", "pipe", "."):
        with pytest.raises(LabelFormatError):
            reader(tmp_path / name)


@given(st.tuples(*[st.floats(-180, 180, width=32)] * 3), st.floats(100, 10_000, width=32))
def test_every_pose_survives_as_float32(tmp_path_factory, angles, z):
    path = tmp_path_factory.getbasetemp() / "any_pose.bin"
    path.write_bytes(np.array([1, -2, z, *angles], "<f4").tobytes())
    rotmat, centre_m = read_pose_bin(path)
    check_rotmat(rotmat, 1e-12)
    assert centre_m.tolist() == [0.001, -0.002, z / 1000]
    # R = Rz(roll) Ry(yaw) Rx(pitch), multiplied out by hand
    (cp, cy, cr), (sp, sy, sr) = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    by_hand = [
        [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
        [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
        [-sy, cy * sp, cy * cp],
    ]
    np.testing.assert_allclose(rotmat, by_hand, atol=1e-12)

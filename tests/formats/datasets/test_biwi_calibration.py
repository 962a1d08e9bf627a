import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_calibration import read_calibration
from synhead_tools.formats.datasets.biwi_plus import BIWI_INTRINSICS

# numbers of the card of the Hugging Face copy of the database (sequence 12)
RGB = """517.679 0 320
0 517.679 240.5
0 0 1

0 0 0 0

0.999947 0.00432361 0.00929419
-0.00446314 0.999877 0.0150443
-0.009228 -0.015085 0.999844

-24.0198 5.8896 -13.2308

640 480"""


def _read(tmp_path, text):
    (tmp_path / "rgb.cal").write_text(text)
    return read_calibration(tmp_path / "rgb.cal")


def test_every_number_stands_where_it_belongs(tmp_path):
    camera = _read(tmp_path, RGB)
    np.testing.assert_array_equal(camera.intrinsics, BIWI_INTRINSICS)
    assert camera.distortion.tolist() == [0, 0, 0, 0]
    assert camera.rotmat[0].tolist() == [0.999947, 0.00432361, 0.00929419]  # not transposed
    np.testing.assert_allclose(camera.translation_m, [-0.0240198, 0.0058896, -0.0132308], rtol=0, atol=1e-15)
    assert camera.size == (480, 640)


def test_points_go_from_the_depth_camera_to_this_one(tmp_path):
    camera = _read(tmp_path, RGB)
    points = np.array([[0.0, 0, 0], [0, 0, 1], [0.05, 0.04, 0.88]])
    moved = camera.from_depth_camera(points)
    np.testing.assert_allclose(moved[0], camera.translation_m)
    np.testing.assert_allclose(moved[1] - moved[0], [0.00929419, 0.0150443, 0.999844], rtol=0, atol=1e-12)
    np.testing.assert_allclose(moved[2], camera.from_depth_camera(points[2]))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("\n\n640 480", "", "ends before the picture's width and height is complete"),
        ("640 480", "640 0", "line 13: 640 x 0 is no picture size"),
        ("640 480", "640.5 480", "640.5 x 480 is no picture size"),
        ("640 480", "1e9 480", r"1e\+09 x 480 is no picture size"),
        ("0 0 1\n", "0 0 2\n", "lines 1 to 3: not a camera matrix"),
        ("517.679 0 320", "-517.679 0 320", "not a camera matrix"),
        ("0 0 0 0", "0 0 0", "line 5: 3 numbers; expected 4 of the lens distortion"),
        ("0.999947", "0.899947", "line 7: row of length 0.9"),
        ("-24.0198", "nan", "line 11: 'nan' is not a finite number"),
        ("517.679 0 320", "\n517.679 0 320 1", "line 2: 4 numbers; expected 3 of the camera matrix"),
    ],
)
def test_bad_files_are_refused_with_their_line(tmp_path, old, new, complaint):
    assert old in RGB
    with pytest.raises(LabelFormatError, match=complaint):
        _read(tmp_path, RGB.replace(old, new, 1))


@pytest.mark.real
def test_real_calibrations(real_data, tmp_path):
    folder = real_data / "biwi_sample/01"
    rgb, depth = read_calibration(folder / "rgb.cal"), read_calibration(folder / "depth.cal")
    of_card = _read(tmp_path, RGB)  # sequences 01 and 12 were taken with one calibration
    for name in ("intrinsics", "distortion", "rotmat", "translation_m", "size"):
        np.testing.assert_array_equal(getattr(rgb, name), getattr(of_card, name))
    np.testing.assert_array_equal(depth.intrinsics, [[575.816, 0, 320], [0, 575.816, 240], [0, 0, 1]])
    np.testing.assert_array_equal(depth.from_depth_camera(np.eye(3)), np.eye(3))

import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError, PictureError
from synhead_tools.formats.camera_file import CameraFile
from synhead_tools.geometry.projection import intrinsics_from_fov
from synhead_tools.learning.prediction.camera_choice import UNKNOWN_CAMERA, CameraChoice


def test_unknown_given_and_from_a_file():
    assert UNKNOWN_CAMERA.intrinsics(640, 480) is None
    assert not UNKNOWN_CAMERA.is_known
    given = CameraChoice(intrinsics_px=(500.0, 510.0, 320.0, 240.0))
    np.testing.assert_array_equal(given.intrinsics(99, 9), [[500, 0, 320], [0, 510, 240], [0, 0, 1]])
    file = CameraChoice(file=CameraFile(500.0, 510.0, 320.0, 240.0, 640, 480))
    np.testing.assert_array_equal(file.intrinsics(1280, 960), [[1000, 0, 640], [0, 1020, 480], [0, 0, 1]])
    with pytest.raises(LabelFormatError, match="another shape"):
        file.intrinsics(480, 640)


def test_a_field_of_view_is_horizontal():
    found = CameraChoice(fov_x_deg=60.0).intrinsics(640, 480)
    turned = intrinsics_from_fov(480, 640, 60.0)  # that one is vertical
    assert found[0, 0] == found[1, 1] == pytest.approx(turned[1, 1])
    assert tuple(found[:2, 2]) == (320, 240)
    edge = np.linalg.inv(found) @ [640, 240, 1]
    assert np.degrees(np.arctan(edge[0])) == pytest.approx(30)


@pytest.mark.parametrize(
    "wrong",
    [{"fov_x_deg": 180.0}, {"fov_x_deg": float("nan")}, {"intrinsics_px": (0.0, 1.0, 1.0, 1.0)},
     {"intrinsics_px": (1.0, 1.0, float("inf"), 1.0)}, {"fov_x_deg": 50.0, "intrinsics_px": (1.0, 1.0, 1.0, 1.0)}],
)  # fmt: skip
def test_no_such_camera(wrong):
    with pytest.raises(PictureError):
        CameraChoice(**wrong)

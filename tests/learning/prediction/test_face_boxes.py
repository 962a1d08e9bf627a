import numpy as np
import pytest

from synhead_tools.errors import PictureError
from synhead_tools.learning.prediction.face_boxes import DetectedFaces, SameBox, WholePicture, check_boxes

PICTURE = np.zeros((48, 64, 3), np.uint8)


def test_the_whole_picture_and_one_box_for_all(tmp_path):
    np.testing.assert_array_equal(WholePicture().find(PICTURE, tmp_path, None), [[0, 0, 64, 48]])
    np.testing.assert_array_equal(SameBox((1, 2, 30, 40)).find(PICTURE, tmp_path, None), [[1, 2, 30, 40]])


@pytest.mark.parametrize(
    "box", [(10, 10, 10, 20), (20, 10, 10, 20), (70, 10, 90, 30), (-9, -9, 0, 5), (np.nan, 0, 1, 1), (-9e9, 0, 60, 40)]
)
def test_boxes_that_show_nothing_are_refused(box, tmp_path):
    with pytest.raises(PictureError, match=r"a\.png: box"):
        check_boxes(np.array([box], float), PICTURE.shape, tmp_path / "a.png")


def test_boxes_may_reach_beyond_the_picture(tmp_path):
    box = np.array([[-20.0, -10, 50, 60]])
    np.testing.assert_array_equal(check_boxes(box, PICTURE.shape, tmp_path), box)


def test_a_detector_is_asked_and_its_nonsense_left_out(tmp_path):
    found = [[1, 2, 30, 40, ], [5, 5, 5, 9], [np.nan, 1, 2, 3], [2, 2, 9, 9]]  # fmt: skip
    boxes = DetectedFaces(lambda picture: np.array(found, np.float32)).find(PICTURE, tmp_path, None)
    np.testing.assert_array_equal(boxes, [[1, 2, 30, 40], [2, 2, 9, 9]])
    assert DetectedFaces(lambda picture: np.empty((0, 4))).find(PICTURE, tmp_path, None).shape == (0, 4)

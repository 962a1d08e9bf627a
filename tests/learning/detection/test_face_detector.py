from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.errors import TrainingError
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.face_detector import FILLED_BORDER, NMS_IOU, SCORE_THRESHOLD, FaceDetector
from synhead_tools.learning.detection.voting import VOTE_IOU

BOX = np.array([[10.0, 20.0, 30.0, 60.0]])


class BrightCorner(FaceDetector):
    """Finds a face in inputs whose first pixel is brighter than the border's."""

    def __init__(self):
        self.seen = []

    def answer(self, inputs, score_threshold, nms_iou, vote_iou):
        self.seen.append((inputs.shape, score_threshold, nms_iou, vote_iou))
        found = [float(picture[0, 0].mean()) > 200 for picture in inputs]
        return [Detections(BOX[:n], np.ones(n), np.zeros((n, 5, 2))) for n in map(int, found)]


class MeshedCorner(BrightCorner):
    """And knows the mean face's mesh, which close-ups can make better."""

    def answer(self, inputs, score_threshold, nms_iou, vote_iou):
        mesh = load_face_mesh().mean_m[None] * 300 + np.array([20.0, 40.0, 0.0])
        found = super().answer(inputs, score_threshold, nms_iou, vote_iou)
        return [replace(each, mesh=np.repeat(mesh, len(each), axis=0)) for each in found]


def grey(value, height=64, width=128):
    """All but one pixel, so that there is something to be seen."""
    picture = np.full((height, width, 3), value, np.uint8)
    picture[-1, -1] = 255 - value
    return picture


def test_nothing_is_found_in_a_picture_of_one_colour():
    flat = np.full((64, 128, 3), 255, np.uint8)
    dim = flat.copy()
    dim[0, 5] = 255 - 23
    found = BrightCorner().detect([flat, dim, grey(255)], longest_px=None, close_up_score=None)
    assert [len(each) for each in found] == [0, 0, 1]
    assert found[0].boxes_xyxy.shape == (0, 4)


def test_pictures_of_one_size_go_together_and_answers_keep_their_order():
    detector = BrightCorner()
    found = detector.detect(
        [grey(255), grey(0), grey(255, 64, 64), grey(255)], longest_px=None, close_up_score=None, batch_size=2
    )
    assert [len(each) for each in found] == [1, 0, 1, 1]
    assert sorted(shape[0] for shape, *_ in detector.seen) == [1, 1, 2]
    assert {tuple(seen[1:]) for seen in detector.seen} == {(SCORE_THRESHOLD, NMS_IOU, VOTE_IOU)}


def test_answers_are_in_pixels_of_the_picture():
    (found,) = BrightCorner().detect([grey(255, 32, 64)], longest_px=128, close_up_score=None)
    np.testing.assert_allclose(found.boxes_xyxy, BOX / 2)


def test_only_pictures_without_a_face_are_looked_at_again_with_a_border():
    detector = BrightCorner()
    found = detector.detect(
        [grey(255), grey(0), grey(0)], longest_px=128, second_border=FILLED_BORDER, close_up_score=None
    )
    assert [len(each) for each in found] == [1, 0, 0]
    shapes = [shape for shape, *_ in detector.seen]
    assert shapes == [(3, 64, 128, 3), (2, 128, 128, 3)]  # 128 + 2 x 64, and 64 + 2 x 64, at half the scale
    assert len(BrightCorner().find_faces(grey(255))) == 1


@pytest.mark.parametrize(("detector", "again"), [(MeshedCorner, True), (BrightCorner, False)])
def test_faces_for_estimators_are_looked_at_again_where_that_helps_and_is_wanted(detector, again):
    thorough, quick = detector(), detector()
    thorough.find_faces(grey(255))
    assert len(quick.find_faces(grey(255), close_ups=False)) == 1
    assert len(quick.seen) == 1
    assert (len(thorough.seen) > 1) == again


@pytest.mark.parametrize(
    "options",
    [
        {"longest_px": 8},
        {"score_threshold": 1.1},
        {"nms_iou": -0.1},
        {"vote_iou": 2},
        {"border": 5},
        {"second_border": 5},
        {"close_up_score": 1.5},
    ],
)
def test_settings_outside_their_range_are_named(options):
    with pytest.raises(TrainingError, match=f"{next(iter(options))} = .* must be between"):
        BrightCorner().detect([grey(0)], **options)
    with pytest.raises(TrainingError, match="uint8, RGB"):
        BrightCorner().detect([np.zeros((4, 4), np.uint8)])


def test_large_inputs_go_through_one_by_one():
    detector = BrightCorner()
    found = detector.detect([grey(255, 2048, 2048)] * 3, longest_px=None, close_up_score=None)
    assert [len(each) for each in found] == [1, 1, 1]
    assert [shape[0] for shape, *_ in detector.seen] == [1, 1, 1]


@pytest.mark.parametrize("part", ["boxes_xyxy", "points5", "mesh"])
def test_what_is_not_made_of_numbers_is_no_face(part):
    class Odd(FaceDetector):
        def answer(self, inputs, score_threshold, nms_iou, vote_iou):
            told = {"boxes_xyxy": np.concatenate([BOX, BOX + 40]), "scores": np.ones(2)}
            told |= {"points5": np.zeros((2, 5, 2)), "mesh": np.ones((2, 7, 3))}
            told[part][0].flat[3] = np.nan
            return [Detections(**told)]

    (found,) = Odd().detect([grey(255)], longest_px=None, close_up_score=None)
    np.testing.assert_array_equal(found.boxes_xyxy, BOX + 40)
    assert (len(found.points5), len(found.mesh)) == (1, 1)

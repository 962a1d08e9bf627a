from dataclasses import replace

import numpy as np
import pytest

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.evaluate_detector import evaluate_detector
from synhead_tools.learning.detection.scene_sample import SceneSample

MESH = load_face_mesh()


class Answers:
    """A detector whose answers are known."""

    def __init__(self, answers):
        self._answers = answers

    def detect(self, images, *, close_up_score, **_):
        assert close_up_score is None
        return self._answers[: len(images)]

    def close_ups(self, found, images, **_):
        """They show the truth of the first picture's first face, 3 px to the left."""
        return [replace(each, points5=each.points5 - [3.0, 0], mesh=each.mesh - [3.0, 0, 0]) for each in found]


def face_at(x_px, size_px=100.0):
    mesh = MESH.mean_m / 0.2 * size_px + [x_px, 150, 0]
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return mesh, np.concatenate([low, high])


@pytest.fixture
def two_faces():
    """Two faces of a picture: the first found 3 px to the right, the second exactly, and something that is no face."""
    (mesh_a, box_a), (mesh_b, box_b) = face_at(100), face_at(300)
    meshes, boxes = np.stack([mesh_a, mesh_b]), np.stack([box_a, box_b])
    moved = meshes + np.array([[3.0, 0, 0], [0, 0, 0]])[:, None]
    nothing = np.array([[400.0, 5, 440, 60]])
    answer = Detections(
        np.concatenate([boxes, nothing]), np.array([0.9, 0.7, 0.8]),
        np.concatenate([moved[:, MESH.points5, :2], np.zeros((1, 5, 2))]), np.concatenate([moved, moved[:1]]),
    )  # fmt: skip
    landmarks = meshes[:, MESH.landmarks68, :2].astype(np.float32)
    sample = SceneSample(
        np.zeros((300, 480, 3), np.uint8), boxes.astype(np.float32), np.zeros(2, bool),
        meshes[:, MESH.points5, :2].astype(np.float32), np.full((2, 5), 2, np.uint8), landmarks68=landmarks,
    )  # fmt: skip
    return answer, sample


def test_marked_landmarks_are_scored_without_a_mesh(two_faces):
    answer, sample = two_faces
    scores = evaluate_detector(Answers([answer]), [sample], close_ups=False).scores
    side = np.sqrt(np.prod(np.ptp(sample.landmarks68[0], axis=0)))
    assert scores["landmarks68_nme"] == pytest.approx(3 / side / 2, rel=1e-4)
    sample.landmarks68[0, 17] = np.nan  # not all are marked: the face says nothing
    assert evaluate_detector(Answers([answer]), [sample], close_ups=False).scores["landmarks68_nme"] == pytest.approx(
        0, abs=1e-5
    )


def test_faces_outside_of_a_subset_count_neither_way(two_faces):
    answer, sample = two_faces
    subsets = {"left": [np.array([True, False])], "right": [np.array([False, True])]}
    report = evaluate_detector(Answers([answer]), [sample], subsets=subsets, close_ups=False)
    assert report.scores["ap50"] == pytest.approx(0.5 + 0.5 * 2 / 3)  # the last face comes after what is none
    assert report.parts["ap50 by subset"] == pytest.approx({"left": 1.0, "right": 0.5})
    assert "ap50 by subset: left 1.0000, right 0.5000" in report.lines()


def test_heights_are_told_beside(two_faces):
    answer, sample = two_faces
    assert set(evaluate_detector(Answers([answer]), [sample], close_ups=False).parts["ap50 by height"]) == {
        "from 50 px", "from 30 px", "from 10 px"
    }  # fmt: skip


def test_points_come_from_close_ups_and_are_told_without_them_too(two_faces):
    answer, sample = two_faces
    report = evaluate_detector(Answers([answer]), [sample])
    plain = evaluate_detector(Answers([answer]), [sample], close_ups=False)
    side = np.sqrt(np.prod(sample.boxes_xyxy[:, 2:] - sample.boxes_xyxy[:, :2], axis=1))
    assert plain.scores["points5_nme"] == pytest.approx((3 / side[0]) / 2, rel=1e-4)
    assert report.scores["points5_nme"] == pytest.approx((3 / side[1]) / 2, rel=1e-4)  # now the other is beside
    np.testing.assert_equal(report.parts["without close-ups"]["points5_nme"], plain.scores["points5_nme"])
    assert report.scores["ap50"] == plain.scores["ap50"]
    assert (report.protocol["close_ups"], plain.protocol["close_ups"]) == (True, False)
    assert "without close-ups" not in plain.parts

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.regions import Region
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.point_errors import (
    by_yaw_bin,
    cumulative_errors,
    failure_rate,
    landmarks68_error,
    matched_faces,
    points5_error,
)
from synhead_tools.learning.detection.region_iou import region_iou, region_picture

MESH = load_face_mesh()


def turned(yaw_deg, size_px=100.0):
    rotmat = rotmat_from_euler((0.0, yaw_deg, 0.0), "biwi+")
    return MESH.mean_m @ rotmat.T / 0.2 * size_px + [200, 150, 0]


def test_detections_find_one_face_each_the_surest_first():
    faces = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [50, 0, 60, 10]], float)
    boxes = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [21, 0, 31, 10], [80, 0, 90, 10]], float)
    found = Detections(boxes, np.array([0.9, 0.8, 0.7, 0.99]), np.zeros((4, 5, 2)))
    detection, face = matched_faces(found, faces)
    assert (detection.tolist(), face.tolist()) == ([0, 2], [0, 1])
    nothing = matched_faces(found, np.empty((0, 4)))
    assert [len(rows) for rows in nothing] == [0, 0]


def test_five_points_are_measured_in_sides_of_the_box():
    true = np.zeros((2, 5, 2))
    predicted = true.copy()
    predicted[0, :, 0] = 3
    predicted[1, 0] = (3, 4)
    boxes = np.array([[0, 0, 20, 45], [0, 0, 10, 10]], float)
    np.testing.assert_allclose(points5_error(predicted, true, boxes), [3 / 30, 1 / 10])
    true[1, 1:] = np.nan  # only one is known
    np.testing.assert_allclose(points5_error(predicted, true, boxes)[1], 5 / 10)


def test_68_points_are_measured_in_the_size_of_their_own_box_in_the_picture():
    rng = np.random.default_rng(0)
    true = rng.uniform(0, 50, (1, 68, 3))
    true[0, :2] = [[0, 0, 9], [40, 90, 9]]
    true[0, 2:, :2] = np.clip(true[0, 2:, :2], 1, 39)
    predicted = true + [3.0, 4.0, 1000.0]
    assert landmarks68_error(predicted, true)[0] == pytest.approx(5 / 60)


def test_failures_and_their_distribution():
    errors = np.array([0.02, 0.1, 0.11, 0.5])
    assert failure_rate(errors) == 0.5
    assert np.isnan(failure_rate(np.empty(0)))
    assert cumulative_errors(errors, np.array([0.0, 0.1, 1.0])).tolist() == [0, 0.5, 1]


def test_the_mean_is_that_of_the_yaw_bins():
    bins = by_yaw_bin([1.0, 1.0, 1.0, 5.0, 9.0], [0, -30, 29, -31, 61])
    assert bins == {"|yaw| to 30 deg": 1, "|yaw| 30 to 60 deg": 5, "|yaw| above 60 deg": 9, "mean": 5}
    assert by_yaw_bin([2.0], [60.0]) == {"|yaw| 30 to 60 deg": 2, "mean": 2}


def test_regions_of_a_mesh_and_of_itself_are_the_same():
    assert all(value == 1 for value in region_iou(turned(20), turned(20)).values())


def test_a_moved_mesh_covers_less_and_small_regions_suffer_most():
    iou = region_iou(turned(0) + [4, 0, 0], turned(0))
    assert iou["eye"] < iou["nose"] < iou["skin"] < 1
    assert iou["eye"] > 0.2


def test_the_picture_of_a_face_shows_its_regions_where_they_are():
    picture = region_picture(turned(0, 150), (100, 50, 300, 250), 100)
    rows = {
        region: np.flatnonzero((picture == region).any(axis=1)).mean()
        for region in (Region.EYE, Region.NOSE, Region.LIP)
    }
    assert rows[Region.EYE] < rows[Region.NOSE] < rows[Region.LIP]
    eyes = np.flatnonzero((picture == Region.EYE).any(axis=0))
    assert eyes.min() + eyes.max() == pytest.approx(99, abs=3)
    far = region_picture(turned(60, 150), (100, 50, 300, 250), 100)
    assert (far == Region.EYE).sum() < (picture == Region.EYE).sum()
    behind = region_picture(turned(180, 150), (100, 50, 300, 250), 100)
    assert (behind > 0).sum() < 0.3 * (picture > 0).sum()  # but for the insides of lips and lids nothing faces us

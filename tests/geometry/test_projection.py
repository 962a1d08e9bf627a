import numpy as np
import pytest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.projection import intrinsics_from_fov, project_points, scale_intrinsics


def test_a_point_on_the_axis_falls_on_the_principal_point():
    k = intrinsics_from_fov(200, 100, 40.0)
    px, depth = project_points([[0, 0, 0]], np.eye(3), [0, 0, 2.0], k)
    assert np.allclose(px, [[100, 50]])
    assert np.allclose(depth, 2.0)


def test_the_field_of_view_reaches_the_picture_edge():
    k = intrinsics_from_fov(100, 100, 60.0)
    px, _ = project_points([[0, np.tan(np.radians(30)), 0]], np.eye(3), [0, 0, 1.0], k)
    assert np.allclose(px, [[50, 100]])


def test_scaling_the_picture_scales_the_points():
    k = intrinsics_from_fov(64, 48, 30.0)
    points = np.random.default_rng(0).normal(0, 0.1, (5, 3))
    small, _ = project_points(points, np.eye(3), [0.1, 0, 1], k)
    large, _ = project_points(points, np.eye(3), [0.1, 0, 1], scale_intrinsics(k, 3.0))
    assert np.allclose(large, 3.0 * small)


def test_batches_equal_single_calls():
    rng = np.random.default_rng(0)
    points, translation = rng.normal(0, 0.1, (4, 5, 3)), rng.normal([0, 0, 1], 0.1, (4, 3))
    k = intrinsics_from_fov(64, 64, 30.0)
    batch, _ = project_points(points, np.eye(3), translation, k)
    for i in range(4):
        assert np.allclose(batch[i], project_points(points[i], np.eye(3), translation[i], k)[0])


@pytest.mark.parametrize("fov", [0.0, 180.0, float("nan")])
def test_impossible_fields_of_view_are_refused(fov):
    with pytest.raises(ConventionError):
        intrinsics_from_fov(10, 10, fov)

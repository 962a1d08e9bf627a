import numpy as np
import pytest

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.landmark_rotations import rotations_from_landmarks_3d
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation
from synhead_tools.geometry.relative_depth import with_relative_depth

RNG = np.random.default_rng(0)
HEAD_M = RNG.uniform(-0.07, 0.07, (60, 3))
INTRINSICS = np.array([[900.0, 0, 320], [0, 900.0, 240], [0, 0, 1]])


def seen(rotmat, translation_m):
    points_px, depth_m = project_points(HEAD_M, rotmat, translation_m, INTRINSICS)
    return np.concatenate([points_px, depth_m[..., None]], axis=-1)


def test_places_stay_and_the_origin_has_no_depth():
    points = seen(np.eye(3), [0.1, 0.2, 1.5])
    found = with_relative_depth(points, INTRINSICS, 7)
    assert np.array_equal(found[:, :2], points[:, :2])
    assert found[7, 2] == 0


def test_on_the_axis_and_far_away_depth_is_in_pixels_like_the_rest():
    points = seen(np.eye(3), [0, 0, 200.0])
    found = with_relative_depth(points, INTRINSICS, 0)
    expected = (HEAD_M[:, 2] - HEAD_M[0, 2]) * 900 / (200 + HEAD_M[0, 2])
    np.testing.assert_allclose(found[:, 2], expected, atol=2e-4)


@pytest.mark.parametrize("place_m", [(0, 0, 2.0), (1.2, 0.2, 2.0), (-0.9, -0.8, 1.6)])
def test_turning_it_back_gives_the_rotation_wherever_the_head_is(place_m):
    """Depth along the axis would shear heads at the side: the rotation would be wrong by half of the ray's angle."""
    rotmat = rotmat_from_euler((10.0, 25.0, -8.0), "biwi+")
    points = seen(rotmat, place_m)
    ray = ray_rotation(project_points(np.zeros((1, 3)), rotmat, np.array(place_m), INTRINSICS)[0][0], INTRINSICS)
    errors = []
    for mesh in (with_relative_depth(points, INTRINSICS, 0), points * [1, 1, 900 / place_m[2]]):
        found = rotations_from_landmarks_3d(mesh[None], HEAD_M).rotmat
        errors.append(geodesic_distance_deg(from_ray_frame(found, ray), rotmat)[0])
    assert errors[0] < 2.5
    if place_m[0]:
        assert errors[1] > 8


def test_a_scaled_picture_has_everything_scaled():
    points = seen(np.eye(3), [0.3, 0, 1.0])
    half = INTRINSICS * [[0.5], [0.5], [1]]
    expected = 0.5 * with_relative_depth(points, INTRINSICS, 3)
    np.testing.assert_allclose(with_relative_depth(points * [0.5, 0.5, 1], half, 3), expected, atol=1e-9)


def test_many_faces_at_once():
    points = np.stack([seen(np.eye(3), [x, 0, 1.0]) for x in (0, 0.2)])
    both = with_relative_depth(points, INTRINSICS, 1)
    np.testing.assert_allclose(both[1], with_relative_depth(points[1], INTRINSICS, 1))

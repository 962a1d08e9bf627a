import numpy as np

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.projection import intrinsics_from_fov
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation, to_ray_frame

K = intrinsics_from_fov(640, 480, 50.0)


def test_the_rotation_takes_the_axis_to_the_ray_by_the_smallest_turn():
    points = np.random.default_rng(0).uniform(0, 480, (30, 2))
    turned_axis = ray_rotation(points, K) @ [0, 0, 1.0]
    projected = turned_axis @ K.T
    assert np.allclose(projected[:, :2] / projected[:, 2:], points)
    assert np.allclose(geodesic_distance_deg(ray_rotation(points, K), np.eye(3)), _axis_angle(turned_axis), atol=1e-9)


def _axis_angle(direction):
    return np.degrees(np.arctan2(np.hypot(direction[:, 0], direction[:, 1]), direction[:, 2]))


def test_at_the_principal_point_nothing_turns():
    assert np.allclose(ray_rotation([320, 240], K), np.eye(3))


def test_a_head_below_the_axis_looks_turned_down_in_its_crop():
    """A head facing parallel to the axis looks past the camera, below it; `biwi+` pitch + is down."""
    ray = ray_rotation([320, 400], K)
    shown = to_ray_frame(np.eye(3), ray)
    assert np.allclose(from_ray_frame(shown, ray), np.eye(3))
    below_axis_deg = np.degrees(np.arctan2(400 - 240, K[1, 1]))
    assert np.allclose(euler_from_rotmat(shown, "biwi+"), [below_axis_deg, 0, 0])

import numpy as np
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.mean_rotation import mean_rotmat


def test_of_two_it_is_halfway_along_the_geodesic():
    first = Rotation.random(8, random_state=0)
    step = Rotation.from_rotvec(np.random.default_rng(0).normal(0, 0.4, (8, 3)))
    middle = mean_rotmat(np.stack([first.as_matrix(), (first * step * step).as_matrix()]))
    np.testing.assert_allclose(middle, (first * step).as_matrix(), atol=1e-12)


def test_of_many_it_is_that_of_scipy_and_follows_a_turn():
    many = Rotation.random(9, random_state=1)
    mean = mean_rotmat(many.as_matrix())
    np.testing.assert_allclose(mean, many.mean().as_matrix(), atol=1e-9)
    turn = Rotation.random(random_state=2).as_matrix()
    np.testing.assert_allclose(mean_rotmat(turn @ many.as_matrix()), turn @ mean, atol=1e-9)


def test_a_mirror_is_never_the_answer():
    nearly_opposite = Rotation.from_euler("xyz", [[0, 0, 0], [179, 0, 0], [-179, 0, 0]], degrees=True).as_matrix()
    assert np.linalg.det(mean_rotmat(nearly_opposite)) > 0.999

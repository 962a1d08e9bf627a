import numpy as np
import pytest
from scipy.stats import kstest, uniform

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws.streams import pose_rng
from synhead_tools.geometry.pose_laws.uniform import uniform_rotations

ROTATIONS = uniform_rotations(4000, np.random.default_rng(0))


@pytest.mark.parametrize("fixed", [np.eye(3), np.diag([-1.0, 1, -1]), ROTATIONS[17]])
def test_the_angle_from_any_fixed_rotation_has_the_density_of_the_group(fixed):
    """(1 - cos) / pi on 0 to 180 degrees."""
    angle = np.radians(geodesic_distance_deg(np.delete(ROTATIONS, 17, axis=0), fixed))
    assert kstest(angle, lambda a: (a - np.sin(a)) / np.pi).pvalue > 0.01


def test_every_axis_of_the_head_points_evenly_over_the_sphere():
    """By Archimedes each coordinate of a point that is uniform on the sphere is uniform from -1 to 1."""
    for entry in ROTATIONS.reshape(-1, 9).T:
        assert kstest(entry, uniform(-1, 2).cdf).pvalue > 0.001


def test_euler_angles_have_the_density_of_the_group():
    """Of a sequence of three axes the outer turns are uniform, and so is the sine of the middle one (yaw in biwi+)."""
    pitch, yaw, roll = euler_from_rotmat(ROTATIONS, "biwi+").T
    for values, law in (
        (pitch, uniform(-180, 360)),
        (roll, uniform(-180, 360)),
        (np.sin(np.radians(yaw)), uniform(-1, 2)),
    ):
        assert kstest(values, law.cdf).pvalue > 0.001


def test_the_first_ones_do_not_depend_on_how_many_are_drawn():
    few, many = (uniform_rotations(n, pose_rng(3, "uniform")) for n in (10, 1000))
    assert (few == many[:10]).all()

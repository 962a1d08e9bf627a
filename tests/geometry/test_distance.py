import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.distance import direction_angle_deg, geodesic_distance_deg


@pytest.mark.parametrize("angle_deg", [0.0, 1e-7, 1e-3, 1.0, 90.0, 179.0, 180.0 - 1e-6, 180.0])
def test_geodesic_distance_of_a_known_turn(angle_deg):
    axis = np.array([1.0, -2.0, 0.5]) / np.linalg.norm([1.0, -2.0, 0.5])
    start = Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix()
    end = start @ Rotation.from_rotvec(np.radians(angle_deg) * axis).as_matrix()
    assert geodesic_distance_deg(start, end) == pytest.approx(angle_deg, abs=1e-7 if angle_deg < 179.5 else 5e-6)


def test_geodesic_distance_agrees_with_scipy_and_broadcasts():
    rng = np.random.default_rng(0)
    a, b = Rotation.random(20, rng=rng), Rotation.random(20, rng=rng)
    ours = geodesic_distance_deg(a.as_matrix()[:, None], b.as_matrix()[None])
    theirs = np.degrees([[(x.inv() * y).magnitude() for y in b] for x in a])
    assert np.allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("angle_deg", [0.0, 1e-8, 45.0, 180.0])
def test_direction_angle_of_a_known_turn(angle_deg):
    a = np.array([0.0, 0.0, 1.0])
    b = np.array([np.sin(np.radians(angle_deg)), 0.0, np.cos(np.radians(angle_deg))])
    assert direction_angle_deg(a, b) == pytest.approx(angle_deg, abs=1e-9)

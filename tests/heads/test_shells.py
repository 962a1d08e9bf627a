import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.heads.shells import PolarFrame, hull_of, shell_triangles

FRAME = PolarFrame(np.array([0.0, 0.02, 0.08]), np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]))


def ball(count, seed=0, stretch=(1.0, 1.0, 1.0)):
    points = np.random.default_rng(seed).standard_normal((count, 3))
    return FRAME.centre + 0.09 * points / np.linalg.norm(points, axis=1, keepdims=True) * stretch


def test_polar_coordinates_come_back():
    points = ball(50) + 0.01
    polar, azimuth, radius = FRAME.polar(points)
    assert np.allclose(FRAME.centre + radius[:, None] * FRAME.directions(polar, azimuth), points)
    crown, front, left = FRAME.polar(FRAME.centre + 0.1 * FRAME.axes)[:2], 0.0, np.pi / 2
    assert np.allclose(crown[0], [0, np.pi / 2, np.pi / 2])
    assert np.allclose(crown[1][1:], [front, left])


def test_the_hull_of_a_ball_is_a_ball():
    hull = hull_of(FRAME, ball(4000))
    polar, azimuth, _ = FRAME.polar(ball(500, seed=1))
    seen = polar < 2.6
    assert np.abs(hull.at(polar, azimuth)[seen] - 0.09).max() < 0.0015


@settings(max_examples=10)
@given(st.integers(0, 1000), st.floats(0.7, 1.3), st.floats(0.7, 1.3))
def test_no_point_lies_outside_of_its_hull(seed, wide, deep):
    points = ball(1500, seed, (wide, 1.0, deep))
    points[:20] = FRAME.centre + 1.1 * (points[:20] - FRAME.centre)  # bumps
    polar, azimuth, radius = FRAME.polar(points)
    inside = polar < 2.9
    assert (radius - hull_of(FRAME, points).at(polar, azimuth))[inside].max() < 1e-3


def test_the_rim_lies_where_the_level_crosses_zero():
    hull = hull_of(FRAME, ball(4000))
    rim = hull.rim_at(lambda points: points[..., 1] - (FRAME.centre[1] - 0.03))  # 3 cm above the centre; y is down
    height = hull.points(rim, hull.azimuths_rad(), 0.0)[:, 1]
    assert np.abs(height - (FRAME.centre[1] - 0.03)).max() < 0.001


def test_shell_triangles_cover_a_strip_once():
    triangles = shell_triangles(3, 4)
    assert len(triangles) == 2 * 2 * 3
    assert set(triangles.ravel().tolist()) == set(range(12))
    places = np.array([(row, column) for row in range(3) for column in range(4)], dtype=float)
    a, b, c = np.moveaxis(places[triangles], 1, 0)
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert np.ptp(np.sign(area)) == 0
    assert np.abs(area).sum() / 2 == pytest.approx(6)

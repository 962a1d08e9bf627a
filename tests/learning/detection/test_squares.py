import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.learning.detection.letterbox import FILL
from synhead_tools.learning.detection.squares import Square

ROWS, COLUMNS = np.mgrid[:90, :140] + 0.5


def spot(x, y, radius=3.0):
    return (255 * np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / radius**2)).astype(np.uint8)


@given(
    st.tuples(st.floats(-50, 200), st.floats(-50, 200)), st.floats(0.05, 20), st.integers(16, 256),
    st.floats(-7, 7), st.integers(2, 3),
)  # fmt: skip
def test_what_goes_there_comes_back(centre, scale, side_px, turn_rad, axes):
    square = Square(np.array(centre), scale, side_px, turn_rad)
    points = np.random.default_rng(0).uniform(-100, 300, (4, 5, axes))
    np.testing.assert_allclose(square.to_picture(square.to_input(points)), points, atol=1e-6)
    np.testing.assert_allclose(square.to_input(points)[..., 2:], points[..., 2:] * scale, atol=1e-9)
    middle = np.append(centre, np.zeros(axes - 2))
    np.testing.assert_allclose(square.to_input(middle)[:2], side_px / 2)


def test_a_quarter_turn_clockwise_brings_what_is_at_the_right_to_the_top():
    square = Square(np.array([50.0, 40]), 2.0, 64, np.pi / 2)
    np.testing.assert_allclose(square.to_input([60.0, 40]), [32, 12], atol=1e-9)


@pytest.mark.parametrize("turn_rad", [0.0, 0.4, 2.0, -3.0])
def test_boxes_hold_what_was_in_them(turn_rad):
    square, box = Square(np.array([75.0, 47]), 1.7, 128, turn_rad), np.array([[30.0, 20, 90, 100]])
    inside = np.random.default_rng(0).uniform(box[0, :2], box[0, 2:], (1000, 2))
    there, moved = square.boxes_to_input(box)[0], square.to_input(inside)
    assert (moved >= there[:2]).all()
    assert (moved <= there[2:]).all()
    back = square.boxes_to_picture(there[None])[0]
    assert (back[:2] <= box[0, :2] + 1e-9).all()
    assert (back[2:] >= box[0, 2:] - 1e-9).all()
    if not turn_rad:
        np.testing.assert_allclose(back, box[0])
    corners = np.array([[30.0, 20], [90, 20], [90, 100], [30, 100]])
    np.testing.assert_allclose(there, [*square.to_input(corners).min(axis=0), *square.to_input(corners).max(axis=0)])


@pytest.mark.parametrize("turn_rad", [0.0, 0.3, -2.0])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.7])
def test_pixels_are_where_points_are(turn_rad, scale):
    picture = np.stack([spot(70, 40), spot(88, 40), spot(70, 62)], axis=-1)
    square = Square(np.array([75.0, 47]), scale, 128, turn_rad)
    cut = square.cut(picture).astype(float)
    cut[(cut == FILL).all(axis=-1)] = 0
    cut[cut < 60] = 0
    rows, columns = np.mgrid[:128, :128] + 0.5
    for channel, point in enumerate(([70.0, 40], [88.0, 40], [70.0, 62])):
        weight = cut[..., channel] * (
            np.hypot(*(np.stack([columns, rows]) - square.to_input(point)[:, None, None])) < 9
        )
        seen = [(axis * weight).sum() / weight.sum() for axis in (columns, rows)]
        np.testing.assert_allclose(seen, square.to_input(point), atol=0.3)


@pytest.mark.parametrize("turn_rad", [0.0, 0.8])
def test_what_is_beyond_the_picture_is_plain_and_nothing_else_is(turn_rad):
    square = Square(np.array([10.0, 150]), 1.0, 64, turn_rad)
    cut = square.cut(np.full((300, 140, 3), 255, np.uint8))
    rows, columns = np.mgrid[:64, :64] + 0.5
    left = square.to_picture(np.stack([columns, rows], axis=-1))[..., 0]
    assert (cut[left < -1.5] == FILL).all()
    assert (cut[left > 1.5] == 255).all()


def test_large_faces_are_scaled_with_all_their_pixels_before_they_are_turned():
    """Black and white columns of one pixel become grey, in any turn; a turn alone would pick some of them."""
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 255
    for turn_rad in (0.0, 0.5):
        cut = Square(np.array([450.0, 450]), 1 / 8, 64, turn_rad).cut(stripes)
        assert np.abs(cut.astype(int) - 127).max() < 12

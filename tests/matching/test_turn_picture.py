import numpy as np
import pytest

from synhead_tools.geometry.boxes import tight_box_xyxy
from synhead_tools.heads.regions import Region
from synhead_tools.matching.turn_picture import turn_picture, turn_points, turn_samples

CENTRE = np.array([32.0, 32.0])


def _disc(x, y, radius=4.0, size=64):
    """A soft disc, drawn analytically at a place that need not be a pixel centre."""
    grid = np.arange(size) + 0.5
    distance = np.hypot(grid[None] - x, grid[:, None] - y)
    return (255 * np.clip(radius + 0.5 - distance, 0, 1)).astype(np.uint8)


def _centroid(picture):
    weight = picture.astype(float)
    grid = np.arange(len(picture)) + 0.5
    return np.array([(weight.sum(0) * grid).sum(), (weight.sum(1) * grid).sum()]) / weight.sum()


@pytest.mark.parametrize("turn_deg", [-170.0, -33.0, 1.5, 45.0, 90.0])
def test_pixels_and_points_turn_together(turn_deg):
    place = np.array([[[44.3, 29.2, 1.0]]])
    turned = turn_picture(_disc(*place[0, 0, :2]), turn_deg, CENTRE)
    expected = turn_points(place, np.array([turn_deg]), CENTRE[None])[0, 0, :2]
    assert np.abs(_centroid(turned) - expected).max() < 0.05


def test_positive_is_clockwise():
    """What lies to the right of the centre moves down."""
    assert _centroid(turn_picture(_disc(50, 32), 90.0, CENTRE)) == pytest.approx([32, 50], abs=0.05)


def test_no_turn_is_the_same_bytes():
    picture = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    assert (turn_picture(picture, 0.0, [10, 10]) == picture).all()


def test_there_and_back_gives_the_picture_back():
    grid = np.arange(64) + 0.5
    picture = (255 * np.exp(-((grid[None] - 36) ** 2 + (grid[:, None] - 30) ** 2) / 60)).astype(np.uint8)
    again = turn_picture(turn_picture(picture, 25.0, CENTRE), -25.0, CENTRE)
    inside = np.hypot(grid[None] - 32, grid[:, None] - 32) < 30  # the corners leave the picture
    assert np.abs(again.astype(int) - picture)[inside].max() <= 5


def test_region_ids_are_never_mixed():
    region = np.where(_disc(32, 32, 20) > 128, 7, 0).astype(np.uint8)
    region[:, 32:] = np.where(region[:, 32:] > 0, 12, 0)
    assert set(np.unique(turn_picture(region, 31.0, CENTRE, smooth=False))) == {0, 7, 12}


def _columns(alpha):
    """One sample: a head of this coverage to the right of the principal point."""
    return {
        "image": np.repeat(alpha[None, ..., None], 3, axis=-1),
        "alpha": alpha[None],
        "rotmat": np.eye(3)[None],
        "translation_m": np.array([[0.02, 0.0, 1.0]]),
        "intrinsics": np.array([[[100.0, 0, 32], [0, 100, 32], [0, 0, 1]]]),
        "points5": np.tile(np.array([[63.0, 63.0, 1.0]], "f4"), (1, 5, 1)),
        "points5_visibility": np.full((1, 5), 2, "u1"),
        "landmarks68": np.tile(np.array([[33.0, 33.0, 1.0]], "f4"), (1, 68, 1)),
        "landmarks68_visibility": np.full((1, 68), 1, "u1"),
    }


def test_a_tight_face_box_is_not_kept_as_if_it_had_not_turned():
    columns = {**_columns(_disc(40, 32, 12)), "tight_face_box_xyxy": np.array([[20, 20, 44, 50]], "f4")}
    assert "tight_face_box_xyxy" not in turn_samples(columns, np.array([20.0]))


def test_the_head_box_keeps_the_renderers_rule_every_pixel_with_any_coverage():
    faint = _disc(40, 32, 12) // 3  # nowhere half covered
    before = turn_samples(_columns(faint), np.array([0.0]))["head_box_xyxy"][0]
    assert before.tolist() == tight_box_xyxy(faint).tolist()
    assert before[2] - before[0] == 24


def test_a_background_drawn_in_is_no_part_of_the_head():
    columns = _columns(np.full((64, 64), 255, np.uint8))
    columns["region"] = (_disc(40, 32, 12) > 127).astype(np.uint8)[None]
    left, top, right, bottom = turn_samples(columns, np.array([45.0]))["head_box_xyxy"][0]
    assert right - left < 27
    assert np.allclose([(left + right) / 2, (top + bottom) / 2], 32 + 8 * np.sqrt(0.5), atol=1)


def test_colour_stays_below_its_alpha_and_points_outside_lose_their_visibility():
    turned = turn_samples(_columns(_disc(40, 32, 12)), np.array([45.0]))
    assert (turned["image"] <= turned["alpha"][..., None]).all()
    assert (turned["points5_visibility"] == 0).all()
    assert (turned["landmarks68_visibility"] == 1).all()
    assert np.allclose(turned["translation_m"], [[0.02 * np.sqrt(0.5)] * 2 + [1.0]])
    left, top, right, bottom = turned["head_box_xyxy"][0]
    assert np.allclose([(left + right) / 2, (top + bottom) / 2], 32 + 8 * np.sqrt(0.5), atol=1)


def test_the_bodys_outline_is_no_head_after_a_turn():
    """Resampling covers faintly what lies a pixel beyond the body; it is the body's still."""
    body = np.zeros((64, 64), np.uint8)
    body[40:, 8:56] = 255
    columns = _columns(np.maximum(_disc(32, 20, 9), body))
    head = _disc(32, 20, 9) > 127
    columns["region"] = np.where(head, int(Region.SKIN), np.where(body > 0, int(Region.CLOTH), 0)).astype("u1")[None]
    for turn_deg in (-7.0, 3.0, 18.0):
        box = turn_samples(columns, np.array([turn_deg]))["head_box_xyxy"][0]
        assert box[3] < 32

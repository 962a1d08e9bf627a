import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synhead_tools.errors import TrainingError
from synhead_tools.learning.pictures.crops import check_boxes, resample_crop, ruled_crop_xyxy, square_crop_xyxy


def test_square_has_the_boxes_centre_and_longer_side():
    np.testing.assert_allclose(square_crop_xyxy([[10, 20, 30, 30]], 1.5), [[5, 10, 35, 40]])


def test_rules_of_other_estimators():
    box = [[10.0, 20, 30, 60]]
    np.testing.assert_allclose(ruled_crop_xyxy(box, 1.5), square_crop_xyxy(box, 1.5))
    np.testing.assert_allclose(ruled_crop_xyxy(box, 1.5, stretched=True), [[5, 10, 35, 70]])
    np.testing.assert_allclose(ruled_crop_xyxy(box, 1.0, (0.5, -0.25)), [[20, 10, 60, 50]])
    np.testing.assert_allclose(ruled_crop_xyxy(box, 1.0, (0.5, -0.25), stretched=True), [[20, 10, 40, 50]])


@given(st.integers(5, 12), st.integers(5, 12), st.integers(30, 60), st.integers(12, 25))
def test_a_tall_crop_is_stretched_as_by_pillow(x, y, height, width):
    picture = np.random.default_rng(0).integers(0, 256, (90, 60, 3)).astype(np.uint8)
    whole = Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR, box=(x, y, x + width, y + height))
    cut = resample_crop(picture, [x, y, x + width, y + height], 16)
    np.testing.assert_allclose(cut.astype(int), np.asarray(whole, int), atol=1)  # Pillow rounds its weights


def _blob(centre, size=80, sigma=2.5):
    axis = np.arange(size) + 0.5
    bell = np.exp(-((axis[None] - centre[0]) ** 2 + (axis[:, None] - centre[1]) ** 2) / (2 * sigma**2))
    return np.repeat(np.rint(255 * bell).astype(np.uint8)[..., None], 3, -1)


@settings(max_examples=15, deadline=None)
@given(st.floats(30, 50), st.floats(30, 50), st.floats(-4, 4), st.floats(-4, 4), st.floats(30, 60))
def test_a_mark_lands_where_the_box_says(x, y, dx, dy, side):
    """Centroid of a spot in the crop against the affine map of its position: to a tenth of a pixel."""
    box = np.array([x + dx - side / 2, y + dy - side / 2, x + dx + side / 2, y + dy + side / 2])
    crop = resample_crop(_blob((x, y)), box, 48)[..., 0].astype(float)
    axis = np.arange(48) + 0.5
    found = np.array([(crop.sum(0) * axis).sum(), (crop.sum(1) * axis).sum()]) / crop.sum()
    expected = (np.array([x, y]) - box[:2]) * 48 / side
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_whole_pixels_are_copied_exactly():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(resample_crop(picture, [7, 4, 17, 14], 10), picture[4:14, 7:17])


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = resample_crop(stripes, [0, 0, 64, 64], 16).astype(float)
    assert abs(crop[:, 2:-2].mean() - 127.5) < 2
    assert crop[:, 2:-2].std() < 6


def test_outside_repeats_the_edge_or_is_transparent():
    picture = np.full((10, 10, 3), 200, np.uint8)
    assert (resample_crop(picture, [-20, -20, 20, 20], 8) == 200).all()
    with_alpha = np.full((10, 10, 4), 200, np.uint8)
    crop = resample_crop(with_alpha, [-10, -10, 10, 10], 20)
    np.testing.assert_array_equal(crop[:9, :9], 0)
    np.testing.assert_array_equal(crop[12:, 12:], 200)
    assert not resample_crop(with_alpha, [50, 50, 60, 60], 4).any()


def test_premultiplied_colour_is_not_premultiplied_again():
    picture = np.zeros((16, 16, 4), np.uint8)
    picture[:] = (60, 40, 20, 128)
    np.testing.assert_array_equal(resample_crop(picture, [2, 2, 14, 14], 5)[2, 2], (60, 40, 20, 128))


@pytest.mark.parametrize("bad", [[5, 5, 5, 9], [0, 0, np.nan, 4], [9, 9, 3, 12]])
def test_boxes_without_area_are_named_by_row(bad):
    with pytest.raises(TrainingError, match=r"toy, row 2: face box"):
        check_boxes(np.array([[0, 0, 1, 1], [0, 0, 1, 1], bad]), "toy")


@pytest.mark.parametrize(
    "box", [[0, 0, 1e9, 1e9], [1e6, 1e6, 1e6 + 10, 1e6 + 10], [0, 0, np.inf, 1], [0, 0, np.nan, 1]]
)
def test_boxes_far_outside_are_refused_before_pixels_are_invented(box):
    with pytest.raises(TrainingError, match="faces, row 3: .*far outside"):
        check_boxes([box], "faces", first_row=3)

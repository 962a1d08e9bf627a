import numpy as np

from synhead_tools.heads.head_pixels import head_pixels
from synhead_tools.heads.regions import Region

FULL, FAINT = 255, 60


def test_everything_with_any_coverage_but_the_body():
    alpha, region = np.zeros((12, 12), np.uint8), np.zeros((12, 12), np.uint8)
    region[1:4, 2:8], region[4:6, 3:6], region[6:11, 1:10] = Region.SKIN, Region.NECK, Region.CLOTH
    alpha[region > 0] = FULL
    alpha[0, 4], alpha[3, 8], alpha[8, 10], alpha[11, 5] = FAINT, FAINT, FAINT, FAINT  # outlines of head and of body
    expected = region == Region.SKIN
    expected[0, 4] = expected[3, 8] = True
    np.testing.assert_array_equal(head_pixels(alpha, region), expected)


def test_without_a_body_coverage_decides():
    alpha = np.zeros((8, 8), np.uint8)
    alpha[2:5, 3] = FAINT
    np.testing.assert_array_equal(head_pixels(alpha, np.zeros_like(alpha)), alpha > 0)


def test_over_a_background_regions_decide():
    region = np.zeros((8, 8), np.uint8)
    region[2:4, 2:4], region[4:, :] = Region.HAIR, Region.CLOTH
    np.testing.assert_array_equal(head_pixels(np.full_like(region, FULL), region), region == Region.HAIR)


def test_nothing_is_no_head():
    empty = np.zeros((4, 4), np.uint8)
    assert not head_pixels(empty, empty).any()

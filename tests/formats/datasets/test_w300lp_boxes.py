import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.formats.datasets.w300lp_boxes import AFLW2000, W300LP, hopenet_box_xyxy, point_extent_xyxy


def test_sides_move_one_after_another():
    extent = np.array([100.0, 100, 200, 300])
    # right: 200 + 0.4 * (200 - 60), with the left side already at 60; bottom: 300 + 0.12 * (300 - 20), cut
    assert hopenet_box_xyxy(extent, AFLW2000).tolist() == [60, 20, 256, 333]
    # right: 200 + 0.18 * (200 - 82); bottom: 300 + 0.18 * (300 + 20)
    assert hopenet_box_xyxy(extent, W300LP).tolist() == [82, -20, 221, 357]


def test_whole_numbers_are_cut_towards_zero():
    box = hopenet_box_xyxy(np.array([[1.0, 1, 11, 11], [10.5, 10.5, 20, 20]]), AFLW2000)
    assert box[0].tolist() == [-3, -3, 16, 12]
    assert box[1].tolist() == [6, 6, 25, 21]


@given(st.integers(0, 2**32 - 1))
def test_box_holds_the_points(seed):
    points = np.random.default_rng(seed).uniform(2, 448, (2, 21))
    extent = point_extent_xyxy(points, with_unseen=False)
    for widening in (AFLW2000, W300LP):
        left, top, right, bottom = hopenet_box_xyxy(extent, widening)
        assert left <= points[0].min()
        assert top <= points[1].min()
        assert right >= points[0].max() - 1
        assert bottom >= points[1].max() - 1


def test_unseen_points_count_only_if_wanted():
    points = np.array([[-1.0, 150, 200, 170], [452, 180, 300, 200]])
    assert point_extent_xyxy(points, with_unseen=False).tolist() == [150, 180, 200, 300]
    assert point_extent_xyxy(points, with_unseen=True).tolist() == [-1, 180, 200, 452]
    assert point_extent_xyxy(np.array([[-1.0, 150], [452, 180]]), with_unseen=False) is None
    assert point_extent_xyxy(np.full((2, 68), 7.0), with_unseen=False) is None
    assert point_extent_xyxy(np.array([[1.0, 2], [3, 90]]), with_unseen=False) is None

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.geometry.boxes import (
    FACE_BOX_SIDE_M,
    box_iou,
    face_box_xyxy,
    scale_box,
    tight_box_xyxy,
    xywh_to_xyxy,
    xyxy_to_xywh,
)
from synhead_tools.geometry.projection import intrinsics_from_fov

box = st.tuples(*[st.floats(-100, 100)] * 2, *[st.floats(0.1, 100)] * 2).map(np.array)


def test_face_box_is_a_square_of_the_stated_size_around_the_head():
    k = intrinsics_from_fov(640, 480, 50.0)
    left, top, right, bottom = face_box_xyxy(np.eye(3), [0, 0, 1.0], k)
    assert np.isclose(right - left, bottom - top)
    assert np.isclose(right - left, FACE_BOX_SIDE_M * k[0, 0])
    assert np.isclose((left + right) / 2, 320)
    assert (top + bottom) / 2 > 240  # the centre lies below the eyes


def test_a_tight_box_has_the_edges_of_the_outermost_pixels():
    mask = np.zeros((20, 30), np.uint8)
    assert not tight_box_xyxy(mask).any()
    mask[3:7, 10:25] = 1
    np.testing.assert_array_equal(tight_box_xyxy(mask), (10, 3, 25, 7))


@given(box)
def test_xywh_round_trip_and_scaling(xywh):
    xyxy = xywh_to_xyxy(xywh)
    assert np.allclose(xyxy_to_xywh(xyxy), xywh)
    doubled = scale_box(xyxy, 2.0)
    assert np.allclose(xyxy_to_xywh(doubled)[2:], 2 * xywh[2:])
    assert np.allclose(doubled[:2] + doubled[2:], xyxy[:2] + xyxy[2:])


@given(box, box)
def test_iou_is_symmetric_and_one_for_itself(a, b):
    a, b = xywh_to_xyxy(a), xywh_to_xyxy(b)
    assert np.isclose(box_iou(a, b), box_iou(b, a))
    assert 0 <= box_iou(a, b) <= 1 + 1e-9
    assert np.isclose(box_iou(a, a), 1.0)


def test_iou_by_hand():
    assert np.isclose(box_iou([0, 0, 2, 2], [1, 1, 3, 3]), 1 / 7)
    assert box_iou([0, 0, 1, 1], [2, 2, 3, 3]) == 0

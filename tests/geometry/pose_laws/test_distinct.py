import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.geometry.pose_laws.distinct import count_distinct, distinct_rotations
from synhead_tools.geometry.pose_laws.uniform import uniform_rotations

THREE = uniform_rotations(3, np.random.default_rng(1))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20))
def test_each_rotation_is_found_where_it_first_stands(order):
    noise = np.random.default_rng(0).normal(0, 1e-13, (len(order), 3, 3))
    first, count = distinct_rotations(THREE[order] + noise)
    expected = list(dict.fromkeys(order))
    assert [order[place] for place in first] == expected
    assert first.tolist() == [order.index(number) for number in expected]
    assert count.tolist() == [order.count(number) for number in expected]


def test_a_hundred_thousandth_of_a_degree_is_a_difference():
    turned = np.tile(np.eye(3), (2, 1, 1))
    angle = np.radians(1e-4)
    turned[1, :2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    assert count_distinct(turned) == 2


def test_half_turns_written_in_two_ways_are_one():
    half = np.diag([-1.0, -1.0, 1.0])
    assert count_distinct(np.stack([half, half + [[0, 1e-16, 0], [-1e-16, 0, 0], [0, 0, 0]]])) == 1

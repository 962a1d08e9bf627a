import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.geometry import equal_rows
from synhead_tools.geometry.equal_rows import group_equal_rows
from synhead_tools.geometry.ragged import ragged_offsets


@pytest.mark.parametrize("hashing", ["as it is", "everything collides"])
@given(st.integers(0, 2**31), st.integers(1, 40), st.sampled_from([np.int64, np.float64]))
def test_groups_are_those_of_a_dictionary(hashing, seed, n, dtype):
    values = np.random.default_rng(seed).integers(-1, 2, (n, 3)).astype(dtype)
    expected: dict[tuple, list[int]] = {}
    for row, value in enumerate(values.tolist()):
        expected.setdefault(tuple(value), []).append(row)
    kept = equal_rows._ODD
    try:
        if hashing != "as it is":
            equal_rows._ODD = np.zeros(4, np.uint64)
        groups = group_equal_rows(values)
    finally:
        equal_rows._ODD = kept
    found = [groups.members[a:b].tolist() for a, b in zip(groups.start[:-1], groups.start[1:], strict=True)]
    assert found == list(expected.values())
    assert groups.first.tolist() == [rows[0] for rows in expected.values()]
    assert groups.all_different == (len(expected) == n)


def test_zeros_of_either_sign_are_equal():
    assert len(group_equal_rows(np.array([[0.0, 1.0], [-0.0, 1.0]]))) == 1


@given(st.lists(st.integers(0, 4), max_size=12))
def test_ragged_offsets_count_within_each_row(counts):
    owner, place = ragged_offsets(np.array(counts, int))
    assert list(zip(owner.tolist(), place.tolist(), strict=True)) == [
        (row, i) for row, count in enumerate(counts) for i in range(count)
    ]

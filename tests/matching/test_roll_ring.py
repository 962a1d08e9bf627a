import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.equal_rows import group_equal_rows
from synhead_tools.matching.roll_ring import RollRings


@pytest.mark.parametrize("full_turn", [12, 360])
@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 6))
def test_the_smallest_turns_are_among_the_answer(full_turn, seed, k):
    rng = np.random.default_rng(seed)
    groups = group_equal_rows(rng.integers(0, 4, (40, 1)))
    to_first = rng.integers(-full_turn, full_turn, 40)
    rings = RollRings(to_first, groups, full_turn)
    group, turn = rng.integers(0, len(groups), 9), rng.integers(-full_turn // 2, full_turn // 2, 9)
    pair, row, total = rings.nearest(group, turn, k)
    assert (np.diff(pair) >= 0).all()
    for i in range(9):
        members = groups.members[groups.start[group[i]] : groups.start[group[i] + 1]]
        needed = (turn[i] + to_first[members]) % full_turn
        size = np.minimum(needed, full_turn - needed)
        best = members[np.lexsort((members, size))][:k]
        mine = pair == i
        found = row[mine][np.lexsort((row[mine], np.abs(total[mine])))][:k]
        assert found.tolist() == best.tolist()
        assert len(set(row[mine].tolist())) == mine.sum()
        assert (np.abs(total[mine]) <= full_turn // 2).all()

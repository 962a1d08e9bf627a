"""The limit on uses is compared with the rule itself: all pairs sorted, taken greedily."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.pose_laws import biwi_like_rotations, uniform_rotations
from synhead_tools.matching import reuse_limit
from synhead_tools.matching.match_poses import MODES, match_poses
from synhead_tools.matching.reuse_limit import match_with_limit


def _greedy(index, target, k, max_uses, max_residual_deg):
    """Pairs (target, frame) by the rule: nearest pair first, skipping full targets and used-up frames."""
    shape = len(target), len(index)
    row, frame = np.indices(shape).reshape(2, -1)
    first, second = (cost.reshape(shape) for cost in index.costs(target[row], frame))
    residual_deg = index.measure(target, np.broadcast_to(np.arange(len(index)), first.shape))[1]
    taken = []
    missing, left = np.full(len(target), k), np.full(len(index), max_uses)
    for i in np.lexsort((frame, row, second.ravel(), first.ravel())):
        t, s = row[i], frame[i]
        if missing[t] and left[s] and residual_deg[t, s] <= max_residual_deg:
            missing[t], left[s] = missing[t] - 1, left[s] - 1
            taken.append((int(t), int(s)))
    return sorted(taken)


@pytest.mark.parametrize("window", [1, 64])
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=12)
@given(
    st.integers(0, 2**31),
    st.integers(1, 40),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from([5.0, 25.0, np.inf]),
    st.booleans(),
)
def test_the_result_is_the_greedy_one(mode, window, seed, n, k, max_uses, max_residual_deg, grid):
    rng = np.random.default_rng(seed)
    source, target = biwi_like_rotations(n, rng), biwi_like_rotations(25, rng)
    if grid:  # ties everywhere: few rotations, many times
        source, target = source[rng.integers(0, n, n) // 3], target[rng.integers(0, 25, 25) // 3]
    index, k = MODES[mode](source), min(k, n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reuse_limit, "_WINDOW", window)
        row, rank, nearest = match_with_limit(index, target, k, max_uses, max_residual_deg)
    assert sorted(zip(row.tolist(), nearest.source.tolist(), strict=True)) == _greedy(
        index, target, k, max_uses, max_residual_deg
    )
    assert np.bincount(nearest.source, minlength=n).max() <= max_uses
    assert (nearest.residual_deg <= max_residual_deg).all()
    for t in np.unique(row):
        mine = row == t
        assert (rank[mine] == np.arange(mine.sum())).all()
        assert (np.diff(nearest.first_cost[mine]) >= 0).all()


@pytest.mark.parametrize("sample", [2048, 30])
@pytest.mark.parametrize("mode", MODES)
def test_lists_longer_than_a_first_look_are_greedy_too(mode, sample, monkeypatch):
    """Targets in a crowd far from most frames go through all of them, by the tree and by comparing with each."""
    monkeypatch.setattr(reuse_limit, "_SAMPLE", sample)
    monkeypatch.setattr(reuse_limit, "_WINDOW", 8)
    rng = np.random.default_rng(1)
    source, crowd = uniform_rotations(700, rng), biwi_like_rotations(1, rng)
    target = np.concatenate([crowd @ biwi_like_rotations(1, rng)] * 3 + [biwi_like_rotations(297, rng)])
    index = MODES[mode](source)
    row, _, nearest = match_with_limit(index, target, 3, 1, np.inf)
    assert sorted(zip(row.tolist(), nearest.source.tolist(), strict=True)) == _greedy(index, target, 3, 1, np.inf)
    assert len(row) == 700  # 900 wanted


@pytest.mark.parametrize("mode", MODES)
def test_the_order_of_targets_and_frames_does_not_matter(mode):
    rng = np.random.default_rng(7)
    source, target = biwi_like_rotations(600, rng), biwi_like_rotations(500, rng)
    heads = rng.choice([b"f01", b"m01"], 600)
    new_source, new_target = rng.permutation(600), rng.permutation(500)
    options = {"mode": mode, "k": 2, "max_uses": 2}
    matches = match_poses(source, heads, target, **options)
    shuffled = match_poses(source[new_source], heads[new_source], target[new_target], **options, workers=2)
    pairs = set(zip(matches.target.tolist(), matches.source.tolist(), matches.rank.tolist(), strict=True))
    back = zip(new_target[shuffled.target], new_source[shuffled.source], shuffled.rank, strict=True)
    assert {tuple(int(value) for value in pair) for pair in back} == pairs
    assert np.bincount(matches.source).max() == 2


def test_a_limit_that_never_binds_changes_nothing():
    rng = np.random.default_rng(2)
    source, target = biwi_like_rotations(300, rng), biwi_like_rotations(80, rng)
    heads = np.full(300, b"m01")
    free, limited = (match_poses(source, heads, target, k=3, max_uses=uses) for uses in (None, 80))
    for name in ("target", "source", "rank", "in_plane_deg", "residual_deg"):
        assert (getattr(free, name) == getattr(limited, name)).all()

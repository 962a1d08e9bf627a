import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.matching.in_plane import turn_about_optical_axis
from synhead_tools.matching.match_poses import MODES


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=15)
@given(st.integers(0, 2**31))
def test_an_index_says_the_same_whichever_way_it_is_asked(mode, seed):
    rng = np.random.default_rng(seed)
    source = uniform_rotations(40, rng)[rng.integers(0, 40, 60)]
    source = turn_about_optical_axis(rng.choice([0.0, 20.0], 60)) @ source
    target = np.concatenate([uniform_rotations(12, rng), source[:4]])
    index = MODES[mode](source)
    nearest = index.query(target, 60)
    in_plane_deg, residual_deg = index.measure(target, nearest.source)
    assert (nearest.in_plane_deg == in_plane_deg).all()
    assert (nearest.residual_deg == residual_deg).all()
    first, second = index.costs(np.repeat(target, 60, axis=0), nearest.source.ravel())
    assert (first == nearest.first_cost.ravel()).all()
    assert (second == nearest.second_cost.ravel()).all()
    assert (np.diff(nearest.first_cost, axis=1) >= 0).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_least_similarity_leaves_out_no_pair_of_that_cost_and_few_others(mode):
    rng = np.random.default_rng(3)
    source, target = uniform_rotations(300, rng), uniform_rotations(20, rng)
    index = MODES[mode](source)
    nearest, similarity = index.query(target, 300), index.similarity(target)
    for column in (0, 5, 150, 299):
        least = index.least_similarity(nearest.first_cost[:, column])
        count = (similarity >= least[:, None]).sum(axis=1)
        assert (count == column + 1).all()
    assert (index.least_similarity(np.array([np.inf])) == -np.inf).all()

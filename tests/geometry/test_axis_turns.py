"""The closed forms against SciPy's rotations, which compose matrices and quaternions of their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.axis_turns import (
    LOCK,
    SEQUENCES,
    is_proper,
    other_turns,
    quat_xyzw_from_turns,
    turns_from_quat_xyzw,
)

ALL = [*SEQUENCES, *(sequence.upper() for sequence in SEQUENCES)]
turn = st.floats(-2 * np.pi, 2 * np.pi)
tiny = st.floats(-14, -2).map(lambda exponent: 10.0**exponent)


def _matrix(turns, sequence):
    return Rotation.from_euler(sequence, turns).as_matrix()


def _lock(sequence):
    return np.array([0.0, np.pi]) if is_proper(sequence) else np.array([-np.pi / 2, np.pi / 2])


def test_twelve_sequences_half_of_them_proper():
    assert len(set(SEQUENCES)) == 12
    assert sum(map(is_proper, SEQUENCES)) == 6


@pytest.mark.parametrize("sequence", ALL)
@given(turns=st.tuples(turn, turn, turn))
def test_quaternions_are_those_of_scipy(sequence, turns):
    turns = np.array([turns])
    ours = Rotation.from_quat(quat_xyzw_from_turns(turns, sequence)).as_matrix()
    assert np.abs(ours - _matrix(turns, sequence)).max() < 1e-14


@pytest.mark.parametrize("sequence", ALL)
@given(turns=st.tuples(turn, turn, turn))
def test_turns_make_the_rotation_again_and_lie_in_their_ranges(sequence, turns):
    turns = np.array([turns])
    back = turns_from_quat_xyzw(quat_xyzw_from_turns(turns, sequence), sequence)
    assert np.abs(_matrix(back, sequence) - _matrix(turns, sequence)).max() < 1e-9
    low, high = _lock(sequence)
    assert (np.abs(back) <= np.pi).all()
    assert low - 1e-15 <= back[0, 1] <= high + 1e-15


@pytest.mark.parametrize("sequence", ALL)
@given(first=turn, last=turn, which=st.integers(0, 1), off=st.one_of(st.just(0.0), tiny), side=st.sampled_from([-1, 1]))
def test_next_to_gimbal_lock_nothing_is_lost(sequence, first, last, which, off, side):
    turns = np.array([[first, _lock(sequence)[which] + side * off, last]])
    back = turns_from_quat_xyzw(quat_xyzw_from_turns(turns, sequence), sequence)
    assert np.isfinite(back).all()
    assert np.abs(_matrix(back, sequence) - _matrix(turns, sequence)).max() < 1e-9


@pytest.mark.parametrize("sequence", ALL)
def test_at_gimbal_lock_the_last_turn_is_zero(sequence):
    for lock in _lock(sequence):
        back = turns_from_quat_xyzw(quat_xyzw_from_turns(np.array([[0.4, lock, 1.1]]), sequence), sequence)
        assert back[0, 2] == 0.0
        assert abs(back[0, 1] - lock) < 1e-7
        near = turns_from_quat_xyzw(quat_xyzw_from_turns(np.array([[0.4, lock + 1e4 * LOCK, 1.1]]), sequence), sequence)
        assert abs(near[0, 2]) > 0.5  # beside it, both outer turns are still told apart


@pytest.mark.parametrize("sequence", ALL)
@given(turns=st.tuples(*[st.floats(-3.1, 3.1)] * 3))
def test_the_other_turns_make_the_same_rotation(sequence, turns):
    turns = np.array([turns])
    others = other_turns(turns, sequence)
    assert np.abs(_matrix(others, sequence) - _matrix(turns, sequence)).max() < 1e-14
    again = other_turns(others, sequence)
    assert np.abs(np.angle(np.exp(1j * (again - turns)))).max() < 1e-14
    assert (np.abs(others) <= np.pi).all()

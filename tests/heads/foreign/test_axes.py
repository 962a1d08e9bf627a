import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.axes import UNITS, axis_name, axis_vector, check_size, file_to_head, guess_unit

KNOWN = [
    # (up, front) -> where x, y, z of the file are in the head frame (left, down, into)
    (("+y", "+z"), np.diag([1.0, -1, -1])),  # glTF
    (("-y", "-z"), np.eye(3)),  # a camera's, and the head frame
    (("+z", "-y"), [[1, 0, 0], [0, 0, -1], [0, 1, 0]]),  # Blender
    (("+z", "+x"), [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]),
]


@pytest.mark.parametrize(("told", "matrix"), KNOWN)
def test_known_habits(told, matrix):
    assert np.array_equal(file_to_head(None, *told), matrix)


@pytest.mark.parametrize("names", [("+x", "+y", None), ("+x", None, "+z"), (None, "y", "z"), ("+x", "+y", "+z")])
def test_two_axes_suffice(names):
    assert np.array_equal(file_to_head(*names), np.diag([1.0, -1, -1]))


def test_a_left_handed_file_is_mirrored():
    matrix = file_to_head("-x", "+y", "+z")
    assert np.linalg.det(matrix) == -1
    assert matrix[0].tolist() == [-1, 0, 0]


@given(st.integers(0, 2**32 - 1))
def test_directions_give_rotations_with_the_front_kept(seed):
    rotation = Rotation.random(random_state=seed).as_matrix()
    noise = np.random.default_rng(seed).normal(0, 0.05, 3)
    matrix = file_to_head(None, tuple(rotation[1] + noise), tuple(3 * rotation[2]))
    assert np.allclose(matrix @ matrix.T, np.eye(3))
    assert np.allclose(matrix[2], -rotation[2])
    assert np.linalg.det(matrix) > 0


@pytest.mark.parametrize(
    "told", [("+x", None, None), (None, None, None), (None, "+y", "-y"), ("+y", "+y", "+z"), ("+z", "+y", "+z")]
)
def test_axes_that_contradict_each_other_are_refused(told):
    with pytest.raises(HeadError, match="scan"):
        file_to_head(*told, "scan")


@given(st.sampled_from(["+x", "-x", "+y", "-y", "+z", "-z"]))
def test_names_and_vectors(name):
    assert axis_name(axis_vector(name, "up")) == name
    assert np.array_equal(axis_vector(name[1:], "up"), np.abs(axis_vector(name, "up")))


@given(st.sampled_from(list(UNITS)), st.floats(0.12, 0.75))
def test_a_head_tells_its_unit(unit, longest_m):
    assert guess_unit(longest_m / UNITS[unit], "scan") == unit
    check_size(longest_m, unit, "scan")


@pytest.mark.parametrize("longest", [0.0, 1e-9, 0.01, 5000.0, 1e30, float("inf")])
def test_what_is_no_size_of_a_head_is_refused(longest):
    with pytest.raises(HeadError):
        guess_unit(longest, "scan")


def test_a_wrong_unit_is_told_with_the_right_one():
    with pytest.raises(HeadError, match="unit cm would fit"):
        check_size(25.0, "m", "scan")

"""What angles look like, against where a pinhole camera puts the nose and the top of a head turned by SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.axis_turns import SEQUENCES
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention, get_convention
from synhead_tools.geometry.conventions.looks import looks, single_turn, turn_names
from synhead_tools.geometry.projection import project_points

NOSE_AND_TOP_M = np.array([[0.0, 0.03, -0.1], [0.0, -0.13, 0.03]])
CAMERA = np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]])
MATRICES_ONLY = EulerConvention("only", "", frame="opengl")

DOWN, UP = "face turns down", "face turns up"
RIGHT, LEFT = "face turns to image right", "face turns to image left"
CLOCKWISE = "head tilts clockwise: top of the head to image right"
COUNTER_CLOCKWISE = "head tilts counter-clockwise: top of the head to image left"

sequences = st.sampled_from([*SEQUENCES, *(sequence.upper() for sequence in SEQUENCES)])
signs = st.tuples(*[st.sampled_from("+-")] * 3).map("".join)


def _seen(rotmat):
    """Movement in px (x right, y down) of the tip of the nose and the top of the head, from looking at the camera."""
    places = [project_points(NOSE_AND_TOP_M, r, np.array([0, 0, 1.0]), CAMERA)[0] for r in (np.eye(3), rotmat)]
    return places[1] - places[0]


def _agrees(words, rotmat):
    nose, top = _seen(rotmat)
    return {
        DOWN: nose[1] > 2 > abs(nose[0]),
        UP: nose[1] < -2 < -abs(nose[0]),
        RIGHT: nose[0] > 2 > abs(nose[1]),
        LEFT: nose[0] < -2 < -abs(nose[1]),
        CLOCKWISE: top[0] > 2 and nose[0] < 0,
        COUNTER_CLOCKWISE: top[0] < -2 and nose[0] > 0,
    }[words]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("biwi", (DOWN, LEFT, CLOCKWISE)),
        ("biwi+", (DOWN, RIGHT, COUNTER_CLOCKWISE)),
        ("hopenet", (UP, LEFT, CLOCKWISE)),
        ("synhead", (UP, RIGHT, CLOCKWISE)),
    ],
)
def test_the_senses_that_the_literature_states(name, words):
    assert tuple(look.words for look in looks(name)) == words


@given(sequences, signs)
def test_words_say_where_the_nose_and_the_top_of_the_head_go(sequence, signs):
    convention = get_convention(f"{sequence}:{signs}")
    for look, sign in zip(looks(convention), convention.signs, strict=True):
        index = convention.angles.index(look.angle)
        axis = sequence[index] if convention.angles[0] == "alpha" else "xyz"[index]
        turned = Rotation.from_euler(axis.lower(), 5 * sign, degrees=True).as_matrix()
        assert _agrees(look.words, turned)
        assert look.axis == ("+" if sign > 0 else "-") + axis.lower()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_entry_looks_as_it_is_drawn(name):
    seen = looks(name)
    assert len({look.words for look in seen}) == 3
    for look in seen:
        assert _agrees(look.words, single_turn(name, look.angle, 5.0))
        assert not _agrees(look.words, single_turn(name, look.angle, -5.0))


def test_matrices_without_angles_are_turned_about_the_axes_of_their_frame():
    """In OpenGL's frame y points up and z at the viewer, so that turns about them look the other way round."""
    assert turn_names(MATRICES_ONLY) == ("x", "y", "z")
    assert [look.words for look in looks(MATRICES_ONLY)] == [DOWN, RIGHT, COUNTER_CLOCKWISE]
    to_ours = np.diag([1.0, -1, -1])
    theirs = to_ours @ single_turn(MATRICES_ONLY, "z", 40.0) @ to_ours
    assert np.allclose(theirs, Rotation.from_euler("z", 40, degrees=True).as_matrix())


def test_one_angle_in_degrees_whatever_the_unit():
    assert np.allclose(single_turn("300w-lp", "yaw", 30.0), single_turn("hopenet", "yaw", 30.0))


def test_an_angle_of_another_convention_is_refused():
    with pytest.raises(ConventionError, match="no angle 'alpha'; it has pitch, yaw, roll"):
        single_turn("biwi+", "alpha", 1.0)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import CONVENTIONS
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.rotation_labels import (
    KINDS,
    WIDTHS,
    convert_labels,
    find_bad_labels,
    labels_from_rotmat,
    rotmat_from_labels,
)

ROTATIONS = uniform_rotations(20, np.random.default_rng(5))
kinds = st.sampled_from(KINDS)
names = st.sampled_from(CONVENTIONS.names())


def _writes(convention, kind):
    return kind != "euler" or CONVENTIONS.load(convention).has_angles


@given(kinds, names, kinds, names)
def test_every_pair_of_kinds_and_conventions_keeps_the_rotations(source_kind, source, target_kind, target):
    if not (_writes(source, source_kind) and _writes(target, target_kind)):
        return
    labels = labels_from_rotmat(ROTATIONS, source_kind, source)
    assert labels.shape == (20, WIDTHS[source_kind])
    restated = convert_labels(labels, source_kind, source, target_kind, target)
    assert np.abs(rotmat_from_labels(restated, target_kind, target) - ROTATIONS).max() < 1e-9


def test_a_change_of_cameras_turns_from_the_left():
    camera = Rotation.from_euler("x", 20, degrees=True).as_matrix()
    labels = labels_from_rotmat(ROTATIONS, "euler", "biwi")
    turned = convert_labels(labels, "euler", "biwi", "rotmat", "biwi+", camera)
    assert np.abs(turned.reshape(-1, 3, 3) - camera @ ROTATIONS).max() < 1e-12


def test_a_convention_in_an_opengl_frame_turns_the_other_way_about_y_and_z():
    down = Rotation.from_euler("x", 10, degrees=True).as_matrix()
    left = Rotation.from_euler("y", 10, degrees=True).as_matrix()
    written = labels_from_rotmat(np.stack([down, left]), "rotmat", "mediapipe").reshape(-1, 3, 3)
    assert np.allclose(written, [down, left.T])


def test_matrices_of_mediapipe_hold_a_scale():
    # Rx(20) Ry(-35) Rz(10), scaled by 1.07, as a face landmarker's metric frame has it
    written = [0.863177, 0.152201, 0.613727, 0.03212, 1.026646, -0.299778, -0.631502, 0.260256, 0.823634]
    turned = Rotation.from_euler("XYZ", [20, -35, 10], degrees=True).as_matrix()
    assert np.abs(rotmat_from_labels([written], "rotmat", "mediapipe") - turned).max() < 2e-6
    bad, reasons = find_bad_labels([np.zeros(9), -np.array(written), written], "rotmat", "mediapipe")
    assert bad.tolist() == [True, True, False]
    assert "mirrors" in reasons[1]


def test_matrices_of_6drepnet_are_inverses_with_y_up():
    written = [0.806707, -0.35637, -0.471406, 0.142244, 0.891351, -0.430418, 0.573576, 0.280166, 0.769751]
    triple = convert_labels([written], "rotmat", "6drepnet", "euler", "6drepnet")
    assert np.abs(triple - [20, -35, 10]).max() < 1e-4


GOOD = {"euler": [10.0, 20, 30], "quat_xyzw": [0.0, 0, 0, 1], "rotmat": np.eye(3).ravel()}
BAD = [
    ("euler", [np.nan, 0, 0], "finite"),
    ("euler", [0, 361, 0], "full turn"),
    ("quat_xyzw", [0, np.inf, 0, 1], "finite"),
    ("quat_xyzw", [0, 0, 0, 0], "zero"),
    ("quat_xyzw", [0, 0, 0, 1.01], "length 1"),
    ("rotmat", [*np.eye(3).ravel()[:8], np.nan], "finite"),
    ("rotmat", (1.01 * np.eye(3)).ravel(), "orthonormal"),
    ("rotmat", np.full(9, 1e308), "orthonormal"),
    ("rotmat", np.diag([1.0, 1, -1]).ravel(), "mirrors"),
]


@pytest.mark.parametrize(("kind", "label", "reason"), BAD)
def test_bad_labels_are_found_with_their_reason(kind, label, reason):
    bad, reasons = find_bad_labels([GOOD[kind], label, GOOD[kind]], kind, "biwi+")
    assert bad.tolist() == [False, True, False]
    assert len(reasons) == 1
    assert reason in reasons[0]
    with pytest.raises(ConventionError, match="label 1"):
        rotmat_from_labels([GOOD[kind], label], kind, "biwi+")


def test_degrees_under_a_convention_of_radians_are_found():
    bad, reasons = find_bad_labels([[0.1, 0.2, 0.3], [40.0, 0, 0]], "euler", "300w-lp")
    assert bad.tolist() == [False, True]
    assert "rad" in reasons[0]


@pytest.mark.parametrize(("values", "kind"), [([[1.0, 2]], "euler"), ([1.0, 2, 3], "euler"), ([[0.0] * 4], "angles")])
def test_shapes_and_kinds_are_checked(values, kind):
    with pytest.raises(ConventionError):
        convert_labels(values, kind, "biwi", "rotmat", "biwi+")


def test_no_labels_are_no_error():
    assert convert_labels(np.empty((0, 4)), "quat_xyzw", "biwi", "euler", "biwi+").shape == (0, 3)

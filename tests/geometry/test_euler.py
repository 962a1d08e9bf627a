"""Golden vectors: BIWI 01/frame_00501, its published pose.bin, Biwi+ and Hopenet angles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import CONVENTIONS
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import (
    angles_of_triples,
    convert_euler,
    euler_deg_from_rotmat,
    euler_from_rotmat,
    rotmat_from_euler,
    triples_of_angles,
)

BIWI_01_00501 = np.array(
    [[0.45684, -0.404949, -0.792031], [-0.103806, 0.860022, -0.499587], [0.883471, 0.310449, 0.350856]]
)
GOLDEN = {
    "biwi": (41.50347, -62.06395, -12.80173),
    "biwi+": (41.50347, 62.06397, 12.80173),
    "hopenet": (-52.37569, -54.91994, 41.55426),
    "300w-lp": tuple(np.radians((-54.91994, -52.37569, 41.55426))),
    "synhead": (-54.91994, 52.37569, 41.55426),
}

angle = st.floats(-179.0, 179.0)
name = st.sampled_from(CONVENTIONS.names())


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_golden_vector_of_every_convention(convention):
    assert np.allclose(euler_from_rotmat(BIWI_01_00501, convention), GOLDEN[convention], atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(angle, angle, angle, name, name)
def test_restating_never_moves_the_rotation(pitch, yaw, roll, source, target):
    triple = np.array([pitch, yaw, roll])
    if CONVENTIONS.load(source).unit == "rad":
        triple = np.radians(triple)
    restated = convert_euler(triple, source, target)
    assert np.isfinite(restated).all()
    distance = geodesic_distance_deg(rotmat_from_euler(restated, target), rotmat_from_euler(triple, source))
    assert distance < 1e-6


@pytest.mark.parametrize(
    ("convention", "triple"),
    [("biwi+", [10, 20, 30]), ("hopenet", [20, 10, 30]), ("300w-lp", np.deg2rad([10, 20, 30]))],
)
def test_written_order_and_unit_of_a_convention(convention, triple):
    assert np.allclose(triples_of_angles(np.array([10.0, 20, 30]), convention), triple)
    assert np.allclose(angles_of_triples(np.array(triple), convention), [10, 20, 30])


def test_euler_deg_is_degrees_in_a_convention_of_radians():
    assert np.allclose(euler_deg_from_rotmat(BIWI_01_00501, "300w-lp"), np.degrees(GOLDEN["300w-lp"]), atol=1e-3)
    assert np.allclose(euler_deg_from_rotmat(BIWI_01_00501, "hopenet"), GOLDEN["hopenet"], atol=1e-4)


@pytest.mark.parametrize("middle", [90.0, -90.0])
@pytest.mark.parametrize("convention", ["biwi+", "hopenet", "synhead"])
def test_gimbal_lock_keeps_the_rotation(convention, middle):
    columns = CONVENTIONS.load(convention).columns
    triple = np.zeros(3)
    triple[list(columns)] = (20.0, middle, 33.0)
    rotmat = rotmat_from_euler(triple, convention)
    again = rotmat_from_euler(euler_from_rotmat(rotmat, convention), convention)
    assert np.abs(again - rotmat).max() < 1e-9


@settings(max_examples=30, deadline=None)
@given(angle, st.floats(-89.0, 89.0), angle, st.floats(-180.0, 180.0))
def test_turning_the_picture_changes_biwi_plus_roll_alone(pitch, yaw, roll, turn):
    rotmat = rotmat_from_euler([pitch, yaw, roll], "biwi+")
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    clockwise = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    turned = euler_from_rotmat(clockwise @ rotmat, "biwi+")
    assert np.allclose(turned[:2], [pitch, yaw], atol=1e-6)
    assert np.isclose((turned[2] - roll + turn + 180) % 360, 180, atol=1e-6)


@pytest.mark.parametrize("bad", [5.0, [1.0, 2.0], [[1.0, 2.0, np.nan]], [np.inf, 0, 0]])
def test_bad_triples_are_refused(bad):
    with pytest.raises(ConventionError):
        rotmat_from_euler(bad, "biwi+")


@pytest.mark.real
def test_all_biwi_plus_labels_restate_into_the_published_hopenet_angles(real_data):
    labels = np.load(real_data / "biwi_plus" / "Biwi_plus.npz", allow_pickle=False)
    assert len(labels["pyr"]) == 15678
    assert np.abs(convert_euler(labels["pyr"], "biwi+", "hopenet") - labels["ypr"]).max() < 1e-9

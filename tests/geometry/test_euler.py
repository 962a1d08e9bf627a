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
    other_euler,
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
    "aflw2000": tuple(np.radians((-54.91994, -52.37569, 41.55426))),
    "6drepnet": (-54.91990, -52.37572, 41.55422),
    "whenet": (-52.37572, -54.91990, 41.55422),
    "openvino": (66.10748, 29.97266, -6.88241),
    "trg": (-68.34031, 18.08629, 25.21384),
    "openface": (0.958533, -0.914129, 0.725258),
    "3ddfa_v2": (-62.06397, 41.50345, 12.80175),
    "synhead": (-54.91994, 52.37569, 41.55426),
}
FROM_SOURCES = {  # rotations the sources' own products make of a triple, worked out from their formulas by hand
    "whenet": (
        (150, 10, 20),
        [[-0.813797681, 0.296198133, 0.5], [0.255236133, 0.955112166, -0.150383733],
         [-0.522099464, 0.005236133, -0.852868532]],
    ),
    "trg": (
        (30, -20, 15),
        [[0.880776967, -0.243210347, 0.406301195], [0.058960823, 0.907673371, 0.415514949],
         [-0.46984631, -0.342020143, 0.813797681]],
    ),
    "openvino": (
        (30, -20, 15),
        [[0.880776967, -0.058960823, -0.46984631], [0.243210347, 0.907673371, 0.342020143],
         [0.406301195, -0.415514949, 0.813797681]],
    ),
    "openface": (
        (0.3, -0.5, 0.2),
        [[0.86008934, -0.17434874, -0.47942554], [0.05094029, 0.96444082, -0.25934338],
         [0.50759375, 0.1986364, 0.83838664]],
    ),
    "6drepnet": (
        (20, -35, 10),
        [[0.806707, -0.142244, -0.573576], [0.35637, 0.891351, 0.280166], [0.471406, -0.430418, 0.769751]],
    ),
}  # fmt: skip
WITH_ANGLES = [name for name in CONVENTIONS if CONVENTIONS.load(name).has_angles]

angle = st.floats(-179.0, 179.0)
name = st.sampled_from(WITH_ANGLES)


@pytest.mark.parametrize("convention", WITH_ANGLES)
def test_golden_vector_of_every_convention(convention):
    assert np.allclose(euler_from_rotmat(BIWI_01_00501, convention), GOLDEN[convention], atol=1e-4)


@pytest.mark.parametrize("convention", FROM_SOURCES)
def test_triples_make_the_rotations_of_their_sources(convention):
    triple, rotmat = FROM_SOURCES[convention]
    assert np.abs(rotmat_from_euler(triple, convention) - rotmat).max() < 1e-6
    assert np.abs(euler_from_rotmat(rotmat_from_euler(triple, convention), convention) - triple).max() < 1e-9


def test_a_convention_of_matrices_has_no_triples():
    with pytest.raises(ConventionError, match="mediapipe labels are matrices"):
        euler_from_rotmat(np.eye(3), "mediapipe")
    with pytest.raises(ConventionError, match="mediapipe labels are matrices"):
        convert_euler([1.0, 2, 3], "mediapipe", "biwi")


def test_the_yaw_of_an_upright_head_goes_all_the_way_round():
    yaws = np.arange(-175.0, 180, 10)
    triples = np.stack([yaws, np.full_like(yaws, 25), np.full_like(yaws, -40)], axis=1)
    rotmat = rotmat_from_euler(triples, "whenet")
    assert np.allclose(euler_from_rotmat(rotmat, "whenet"), triples)
    behind = np.abs(yaws) > 90
    assert not np.allclose(euler_from_rotmat(rotmat, "hopenet")[behind], triples[behind])


@given(angle, angle, angle, name)
def test_the_other_triple_is_the_same_rotation(pitch, yaw, roll, convention):
    triple = np.array([pitch, yaw, roll])
    if CONVENTIONS.load(convention).unit == "rad":
        triple = np.radians(triple)
    other = other_euler(triple, convention)
    assert np.abs(rotmat_from_euler(other, convention) - rotmat_from_euler(triple, convention)).max() < 1e-12
    assert np.abs(other - triple).max() > 1


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


@pytest.mark.parametrize("source", WITH_ANGLES)
@given(
    angle,
    angle,
    st.sampled_from([-90.0, 90.0]),
    st.one_of(st.just(0.0), st.floats(-12, -1).map(lambda e: 10.0**e)),
    name,
)
def test_at_and_near_gimbal_lock_every_pair_keeps_the_rotation(source, first, last, middle, off, target):
    source = CONVENTIONS.load(source)
    turn = source.sequence[1].lower()
    triple = np.zeros(3)
    triple[list(source.columns)] = [middle - np.sign(middle) * off if axis == turn else 0 for axis in "xyz"]
    outer = [source.columns["xyz".index(axis)] for axis in "xyz" if axis != turn]
    triple[outer] = first, last
    triple = np.radians(triple) if source.unit == "rad" else triple
    rotmat = rotmat_from_euler(triple, source)
    for convention in (source, target):
        restated = convert_euler(triple, source, convention)
        assert np.isfinite(restated).all()
        assert np.abs(rotmat_from_euler(restated, convention) - rotmat).max() < 1e-9


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
    assert np.abs(convert_euler(labels["ypr"], "hopenet", "biwi+") - labels["pyr"]).max() < 1e-9

"""Conventions told from rotations that SciPy or another reading made, noise and wild frames included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import CONVENTIONS, get_convention
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.identify import identify
from synhead_tools.geometry.identify.candidates import (
    alike_names,
    candidate_conventions,
    names_of,
    reading_of,
    transposed_reading,
)
from synhead_tools.geometry.landmark_rotations import rotations_from_landmarks_2d, rotations_from_landmarks_3d
from synhead_tools.geometry.pose_laws import biwi_like_rotations, uniform_rotations

NAMED = [name for name in CONVENTIONS if CONVENTIONS.load(name).has_angles]
COLUMNS = ("pitch", "yaw", "roll")
LAWS = {"uniform": uniform_rotations, "biwi-like": biwi_like_rotations}
laws = st.sampled_from(sorted(LAWS))
seeds = st.integers(0, 1 << 30)
candidates = st.sampled_from(candidate_conventions())


def _turns(n, noise_deg, rng):
    """Rotations by `noise_deg` on average."""
    return Rotation.from_rotvec(np.radians(rng.normal(0, noise_deg / 1.6, (n, 3)))).as_matrix()


def _wild(rotmat, share, rng):
    """`rotmat` with every so many frames replaced by any rotation."""
    rotmat = rotmat.copy()
    rows = rng.permutation(len(rotmat))[: int(np.ceil(share * len(rotmat)))]
    rotmat[rows] = uniform_rotations(len(rows), rng)
    return rotmat


def _constant(angle_deg, rng):
    axis = rng.normal(size=3)
    return Rotation.from_rotvec(np.radians(angle_deg) * axis / np.linalg.norm(axis)).as_matrix()


def _same(candidate, convention):
    return reading_of(candidate.convention) == reading_of(get_convention(convention))


def _readings(candidates):
    return {reading_of(candidate.convention) for candidate in candidates}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", NAMED)
def test_every_named_convention_is_found_among_all_readings_despite_noise_and_wild_frames(name, law):
    rng = np.random.default_rng(3)
    true = LAWS[law](150, rng)
    found = identify(euler_from_rotmat(true, name), _wild(true @ _turns(150, 1.0, rng), 0.03, rng))
    assert found.certainty == "certain", found.verdict
    assert name in found.best.names
    assert 0.7 < found.best.median_deg < 1.3
    assert found.ratio > 2


@settings(max_examples=8)
@given(candidates, laws, seeds)
def test_any_spec_is_found_from_exact_rotations(convention, law, seed):
    true = LAWS[law](30, np.random.default_rng(seed))
    found = identify(euler_from_rotmat(true, convention), true)
    assert found.certainty == "certain"
    assert _same(found.best, convention)
    assert found.best.p95_deg < 1e-5
    assert found.win_fraction == 1


@settings(max_examples=6)
@given(candidates, laws, seeds, st.sampled_from(["head", "camera"]), st.floats(0, 180))
def test_any_spec_is_found_behind_a_constant_rotation(convention, law, seed, side, angle_deg):
    rng = np.random.default_rng(seed)
    true, constant = LAWS[law](100, rng), _constant(angle_deg, rng)
    labels = euler_from_rotmat(true, convention)
    turned = true @ constant if side == "head" else constant @ true
    found = identify(labels, _wild(turned @ _turns(100, 1.0, rng), 0.03, rng), unknowns=[side])
    assert found.certainty in ("certain", "likely")
    assert _same(found.best, convention)
    assert found.best.side == side
    assert geodesic_distance_deg(found.best.constant, constant) < 0.5
    assert abs(found.best.constant_deg - angle_deg) < 0.5


def test_the_side_of_a_constant_rotation_is_found_too():
    rng = np.random.default_rng(8)
    true, constant = biwi_like_rotations(80, rng), _constant(15, rng)
    for side, turned in (("head", true @ constant), ("camera", constant @ true)):
        found = identify(euler_from_rotmat(true, "biwi+"), turned, COLUMNS, unknowns=("head", "camera"))
        assert (found.best.side, found.certainty) == (side, "certain")
        assert np.abs(found.best.constant - constant).max() < 1e-9


def test_a_constant_rotation_that_is_not_allowed_for_leaves_a_residual():
    rng = np.random.default_rng(9)
    true = biwi_like_rotations(80, rng)
    found = identify(euler_from_rotmat(true, "biwi+"), true @ _constant(14, rng), COLUMNS)
    assert found.certainty == "none fits"
    assert "constant rotation" in found.verdict


@pytest.mark.parametrize("moves", range(3))
def test_angles_that_never_move_leave_all_readings_that_then_agree(moves):
    rng = np.random.default_rng(4)
    labels = np.zeros((60, 3))
    labels[:, moves] = rng.normal(0, 25, 60)
    true = rotmat_from_euler(labels, "biwi+")
    found = identify(labels, true, COLUMNS, units=("deg",))
    equal = [c for c in candidate_conventions(COLUMNS, ("deg",)) if np.allclose(rotmat_from_euler(labels, c), true)]
    assert found.certainty == "cannot tell"
    assert _readings([found.best, *found.rivals]) == {reading_of(convention) for convention in equal}
    assert len(equal) == 24
    assert found.still == tuple(name for index, name in enumerate(COLUMNS) if index != moves)
    assert "never move" in found.verdict
    named = [name for name in NAMED if _named_like(name, equal)]
    assert len(named) >= 2
    assert all(name in found.verdict for name in named)


def _named_like(name, conventions):
    named = CONVENTIONS.load(name)
    signs_and_sequence = (named.signs, reading_of(named)[0][0][0], reading_of(named)[0][1][0])
    return named.unit == "deg" and any(
        (c.signs, reading_of(c)[0][0][0], reading_of(c)[0][1][0]) == signs_and_sequence for c in conventions
    )


def test_small_angles_leave_all_six_sequences_of_the_right_signs():
    rng = np.random.default_rng(5)
    labels = rng.normal(0, 2.0, (100, 3))
    true = rotmat_from_euler(labels, "biwi+") @ _turns(100, 1.0, rng)
    found = identify(labels, true, COLUMNS)
    assert found.certainty == "cannot tell"
    sequences = [f"{sequence}:+--" for sequence in ("xyz", "xzy", "yxz", "yzx", "zxy", "zyx")]
    assert _readings([found.best, *found.rivals]) == {reading_of(get_convention(spec)) for spec in sequences}
    assert found.best.names == ("biwi+",)
    assert found.still == ()
    assert "100 frames" in found.verdict


def test_labels_that_never_move_tell_nothing():
    found = identify(np.zeros((5, 3)), np.tile(np.eye(3), (5, 1, 1)))
    assert found.certainty == "cannot tell"
    assert len(found.rivals) == 1151
    assert found.verdict.endswith("the labels never move")
    assert all(name in found.verdict for name in NAMED)


@pytest.mark.parametrize("unknowns", [(), ("head",), ("camera",)])
@pytest.mark.parametrize("law", LAWS)
def test_labels_of_other_frames_fit_nothing(law, unknowns):
    rng = np.random.default_rng(6)
    labels = euler_from_rotmat(LAWS[law](200, rng), "biwi+")
    found = identify(labels, LAWS[law](200, rng), unknowns=unknowns)
    assert found.certainty == "none fits"
    assert "may not be of the same frames" in found.verdict


def test_noise_around_one_rotation_fits_nothing():
    rng = np.random.default_rng(7)
    found = identify(rng.normal(0, 3, (200, 3)), _turns(200, 5.0, rng), COLUMNS, unknowns=("head",))
    assert found.certainty == "none fits"
    assert found.best.residual_deg < 10  # by its size alone it would pass


def test_radians_and_degrees_are_told_apart():
    rng = np.random.default_rng(10)
    true = biwi_like_rotations(50, rng)
    labels = euler_from_rotmat(true, "xyz:+--:rad")
    found = identify(labels, true, COLUMNS)
    assert found.best.convention.unit == "rad"
    assert "biwi+" in found.best.alike
    assert "another unit" in found.verdict
    assert identify(np.degrees(labels), true, COLUMNS).best.names == ("biwi+",)
    assert identify(labels, true, COLUMNS, units=("deg",)).certainty == "none fits"


def test_transposed_rotations_are_named_as_a_pair():
    rng = np.random.default_rng(11)
    true = biwi_like_rotations(50, rng)
    labels = euler_from_rotmat(true, "hopenet")
    found = identify(labels, np.swapaxes(true, 1, 2), ("yaw", "pitch", "roll"), unknowns=("transposed",))
    assert found.certainty == "cannot tell"
    pair = (found.best, *found.rivals)
    assert len(pair) == 2
    assert {name for candidate in pair for name in candidate.names} >= {"biwi+", "hopenet"}
    assert "hopenet" in found.verdict
    assert "transposed" in found.verdict
    for candidate in pair:  # what each says, checked against what it was given
        given = true if candidate.transposed else np.swapaxes(true, 1, 2)
        assert np.abs(rotmat_from_euler(labels, candidate.convention) - given).max() < 1e-12


def test_a_nameless_reading_whose_transposed_has_a_name_is_hinted_at():
    true = biwi_like_rotations(50, np.random.default_rng(12))
    for name in NAMED:
        turned = transposed_reading(CONVENTIONS.load(name))
        if names_of(turned, turned.order) or alike_names(turned, turned.order):
            continue
        found = identify(euler_from_rotmat(true, name), np.swapaxes(true, 1, 2), turned.order)
        assert not found.best.names
        assert f"{name}, if the rotations are R_camera_to_head" in found.verdict.replace(" =", ",")
        return
    raise AssertionError("no named convention has a nameless transpose")


def test_a_transposed_reading_behind_a_constant_rotation_has_it_on_the_other_side():
    rng = np.random.default_rng(13)
    true, constant = biwi_like_rotations(50, rng), _constant(20, rng)
    labels = euler_from_rotmat(true, "biwi+")
    found = identify(labels, np.swapaxes(true @ constant, 1, 2), COLUMNS, unknowns=("camera", "transposed"))
    (twin,) = [candidate for candidate in (found.best, *found.rivals) if candidate.transposed]
    assert _same(twin, "biwi+")
    assert twin.side == "head"
    assert np.abs(twin.constant - constant).max() < 1e-9


def test_columns_without_a_name_may_stand_in_any_order():
    true = biwi_like_rotations(40, np.random.default_rng(14))
    labels = euler_from_rotmat(true, "biwi+")[:, [2, 0, 1]]
    found = identify(labels, true)
    assert found.best.convention.order == ("roll", "pitch", "yaw")
    assert found.best.names == ()
    assert "biwi+" in found.best.alike


def test_a_few_frames_among_many_tell_readings_apart():
    """Two frames of 6,000 have roll: nobody would see them in a median, and the sample may have neither."""
    rng = np.random.default_rng(15)
    labels = np.zeros((6000, 3))
    labels[:, 1] = rng.normal(0, 25, 6000)
    labels[[1234, 4321]] = [[30, 20, 25], [-20, 40, 35]]
    for seed in range(3):
        found = identify(labels, rotmat_from_euler(labels, "biwi+"), COLUMNS, units=("deg",), seed=seed)
        assert found.best.names == ("biwi+",)
        assert found.ranked[1].mean_deg > 1e-3 > found.best.mean_deg
        assert found.best.median_deg == pytest.approx(found.ranked[1].median_deg, abs=1e-5)


def test_few_noisy_frames_are_not_enough():
    rng = np.random.default_rng(16)
    missed = 0
    for _ in range(10):
        true = biwi_like_rotations(3, rng)
        found = identify(euler_from_rotmat(true, "biwi+"), true @ _turns(3, 4.0, rng), COLUMNS)
        told = _readings([found.best, *found.rivals])
        missed += found.certainty != "none fits" and reading_of(CONVENTIONS.load("biwi+")) not in told
        assert found.certainty != "certain"
    assert missed == 0


def test_one_frame_behind_a_constant_rotation_tells_nothing():
    found = identify([[10.0, 20, 30]], _constant(50, np.random.default_rng(17))[None], COLUMNS, unknowns=("head",))
    assert found.certainty == "cannot tell"
    assert len(found.rivals) == 95


def test_the_same_seed_gives_the_same_answer():
    true = biwi_like_rotations(3000, np.random.default_rng(18))
    labels, noisy = euler_from_rotmat(true, "biwi"), true @ _turns(3000, 2.0, np.random.default_rng(19))
    first, second = (identify(labels, noisy, COLUMNS, seed=5) for _ in range(2))
    assert [c.convention for c in first.ranked] == [c.convention for c in second.ranked]
    assert [c.residual_deg for c in first.ranked] == [c.residual_deg for c in second.ranked]
    assert first.win_fraction == second.win_fraction
    assert first.best.names == identify(labels, noisy, COLUMNS, seed=6).best.names == ("biwi",)


@pytest.mark.parametrize(
    ("labels", "rotmat", "options"),
    [
        (np.zeros((2, 3)), np.tile(np.eye(3), (3, 1, 1)), {}),
        (np.zeros((2, 4)), np.tile(np.eye(3), (2, 1, 1)), {}),
        (np.zeros((0, 3)), np.zeros((0, 3, 3)), {}),
        (np.array([[0, np.nan, 0]]), np.eye(3)[None], {}),
        (np.zeros((1, 3)), -np.eye(3)[None], {}),
        (np.zeros((1, 3)), np.eye(3)[None], {"order": ("pitch", "yaw", "tilt")}),
        (np.zeros((1, 3)), np.eye(3)[None], {"units": ("turns",)}),
        (np.zeros((1, 3)), np.eye(3)[None], {"unknowns": ("neck",)}),
        (np.zeros((1, 3)), np.eye(3)[None], {"unknowns": "head"}),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, rotmat, options):
    with pytest.raises(ConventionError):
        identify(labels, rotmat, **options)


@pytest.mark.real
def test_published_angles_of_all_biwi_frames_are_hopenet_and_biwi_plus(real_data):
    labels = np.load(real_data / "biwi_plus" / "Biwi_plus.npz", allow_pickle=False)
    true = rotmat_from_euler(labels["pyr"], "biwi+")
    assert len(true) == 15678
    found = identify(labels["ypr"], true)
    assert found.certainty == "certain"
    assert "hopenet" in found.best.names
    assert found.best.mean_deg < 1e-9
    assert found.ratio > 1000
    found = identify(labels["pyr"], true)
    assert found.certainty == "certain"
    assert found.best.names == ("biwi+",)


@pytest.mark.real
def test_poses_of_aflw2000_are_300w_lp_by_their_landmarks(real_data):
    """15 faces: their own mean shape in three dimensions, and a head of another make in the picture."""
    from synhead_tools.heads.library import load_head

    pose, points = _aflw2000(real_data / "aflw2000_sample")
    turned = rotations_from_landmarks_3d(points, axes="picture")
    found = identify(pose, turned.rotmat, unknowns=("head",))
    assert found.certainty == "certain"
    assert "300w-lp" in found.best.names
    assert found.best.residual_deg < 1.5
    assert 2 < found.ratio < 4
    reference = load_head("m01").landmarks68_m
    turned = rotations_from_landmarks_2d(points[..., :2], reference)  # depth is not looked at
    found = identify(pose, turned.rotmat, unknowns=("head",))
    assert found.certainty in ("likely", "certain")
    assert "300w-lp" in found.best.names
    found = identify(pose, turned.rotmat, COLUMNS)  # the heads' frames differ by 7 degrees, which is not allowed for
    assert found.certainty == "cannot tell"
    assert {c.convention.signs for c in (found.best, *found.rivals)} == {(-1, 1, 1)}
    assert "300w-lp" in found.best.names


def _aflw2000(folder):
    from scipy.io import loadmat

    files = [loadmat(path) for path in sorted(folder.glob("*.mat"))]
    assert len(files) == 15
    pose = np.array([file["Pose_Para"][0, :3] for file in files], float)
    return pose, np.array([file["pt3d_68"].T for file in files], float)

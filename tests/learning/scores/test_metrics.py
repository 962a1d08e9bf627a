import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.scores.metrics import (
    angle_errors_deg,
    mean_absolute_errors_deg,
    mean_geodesic_error_deg,
    mean_vector_error_deg,
    pitch_bins,
    pitch_yaw_roll_deg,
    remove_mean_rotation,
    yaw_bins,
)


def _pair(n=20, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.normal(0, (20, 25, 10), (n, 3))
    return true + rng.normal(0, 5, (n, 3)), true


def test_mae_is_the_mean_difference_of_the_written_numbers():
    predicted, true = _pair()
    by_hand = np.abs(predicted - true).mean(0)
    as_rotmat = (rotmat_from_euler(triples, "biwi+") for triples in (predicted, true))
    np.testing.assert_allclose(mean_absolute_errors_deg(*as_rotmat), by_hand, atol=1e-9)


def test_no_wrap_tricks():
    predicted, true = (rotmat_from_euler([[0.0, 0.0, roll]], "biwi+") for roll in (179.0, -179.0))
    assert angle_errors_deg(predicted, true)[0, 2] == pytest.approx(358)
    assert mean_geodesic_error_deg(predicted, true) == pytest.approx(2)


def test_order_and_unit_of_a_convention_do_not_change_what_is_pitch():
    rotmat = rotmat_from_euler([10.0, 20.0, 30.0], "biwi+")
    np.testing.assert_allclose(pitch_yaw_roll_deg(rotmat, "xyz:+--:rad:roll,pitch,yaw"), [10, 20, 30])
    assert np.abs(pitch_yaw_roll_deg(rotmat, "hopenet") - [10, 20, 30]).max() > 1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_geodesic_and_vector_errors_against_scipy(seed):
    first, second = (Rotation.random(6, random_state=seed + k) for k in (0, 5000))
    expected = np.degrees((first.inv() * second).magnitude()).mean()
    assert mean_geodesic_error_deg(first.as_matrix(), second.as_matrix()) == pytest.approx(expected, abs=1e-6)
    axes = [[r.apply(axis) for axis in np.eye(3)] for r in (first, second)]
    cosines = np.clip((np.array(axes[0]) * np.array(axes[1])).sum(-1), -1, 1)
    by_hand = np.degrees(np.arccos(cosines)).mean()
    assert mean_vector_error_deg(first.as_matrix(), second.as_matrix()) == pytest.approx(by_hand, abs=1e-5)


def test_constant_head_frame_offsets_vanish_per_group():
    _, triples = _pair(30)
    true = rotmat_from_euler(triples, "biwi+")
    groups = np.repeat(["a", "b", "c"], 10)
    offsets = {g: Rotation.random(random_state=k).as_matrix() for k, g in enumerate("abc")}
    predicted = np.stack([r @ offsets[g] for r, g in zip(true, groups, strict=True)])
    assert mean_geodesic_error_deg(remove_mean_rotation(predicted, true, groups), true) < 1e-5
    assert mean_geodesic_error_deg(remove_mean_rotation(predicted, true), true) > 10


def test_every_sample_is_in_one_yaw_bin():
    yaw = np.array([0.0, -14.9, 15.1, -44.0, 60.1, 89.9])
    bins = yaw_bins(rotmat_from_euler(np.stack([0 * yaw, yaw, 0 * yaw], -1), "biwi+"))
    assert sum(rows.sum() for _, rows in bins) == len(yaw)
    assert bins[0][1].tolist() == [True, True, False, False, False, False]
    assert bins[-1][1].tolist() == [False, False, False, False, True, True]


def test_heads_turned_away_have_a_bin_where_the_convention_knows_them():
    away = rotmat_from_euler([[130.0, 10.0, 0.0], [20.0, 0.0, 0.0]], "whenet")
    assert [name for name, _ in yaw_bins(away, convention="whenet")] == ["|yaw| 15 to 30 deg", "|yaw| 90 to 180 deg"]


def test_pitch_bins_keep_the_sign():
    pitch = np.array([-75.0, -29.99, -29.9, 0.0, 10.1, 89.0])
    bins = pitch_bins(rotmat_from_euler(np.stack([pitch, 0 * pitch, 0 * pitch], -1), "biwi+"))
    assert [(name, np.flatnonzero(rows).tolist()) for name, rows in bins] == [
        ("pitch -90 to -60 deg", [0]), ("pitch -30 to -10 deg", [1, 2]), ("pitch -10 to 10 deg", [3]),
        ("pitch 10 to 30 deg", [4]), ("pitch 60 to 90 deg", [5]),
    ]  # fmt: skip

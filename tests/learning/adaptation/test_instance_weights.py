import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.learning.adaptation.instance_weights import (
    count_nearest_sources,
    distance_to_nearest_target,
    effective_sample_size,
)
from synhead_tools.learning.adaptation.pada import Pada
from synhead_tools.learning.config import TrainConfig


def _brute_force(source, target, k, metric):
    weights = np.zeros(len(source))
    for wanted in target:
        if metric == "geodesic":
            distance = (Rotation.from_matrix(source).inv() * Rotation.from_matrix(wanted)).magnitude()
        else:  # pitch, yaw, roll of Biwi+, written out
            triples = [
                np.degrees([np.arctan2(r[2, 1], r[2, 2]), np.arcsin(r[2, 0]), -np.arctan2(r[1, 0], r[0, 0])])
                for r in (*source, wanted)
            ]
            distance = np.linalg.norm(np.array(triples[:-1]) - triples[-1], axis=1)
        weights[np.argsort(distance)[:k]] += 1
    return weights


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from(["geodesic", "euler"]))
def test_weights_equal_brute_force(seed, k, metric):
    rng = np.random.default_rng(seed)
    source, target = (Rotation.random(n, random_state=rng).as_matrix() for n in (12, 5))
    np.testing.assert_array_equal(
        count_nearest_sources(source, target, k, metric), _brute_force(source, target, k, metric)
    )


@pytest.mark.parametrize("metric", ["geodesic", "euler"])
def test_distances_to_the_nearest_target_equal_brute_force(metric):
    rng = np.random.default_rng(3)
    source, target = (Rotation.random(n, random_state=rng).as_matrix() for n in (9, 4))
    ours = distance_to_nearest_target(source, target, metric)
    for row, distance in zip(source, ours, strict=True):
        if metric == "geodesic":
            all_of_them = np.degrees((Rotation.from_matrix(target).inv() * Rotation.from_matrix(row)).magnitude())
        else:
            all_of_them = np.linalg.norm(euler_from_rotmat(target, "biwi+") - euler_from_rotmat(row, "biwi+"), axis=1)
        assert distance == pytest.approx(all_of_them.min(), abs=1e-6)


def test_pada_weights_are_the_threshold_minus_the_distance():
    config = TrainConfig(method="pada", pada_threshold_deg=10.0)
    turns = Rotation.from_euler("y", [[0], [4], [9], [12], [-30]], degrees=True).as_matrix()
    weights = Pada(config, 8).source_weights(turns, lambda: np.eye(3)[None])
    np.testing.assert_allclose(weights, [10, 6, 1, 0, 0], atol=1e-5)


def test_the_two_metrics_differ_near_a_profile():
    # at yaw 80 degrees, pitch and roll turn about nearly the same axis: Euler triples far apart are one pose
    near_in_rotation = Rotation.from_euler("xyz", [30, -80, -30], degrees=True).as_matrix()
    near_in_numbers = Rotation.from_euler("xyz", [0, -62, 0], degrees=True).as_matrix()
    source = np.stack([near_in_rotation, near_in_numbers])
    target = Rotation.from_euler("xyz", [0, -80, 0], degrees=True).as_matrix()[None]
    assert count_nearest_sources(source, target, 1, "geodesic").tolist() == [1, 0]
    assert count_nearest_sources(source, target, 1, "euler").tolist() == [0, 1]


@pytest.mark.parametrize("metric", ["geodesic", "euler"])
def test_of_samples_with_one_label_those_that_come_first_count(metric):
    """Ten heads at the same poses: every label is there ten times, and which copies count must not be chance."""
    poses = Rotation.random(30, random_state=np.random.default_rng(1)).as_matrix()
    weights = count_nearest_sources(np.tile(poses, (10, 1, 1)), poses, 13, metric).reshape(10, 30)
    assert weights.sum() == 30 * 13
    nearest = count_nearest_sources(poses, poses, 2, metric) - 1  # how often a pose is the nearest other one
    assert (weights[:3] == 1 + nearest).all()
    assert (weights[3:] == 1).all()


def test_more_neighbours_than_samples_means_all():
    rotmat = Rotation.random(4, random_state=np.random.default_rng(0)).as_matrix()
    assert count_nearest_sources(rotmat, rotmat[:3], 100).tolist() == [3, 3, 3, 3]


def test_effective_sample_size():
    assert effective_sample_size(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_sample_size([5, 0, 0]) == pytest.approx(1)
    assert effective_sample_size([1, 3]) == pytest.approx(16 / 10)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.learning.adaptation.instance_weights import count_nearest_sources, effective_sample_size


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


def test_the_two_metrics_differ_near_a_profile():
    # at yaw 80 degrees, pitch and roll turn about nearly the same axis: Euler triples far apart are one pose
    near_in_rotation = Rotation.from_euler("xyz", [30, -80, -30], degrees=True).as_matrix()
    near_in_numbers = Rotation.from_euler("xyz", [0, -62, 0], degrees=True).as_matrix()
    source = np.stack([near_in_rotation, near_in_numbers])
    target = Rotation.from_euler("xyz", [0, -80, 0], degrees=True).as_matrix()[None]
    assert count_nearest_sources(source, target, 1, "geodesic").tolist() == [1, 0]
    assert count_nearest_sources(source, target, 1, "euler").tolist() == [0, 1]


def test_more_neighbours_than_samples_means_all():
    rotmat = Rotation.random(4, random_state=np.random.default_rng(0)).as_matrix()
    assert count_nearest_sources(rotmat, rotmat[:3], 100).tolist() == [3, 3, 3, 3]


def test_effective_sample_size():
    assert effective_sample_size(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_sample_size([5, 0, 0]) == pytest.approx(1)
    assert effective_sample_size([1, 3]) == pytest.approx(16 / 10)

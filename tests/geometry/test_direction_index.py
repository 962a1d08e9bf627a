"""Every answer is compared with all angles, computed on their own way: arctan2 of cross and dot product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.direction_index import DirectionIndex

pytestmark = pytest.mark.usefixtures("each_way")

AXES = np.concatenate([np.eye(3), -np.eye(3)])


def _directions(n, rng):
    v = rng.standard_normal((n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def _true_deg(queries, indexed):
    cross = np.linalg.norm(np.cross(queries[:, None], indexed[None]), axis=-1)
    return np.degrees(np.arctan2(cross, queries @ indexed.T))


def _moved(directions, angle_deg, rng):
    side = np.cross(directions, _directions(len(directions), rng))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return directions * np.cos(np.radians(angle_deg)) + side * np.sin(np.radians(angle_deg))


def _adversarial(rng):
    """Random, identical, opposite, 1e-9 degrees apart, clusters of 1e-7, nearly opposite, and the six axes twice."""
    base = _directions(40, rng)
    cluster = _moved(np.repeat(base[:2], 15, axis=0), 1e-7, rng)
    return np.concatenate(
        [base, base[:6], -base[:6], _moved(base[:8], 1e-9, rng), cluster, _moved(-base[:8], 1e-7, rng), AXES, AXES]
    )


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([1, 3, 17, 110]))
def test_query_equals_brute_force(seed, k):
    rng = np.random.default_rng(seed)
    indexed = rng.permutation(_adversarial(rng))
    queries = np.concatenate([_directions(10, rng), indexed[::9], AXES, _moved(-indexed[:5], 1e-8, rng)])
    angle_deg, index = DirectionIndex(indexed).query(queries, k=k)
    true_deg = _true_deg(queries, indexed)
    assert np.abs(angle_deg - np.sort(true_deg, axis=1)[:, :k]).max() < 1e-6
    assert np.abs(np.take_along_axis(true_deg, index, 1) - angle_deg).max() < 1e-6
    assert all(len(set(row)) == k for row in index)


@pytest.mark.parametrize("k", range(1, 13))
def test_ties_of_the_axes_go_by_position(k):
    order = np.random.default_rng(k).permutation(12)
    indexed = np.concatenate([AXES, AXES])[order]
    angle_deg, index = DirectionIndex(indexed).query(AXES, k=k)
    true_deg = _true_deg(AXES, indexed)
    assert (index == np.argsort(true_deg, axis=1, kind="stable")[:, :k]).all()
    assert (angle_deg == np.repeat([0.0, 90.0, 180.0], [2, 8, 2])[:k]).all()


@pytest.mark.parametrize("radius_deg", [0.0, 2e-9, 40.0, 90.0, 179.9999999, 180.0])
def test_within_equals_brute_force(radius_deg):
    rng = np.random.default_rng(1)
    indexed = _adversarial(rng)
    queries = np.concatenate([_directions(10, rng), indexed[:12], AXES])
    true_deg = _true_deg(queries, indexed)
    clear = np.abs(true_deg - radius_deg) > 1e-12
    for i, found in enumerate(DirectionIndex(indexed).within(queries, radius_deg)):
        assert (found == np.unique(found)).all()
        inside = np.isin(np.arange(len(indexed)), found)
        assert (inside == (true_deg[i] <= radius_deg))[clear[i]].all()


def test_directions_need_not_be_of_length_one():
    rng = np.random.default_rng(4)
    indexed, queries = _directions(60, rng), _directions(9, rng)
    found = DirectionIndex(indexed * rng.uniform(0.1, 9, (60, 1))).query(queries * 3, k=4)
    expected = DirectionIndex(indexed).query(queries, k=4)
    assert (found[1] == expected[1]).all()
    assert np.allclose(found[0], expected[0], atol=1e-9)


def test_many_equal_directions_take_no_longer_than_few():
    """Forty thousand frames with one viewing direction: listing them all for each query would take minutes."""
    indexed = np.repeat(AXES, 40_000, axis=0)
    angle_deg, index = DirectionIndex(indexed).query(np.repeat(AXES, 1_000, axis=0), k=2)
    assert angle_deg.max() == 0
    assert (index == np.repeat(40_000 * np.arange(6), 1_000)[:, None] + [0, 1]).all()

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.rotation_index import RotationIndex


def _adversarial(rng: np.random.Generator) -> np.ndarray:
    """Random, identical, 180 degrees apart, and 1e-9 apart rotations."""
    base = Rotation.random(60, rng=rng)
    half_turns = base[:10] * Rotation.from_rotvec([np.pi, 0, 0])
    close = base[:10] * Rotation.from_rotvec([1e-9, 0, 0])
    return np.concatenate([base.as_matrix(), base[:5].as_matrix(), half_turns.as_matrix(), close.as_matrix()])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12))
def test_query_equals_brute_force(seed, k):
    rng = np.random.default_rng(seed)
    indexed = _adversarial(rng)
    queries = np.concatenate([Rotation.random(10, rng=rng).as_matrix(), indexed[::7]])
    angle_deg, index = RotationIndex(indexed).query(queries, k=k)
    distances = geodesic_distance_deg(queries[:, None], indexed[None])
    assert np.allclose(angle_deg, np.sort(distances, axis=1)[:, :k], atol=1e-6)
    assert np.allclose(np.take_along_axis(distances, index, 1), angle_deg, atol=1e-9)
    assert all(len(set(row)) == k for row in index)


@pytest.mark.parametrize("radius_deg", [0.5, 30.0, 120.0, 180.0])
def test_within_equals_brute_force(radius_deg):
    rng = np.random.default_rng(3)
    indexed, queries = _adversarial(rng), Rotation.random(8, rng=rng).as_matrix()
    distances = geodesic_distance_deg(queries[:, None], indexed[None])
    for found, row in zip(RotationIndex(indexed).within(queries, radius_deg), distances, strict=True):
        assert (found == np.flatnonzero(row <= radius_deg + 1e-9)).all()


@pytest.mark.parametrize("k", [0, 4])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match="between 1 and"):
        RotationIndex(np.stack([np.eye(3)] * 3)).query(np.eye(3), k=k)

import numpy as np

from synhead_tools.geometry.direction_index import DirectionIndex


def _directions(n, rng):
    v = rng.standard_normal((n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_query_and_within_equal_brute_force():
    rng = np.random.default_rng(1)
    indexed = np.concatenate([_directions(80, rng), np.eye(3), -np.eye(3)])
    queries = np.concatenate([_directions(15, rng), indexed[:4]])
    brute = np.degrees(np.arccos(np.clip(queries @ indexed.T, -1, 1)))
    angle_deg, index = DirectionIndex(indexed).query(queries, k=5)
    assert np.allclose(angle_deg, np.sort(brute, axis=1)[:, :5], atol=1e-5)
    assert np.allclose(np.take_along_axis(brute, index, 1), angle_deg, atol=1e-5)
    for found, row in zip(DirectionIndex(indexed).within(queries, 40.0), brute, strict=True):
        assert (found == np.flatnonzero(row <= 40.0)).all()

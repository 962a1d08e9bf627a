import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.geometry.point_index import PointIndex

pytestmark = pytest.mark.usefixtures("each_way")


def _squared(a, b):
    return ((a - b) ** 2)[..., 0] + ((a - b) ** 2)[..., 1]


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 90), st.integers(1, 90))
def test_points_of_a_grid_tie_everywhere_and_go_by_row(seed, n, k):
    """Whole numbers: distances are exact, most of them tie, and many points are equal."""
    rng = np.random.default_rng(seed)
    points, queries = rng.integers(0, 6, (n, 2)).astype(float), rng.integers(-1, 7, (12, 2)).astype(float)
    k = min(k, n)
    measure, row = PointIndex(points, _squared).query(queries, k)
    every = _squared(queries[:, None], points[None])
    assert (row == np.argsort(every, axis=1, kind="stable")[:, :k]).all()
    assert (measure == np.sort(every, axis=1)[:, :k]).all()


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from([0.0, 1.0, 2.5]))
def test_candidates_hold_all_that_is_nearly_as_near(seed, k, beyond):
    rng = np.random.default_rng(seed)
    points, queries = rng.integers(0, 9, (60, 2)).astype(float), rng.uniform(0, 8, (15, 2))
    index = PointIndex(points, _squared)
    distinct = points[index.groups.first]
    seen = []
    for asked, chord, group in index.candidates(queries, k, beyond):
        seen += asked.tolist()
        for query, chords, groups in zip(queries[asked], chord, group, strict=True):
            distance = np.sqrt(_squared(query, distinct))
            assert np.allclose(distance[groups], chords)
            needed = distance <= np.sort(distance)[min(k, len(distance)) - 1] + beyond
            assert set(np.flatnonzero(needed)) <= set(groups.tolist())
    assert sorted(seen) == list(range(15))


@pytest.mark.parametrize("chord", [0.0, 1.0, 3.0, 20.0])
def test_within_takes_what_the_measure_accepts(chord):
    rng = np.random.default_rng(0)
    points, queries = rng.integers(0, 6, (80, 2)).astype(float), rng.integers(0, 6, (9, 2)).astype(float)
    found = PointIndex(points, _squared).within(queries, chord, lambda squared: squared <= chord**2)
    every = _squared(queries[:, None], points[None])
    assert [rows.tolist() for rows in found] == [np.flatnonzero(row <= chord**2).tolist() for row in every]

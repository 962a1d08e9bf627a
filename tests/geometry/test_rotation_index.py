"""Every answer is compared with all distances, computed on their own way: R^T Q as a rotation vector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.rotation_index import RotationIndex

pytestmark = pytest.mark.usefixtures("each_way")

CUBE = Rotation.create_group("O").as_matrix().round()
"""The 24 rotations of a cube: matrices of 0, 1 and -1, whose mutual distances are 90, 120 or 180 degrees exactly."""


def _true_deg(queries, indexed):
    relative = np.swapaxes(queries[:, None], -1, -2) @ indexed[None]
    # the rotation vector of a product holds small angles well, and large ones to 1e-8 degrees
    return np.degrees(Rotation.from_matrix(relative.reshape(-1, 3, 3)).magnitude()).reshape(relative.shape[:2])


def _turned(rotmat, angle_deg, rng):
    axis = rng.standard_normal((len(rotmat), 3))
    axis *= np.radians(angle_deg) / np.linalg.norm(axis, axis=1, keepdims=True)
    return rotmat @ Rotation.from_rotvec(axis).as_matrix()


def _adversarial(rng):
    """Random, identical, 180 degrees apart, 1e-9 degrees apart, clusters of 1e-7 and the corners of a cube."""
    base = Rotation.random(40, rng=rng).as_matrix()
    half_turns = Rotation.from_rotvec(np.pi * np.eye(3)).as_matrix()  # their scalar part is 0: both signs are as good
    cluster = _turned(np.repeat(base[:2], 15, axis=0), 1e-7, rng)
    parts = (base, base[:5], _turned(base[:8], 180, rng), _turned(base[:8], 1e-9, rng), cluster, CUBE, half_turns,
             _turned(half_turns, 1e-9, rng), base[3:5])  # fmt: skip
    return np.concatenate(parts)


def _queries(indexed, rng):
    near_half_turn = _turned(Rotation.from_rotvec([[0, np.pi, 0]]).as_matrix().repeat(4, axis=0), 1e-6, rng)
    opposite = _turned(indexed[:6], 180, rng)
    return np.concatenate([Rotation.random(10, rng=rng).as_matrix(), indexed[::9], opposite, near_half_turn])


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from([1, 2, 5, 30, 123]))
def test_query_equals_brute_force(seed, k):
    rng = np.random.default_rng(seed)
    indexed = _adversarial(rng)
    queries = _queries(indexed, rng)
    angle_deg, index = RotationIndex(indexed).query(queries, k=k)
    distances = _true_deg(queries, indexed)
    assert np.abs(angle_deg - np.sort(distances, axis=1)[:, :k]).max() < 1e-6
    assert np.abs(np.take_along_axis(distances, index, 1) - angle_deg).max() < 1e-6
    assert all(len(set(row)) == k for row in index)


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.integers(1, 20))
def test_the_order_is_that_of_all_distances_and_of_equal_ones_the_lower_position(seed, k):
    rng = np.random.default_rng(seed)
    indexed = rng.permutation(np.concatenate([_adversarial(rng), CUBE, CUBE]))
    queries = np.concatenate([_queries(indexed, rng), CUBE])
    rotations = RotationIndex(indexed)
    angle_deg, index = rotations.query(queries, k=k)
    every = rotations.distance_deg(queries, np.arange(len(indexed))[None])
    assert np.abs(every - _true_deg(queries, indexed)).max() < 1e-6
    assert (angle_deg == np.sort(every, axis=1)[:, :k]).all()
    # of identical rotations the lowest positions are found, and in their order
    kinds = [rotmat.tobytes() for rotmat in indexed]
    for found in index.tolist():
        for kind in {kinds[i] for i in found}:
            mine = [i for i in found if kinds[i] == kind]
            assert mine == [i for i, other in enumerate(kinds) if other == kind][: len(mine)]


def test_corners_of_a_cube():
    """From each corner of the cube 24 rotations lie at 0, 90 (6), 120 (8) and 180 (9) degrees, no other."""
    angle_deg, index = RotationIndex(np.concatenate([CUBE, CUBE])).query(CUBE, k=48)
    assert np.abs(angle_deg - np.repeat([0.0, 90.0, 120.0, 180.0], [2, 12, 16, 18])).max() < 1e-12
    assert (np.sort(index, axis=1) == np.arange(48)).all()


@pytest.mark.parametrize("k", range(1, 17))
def test_exact_ties_go_by_position(k):
    """The half turns about three axes and none: 180 degrees from each other to the last bit; here four of each."""
    klein = np.stack([np.diag(signs) for signs in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]).astype(float)
    kind = np.random.default_rng(k).permutation(np.repeat(np.arange(4), 4))
    angle_deg, index = RotationIndex(klein[kind]).query(klein, k=k)
    for i in range(4):
        assert index[i].tolist() == np.argsort(kind != i, kind="stable")[:k].tolist()
    assert (angle_deg == np.repeat([0.0, 180.0], [4, 12])[:k]).all()


@pytest.mark.parametrize("radius_deg", [0.0, 1e-8, 0.5, 90.0, 120.0, 179.9999999, 180.0])
def test_within_equals_brute_force(radius_deg):
    rng = np.random.default_rng(3)
    indexed = _adversarial(rng)
    queries = np.concatenate([_queries(indexed, rng), CUBE])
    rotations = RotationIndex(indexed)
    every = rotations.distance_deg(queries, np.arange(len(indexed))[None])
    for found, row in zip(rotations.within(queries, radius_deg), every, strict=True):
        assert (found == np.flatnonzero(row <= radius_deg)).all()


def test_a_dense_grid_with_many_equal_rotations():
    """At a pitch of 90 degrees yaw and roll turn about one axis: whole diagonals of the grid are one rotation."""
    steps = np.arange(-180.0, 180.0, 45.0)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    indexed = rotmat_from_euler(grid, "xyz:+++:deg")
    queries = np.concatenate([indexed[::37], Rotation.random(20, rng=np.random.default_rng(0)).as_matrix()])
    angle_deg, index = RotationIndex(indexed).query(queries, k=25)
    distances = _true_deg(queries, indexed)
    assert np.abs(angle_deg - np.sort(distances, axis=1)[:, :25]).max() < 1e-6
    assert all(len(set(row)) == 25 for row in index)


@pytest.mark.parametrize("workers", [2, -1])
def test_workers_and_company_do_not_change_the_answer(workers):
    rng = np.random.default_rng(8)
    indexed = np.concatenate([_adversarial(rng), CUBE, CUBE])
    queries = _queries(indexed, rng)
    rotations = RotationIndex(indexed)
    angle_deg, index = rotations.query(queries, k=9)
    again_deg, again = rotations.query(queries, k=9, workers=workers)
    assert (angle_deg == again_deg).all()
    assert (index == again).all()
    alone = [rotations.query(query, k=9) for query in queries]
    assert (angle_deg == np.concatenate([deg for deg, _ in alone])).all()
    assert (index == np.concatenate([row for _, row in alone])).all()


def test_distances_are_the_geodesic_ones():
    rng = np.random.default_rng(2)
    indexed, queries = Rotation.random(50, rng=rng).as_matrix(), Rotation.random(7, rng=rng).as_matrix()
    angle_deg, index = RotationIndex(indexed).query(queries, k=50)
    assert np.abs(angle_deg - geodesic_distance_deg(queries[:, None], indexed[index])).max() < 1e-9


@pytest.mark.parametrize("k", [0, 4])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match="between 1 and"):
        RotationIndex(np.stack([np.eye(3)] * 3)).query(np.eye(3), k=k)


def test_what_is_no_rotation_is_refused():
    broken = np.stack([np.eye(3), np.full((3, 3), np.nan)])
    with pytest.raises(ValueError, match="finite"):
        RotationIndex(broken)
    with pytest.raises(ValueError, match="finite"):
        RotationIndex(np.eye(3)).query(broken)
    with pytest.raises(ValueError, match="at least one"):
        RotationIndex(np.zeros((0, 3, 3)))
    with pytest.raises(ValueError, match="between 0 and 180"):
        RotationIndex(np.eye(3)).within(np.eye(3), 181.0)

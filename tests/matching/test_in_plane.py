import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.matching.in_plane import (
    TIE_DEG,
    InPlaneIndex,
    best_turn_deg,
    match_in_plane,
    turn_about_optical_axis,
    viewing_direction,
)


def _all_turns_and_residuals(source, target):
    """Turns and residuals (m, n) of all pairs, by turning each source and measuring what is left."""
    turns = best_turn_deg(source[None], target[:, None])
    left = np.swapaxes(turn_about_optical_axis(turns) @ source[None], -1, -2) @ target[:, None]
    return turns, np.degrees(Rotation.from_matrix(left.reshape(-1, 3, 3)).magnitude()).reshape(turns.shape)


def _frames_on_few_directions(rng):
    """Frames of seven directions in many rolls, some of them identical."""
    base = uniform_rotations(7, rng)
    frames = turn_about_optical_axis(rng.uniform(-180, 180, (7, 20))) @ base[:, None]
    frames = np.concatenate([frames.reshape(-1, 3, 3), base, frames[2, :5], base])
    return frames[rng.permutation(len(frames))]


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_the_best_turn_beats_a_numerical_search(seed):
    source, target = uniform_rotations(2, np.random.default_rng(seed))
    ours = geodesic_distance_deg(turn_about_optical_axis(best_turn_deg(source, target)) @ source, target)
    grid = np.linspace(-180, 180, 721)
    start = grid[np.argmin(geodesic_distance_deg(turn_about_optical_axis(grid) @ source, target))]
    searched = minimize_scalar(
        lambda a: geodesic_distance_deg(turn_about_optical_axis(a) @ source, target), bounds=(start - 1, start + 1)
    )
    assert ours <= searched.fun + 1e-6


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 60))
def test_matching_equals_brute_force(seed, n):
    rng = np.random.default_rng(seed)
    source, target = uniform_rotations(n, rng), uniform_rotations(12, rng)
    index, in_plane_deg, residual_deg = match_in_plane(source, target)
    assert np.allclose(residual_deg, _all_turns_and_residuals(source, target)[1].min(axis=1), atol=1e-6)
    turned = turn_about_optical_axis(in_plane_deg) @ source[index]
    assert np.allclose(geodesic_distance_deg(turned, target), residual_deg, atol=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from([1, 2, 7, 40]))
def test_k_nearest_with_shared_directions_equal_brute_force(seed, k):
    rng = np.random.default_rng(seed)
    source = _frames_on_few_directions(rng)
    turned = turn_about_optical_axis(rng.uniform(-180, 180, 6)) @ source[:6]
    target = np.concatenate([uniform_rotations(8, rng), turned])
    nearest = InPlaneIndex(source).query(target, k)
    turns, residuals = _all_turns_and_residuals(source, target)
    assert np.abs(nearest.residual_deg - np.sort(residuals, axis=1)[:, :k]).max() < 1e-6
    assert np.abs(np.take_along_axis(turns, nearest.source, 1) - nearest.in_plane_deg).max() < 1e-6
    assert all(len(set(row)) == k for row in nearest.source)
    # directions are the same or far apart, so that coarser steps tell them apart as ours do
    order = np.lexsort((np.broadcast_to(np.arange(len(source)), turns.shape), np.abs(turns).round(5),
                        residuals.round(6)), axis=1)  # fmt: skip
    rotation = source.round(9)
    assert (rotation[nearest.source] == rotation[order[:, :k]]).all()


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.booleans())
def test_costs_of_all_frames_are_those_of_the_query(seed, shared):
    rng = np.random.default_rng(seed)
    source = _frames_on_few_directions(rng) if shared else uniform_rotations(30, rng)
    target = uniform_rotations(9, rng)
    index = InPlaneIndex(source)
    nearest, shape = index.query(target, len(source)), (len(target), len(source))
    row, frame = np.indices(shape).reshape(2, -1)
    first, second = (cost.reshape(shape) for cost in index.costs(target[row], frame))
    assert (np.take_along_axis(first, nearest.source, 1) == nearest.first_cost).all()
    assert (np.take_along_axis(second, nearest.source, 1) == nearest.second_cost).all()
    rows = np.broadcast_to(np.arange(len(source)), first.shape)
    assert (nearest.source == np.lexsort((rows, second, first), axis=1)).all()
    assert np.abs(first * TIE_DEG - _all_turns_and_residuals(source, target)[1]).max() < 2 * TIE_DEG


def test_what_remains_is_the_angle_between_viewing_directions():
    source, target = uniform_rotations(50, np.random.default_rng(1)).reshape(2, 25, 3, 3)
    cosine = np.einsum("ni,ni->n", viewing_direction(source), viewing_direction(target))
    turned = turn_about_optical_axis(best_turn_deg(source, target)) @ source
    assert np.allclose(geodesic_distance_deg(turned, target), np.degrees(np.arccos(np.clip(cosine, -1, 1))), atol=1e-5)


def test_among_equal_directions_the_smallest_turn_wins():
    rolls = np.arange(-60.0, 61.0, 20.0)
    source = rotmat_from_euler(np.stack([np.full(7, 10.0), np.full(7, -20.0), rolls], 1), "biwi+")
    target = rotmat_from_euler([[10.0, -20.0, 38.0], [10.0, -20.0, -55.0]], "biwi+")
    index, in_plane_deg, residual_deg = match_in_plane(source, target)
    assert rolls[index].tolist() == [40.0, -60.0]
    assert np.allclose(in_plane_deg, [2.0, -5.0])  # clockwise lowers biwi+ roll
    assert residual_deg.max() < 1e-6


@pytest.mark.parametrize("copies", [1, 3])
def test_turns_of_one_size_go_to_the_lower_row_and_the_ring_closes(copies):
    rolls = np.repeat([170.0, -170.0, 90.0, -90.0], copies)
    source = turn_about_optical_axis(rolls)
    target = turn_about_optical_axis([180.0, 0.0, -172.0])
    index, in_plane_deg, _ = match_in_plane(source, target)
    assert index.tolist() == [0, 2 * copies, copies]
    assert np.allclose(in_plane_deg, [10.0, -90.0, -2.0])


def test_a_dense_grid_needs_no_list_of_every_frame():
    """81 x 500 frames, and as many targets on each direction, answered in a moment: the ring is bisected."""
    rolls = np.linspace(-90, 90, 500)
    angles = np.arange(-40.0, 41.0, 10.0)
    grid = np.stack(np.meshgrid(angles, angles, [0.0], indexing="ij"), axis=-1).reshape(-1, 3)
    base = rotmat_from_euler(grid, "biwi+")
    source = (turn_about_optical_axis(rolls) @ base[:, None]).reshape(-1, 3, 3)
    wanted = np.random.default_rng(0).uniform(-90, 90, 4000)
    which = np.arange(4000) % 81
    index, in_plane_deg, residual_deg = match_in_plane(source, turn_about_optical_axis(wanted) @ base[which])
    assert (index == which * 500 + np.abs(rolls - wanted[:, None]).argmin(axis=1)).all()
    assert np.abs(in_plane_deg).max() <= 0.5 * (rolls[1] - rolls[0]) + 1e-9
    assert residual_deg.max() < 1e-6


def test_a_clockwise_turn_lowers_biwi_plus_roll():
    rotmat = rotmat_from_euler([5.0, 15.0, 10.0], "biwi+")
    assert np.allclose(euler_from_rotmat(turn_about_optical_axis(25.0) @ rotmat, "biwi+"), [5, 15, -15])

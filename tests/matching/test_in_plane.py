import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat, rotmat_from_euler
from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.matching.in_plane import best_turn_deg, match_in_plane, turn_about_optical_axis, viewing_direction


@settings(max_examples=25, deadline=None)
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


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 60))
def test_matching_equals_brute_force(seed, n):
    rng = np.random.default_rng(seed)
    source, target = uniform_rotations(n, rng), uniform_rotations(12, rng)
    index, in_plane_deg, residual_deg = match_in_plane(source, target)
    turns = best_turn_deg(source[None], target[:, None])
    all_residuals = geodesic_distance_deg(turn_about_optical_axis(turns) @ source[None], target[:, None])
    assert np.allclose(residual_deg, all_residuals.min(axis=1), atol=1e-6)
    turned = turn_about_optical_axis(in_plane_deg) @ source[index]
    assert np.allclose(geodesic_distance_deg(turned, target), residual_deg)


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


def test_a_clockwise_turn_lowers_biwi_plus_roll():
    rotmat = rotmat_from_euler([5.0, 15.0, 10.0], "biwi+")
    assert np.allclose(euler_from_rotmat(turn_about_optical_axis(25.0) @ rotmat, "biwi+"), [5, 15, -15])

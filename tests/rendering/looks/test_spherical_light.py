import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synhead_tools.rendering.looks.spherical_light import (
    diffuse_sh,
    lobe_sh,
    map_directions,
    project_map,
    solid_angles,
    turn_about_vertical,
    turn_sh,
)
from synhead_tools.rendering.scene import sh_basis


def some_map(height=6, width=12, seed=0):
    return np.random.default_rng(seed).random((height, width, 3))


def test_against_brute_force():
    """Each texel split into 50 x 50 pieces, each of them taken at its middle."""
    coarse, split = some_map(), 50
    fine = coarse.repeat(split, axis=0).repeat(split, axis=1)
    weights = np.broadcast_to(solid_angles(*fine.shape[:2]), fine.shape[:2])
    expected = np.einsum("hwk,hwc,hw->kc", sh_basis(map_directions(*fine.shape[:2])), fine, weights)
    np.testing.assert_allclose(project_map(coarse), expected, atol=3e-5)


def test_solid_angles_are_exact():
    assert solid_angles(7, 5).sum() * 5 == pytest.approx(4 * np.pi, rel=1e-14)
    assert solid_angles(2, 4)[0, 0] == pytest.approx(2 * np.pi / 4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 128)])
def test_a_uniform_white_map_lights_white_to_one(shape):
    sh = diffuse_sh(project_map(np.ones((*shape, 3))))
    normals = np.random.default_rng(0).normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(sh_basis(normals) @ sh, 1, atol=1e-12)


def test_diffuse_light_of_a_hemisphere_is_the_integral_over_cosines():
    """Nine coefficients are within a few percent of the true irradiance of a bright upper half (Ramamoorthi, 2001)."""
    height, width = 32, 64
    half = np.zeros((height, width, 3))
    half[: height // 2] = 1
    sh = diffuse_sh(project_map(half))
    for tilt_deg, expected in ((0, 1.0), (90, 0.5), (180, 0.0)):  # (1 + cos tilt) / 2
        normal = np.array([np.sin(np.radians(tilt_deg)), -np.cos(np.radians(tilt_deg)), 0])
        assert sh_basis(normal) @ sh[:, 0] == pytest.approx(expected, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.floats(-7, 7), st.integers(0, 1000))
def test_turned_coefficients_are_those_of_the_turned_function(turn_rad, seed):
    sh = np.random.default_rng(seed).normal(size=(9, 3))
    normals = map_directions(5, 7)
    turned = sh_basis(normals) @ turn_sh(sh, turn_rad)
    np.testing.assert_allclose(turned, sh_basis(turn_about_vertical(normals, -turn_rad)) @ sh, atol=1e-12)


def test_a_positive_turn_takes_ahead_to_the_right():
    np.testing.assert_allclose(turn_about_vertical(np.array([0, 0, 1.0]), np.pi / 2), [1, 0, 0], atol=1e-12)


def test_a_soft_source_lights_what_faces_it():
    towards = np.array([0.6, 0.0, -0.8])
    lit = sh_basis(np.stack([towards, -towards])) @ lobe_sh(towards)
    assert lit[0] == pytest.approx(17 / 16)  # 1/4 + 2/3 * 3/4 + 1/4 * 5/4 of a true cosine's 1
    assert abs(lit[1]) < 0.07


def test_map_layout():
    directions = map_directions(4, 8)
    assert directions[0, :, 1].max() < -0.9, "the top row is up"
    assert (directions[:, 4, 0] > 0).all(), "right of the middle is to the right"
    assert (directions[1:3, 3:5, 2] > 0.7).all(), "the middle is ahead"

import numpy as np
import pytest
from scipy.stats import kstest

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws import (
    BIWI_LIMIT_DEG,
    BIWI_MEAN_DEG,
    BIWI_STD_DEG,
    biwi_like_rotations,
    euler_grid,
    parse_range_deg,
    smooth_track,
    uniform_rotations,
)


@pytest.mark.parametrize("convention", ["biwi+", "hopenet", "300w-lp", "synhead"])
def test_a_grid_holds_every_combination(convention):
    rotmats = euler_grid([-20, 0], [-30, 0, 30], [5], convention)
    assert rotmats.shape == (6, 3, 3)
    distances = geodesic_distance_deg(rotmats[:, None], rotmats[None]) + 180 * np.eye(6)
    assert distances.min() > 15
    unit = np.degrees if convention == "300w-lp" else np.asarray
    written = unit(euler_from_rotmat(rotmats[0], convention))
    assert sorted(np.round(written, 6)) == [-30, -20, 5]


def test_uniform_rotations_are_uniform():
    """The angle from any fixed rotation has density (1 - cos) / pi."""
    angle = np.radians(geodesic_distance_deg(uniform_rotations(4000, np.random.default_rng(0)), np.eye(3)))
    assert kstest(angle, lambda a: (a - np.sin(a)) / np.pi).pvalue > 0.01


def test_the_biwi_like_law_has_the_published_moments_and_limits():
    angles = euler_from_rotmat(biwi_like_rotations(6000, np.random.default_rng(0)), "biwi+")
    assert (angles >= BIWI_LIMIT_DEG[0] - 1e-6).all()
    assert (angles <= BIWI_LIMIT_DEG[1] + 1e-6).all()
    assert np.abs(angles.mean(0) - BIWI_MEAN_DEG).max() < 2.0
    assert np.abs(angles.std(0) / BIWI_STD_DEG - 1).max() < 0.1
    assert np.corrcoef(angles[:, 1], angles[:, 2])[0, 1] == pytest.approx(-0.45, abs=0.05)


def test_tracks_are_smooth_and_seeded():
    track = smooth_track(200, np.random.default_rng(5))
    assert geodesic_distance_deg(track[1:], track[:-1]).max() < 20
    assert (track == smooth_track(200, np.random.default_rng(5))).all()
    assert not np.allclose(track, smooth_track(200, np.random.default_rng(6)))


def test_ranges():
    assert np.allclose(parse_range_deg("-60:60:30"), [-60, -30, 0, 30, 60])
    assert np.allclose(parse_range_deg("0:1:0.3"), [0, 0.3, 0.6, 0.9])
    assert np.allclose(parse_range_deg("5"), [5])
    assert np.allclose(parse_range_deg("-5,5"), [-5, 5])


@pytest.mark.parametrize("text", ["", "a", "1:2", "1:2:0", "2:1:1", "0:1:1e-9", "nan", "0:inf:1", "1:2:3:4"])
def test_bad_ranges_are_refused(text):
    with pytest.raises(ConventionError, match="range"):
        parse_range_deg(text)


@pytest.mark.parametrize("text", ["1e308", "-361:0:10", "0:400:5", "nan"])
def test_angles_beyond_a_turn_are_refused(text):
    with pytest.raises(ConventionError, match="360"):
        parse_range_deg(text)


def test_a_grid_of_a_billion_poses_is_refused_before_memory_is_taken():
    axis = parse_range_deg("0:90:0.09")
    with pytest.raises(ConventionError, match="= 1003003001 poses"):
        euler_grid(axis, axis, axis, "biwi+")

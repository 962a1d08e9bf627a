import numpy as np
import pytest

from synhead_tools.geometry.identify.certainty import certainty_of, tolerance_deg, win_fractions


@pytest.mark.parametrize("frames", [30, 1000])
def test_readings_a_tolerance_apart_are_told_apart_and_much_nearer_ones_are_not(frames):
    """Noise of 2 degrees about each axis; the wrong reading is off by a turn that differs from frame to frame."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 2.0, (2000, frames, 3))
    residual = np.linalg.norm(noise, axis=2).mean(axis=1)
    direction = rng.normal(size=(frames, 3))
    direction /= np.sqrt((direction**2).sum(axis=1).mean())
    lengths = np.sort(np.linalg.norm(noise, axis=2), axis=1)
    tolerance = tolerance_deg(lengths[:, : int(0.9 * frames)].mean(), frames, fitted=False)

    def right_wins(apart):
        return (np.linalg.norm(noise + apart * direction, axis=2).mean(axis=1) > residual).mean()

    assert right_wins(tolerance) > 0.999
    assert right_wins(0.25 * tolerance) < 0.95


def test_a_fitted_rotation_takes_a_frame():
    assert tolerance_deg(1.0, 9, fitted=False) == pytest.approx(6.5 / 3)
    assert tolerance_deg(1.0, 10, fitted=True) == pytest.approx(6.5 / 3)
    assert tolerance_deg(1.0, 1, fitted=True) == np.inf
    assert tolerance_deg(0.0, 100, fitted=False) == pytest.approx(1e-3)


def test_wins_of_resampled_frames():
    rng = np.random.default_rng(1)
    best = rng.uniform(0, 2, 400)
    wins, all_of_them = win_fractions(np.stack([best, best + 0.1, rng.permutation(best)]), 10.0, rng)
    assert wins[0] == 1
    assert 0.2 < wins[1] < 0.8  # means are equal
    assert all_of_them == wins[1]
    wins, all_of_them = win_fractions(best[None], 10.0, rng)
    assert len(wins) == 0
    assert all_of_them == 1


def test_a_wild_frame_has_a_bounded_say():
    rng = np.random.default_rng(2)
    best, other = np.full(100, 1.0), np.full(100, 1.5)
    best[7] = 170.0
    assert win_fractions(np.stack([best, other]), 5.0, rng)[1] > 0.99
    assert win_fractions(np.stack([best, other]), 180.0, rng)[1] < 0.5


def test_many_frames_are_resampled_by_a_part_of_them():
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, 50_000)
    assert win_fractions(np.stack([noise * 0, noise + 0.02]), 10.0, rng)[1] > 0.95


@pytest.mark.parametrize(
    ("facts", "certainty"),
    [
        ((1.0, 30.0, 100, 0, 3.0, 1.0), "certain"),
        ((1.0, 30.0, 100, 0, 1.9, 1.0), "likely"),
        ((1.0, 30.0, 100, 0, 3.0, 0.98), "likely"),
        ((1.0, 30.0, 9, 0, 3.0, 1.0), "likely"),
        ((1e-6, 30.0, 1, 0, 1e6, 1.0), "certain"),
        ((1.0, 30.0, 100, 1, 3.0, 1.0), "cannot tell"),
        ((10.1, 30.0, 100, 1, 3.0, 1.0), "none fits"),
        ((4.0, 7.0, 100, 0, 3.0, 1.0), "none fits"),
        ((4.0, 9.0, 100, 0, 3.0, 1.0), "certain"),
        ((1.0, 1.1, 100, 3, 1.1, 1.0), "cannot tell"),
    ],
)
def test_words(facts, certainty):
    assert certainty_of(*facts) == certainty

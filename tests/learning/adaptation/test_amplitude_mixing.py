import numpy as np
import pytest
import torch

from synhead_tools.learning.adaptation.amplitude_mixing import mix_low_amplitudes

SIDE = 16


def _wave(mean, strength, periods, shift=0.0):
    """Pictures (1, 3, S, S) of one cosine across."""
    across = torch.arange(SIDE) / SIDE
    return (mean + strength * torch.cos(2 * torch.pi * (periods * across - shift))).expand(1, 3, SIDE, SIDE)


def _pictures(seed, n=3):
    return 0.35 + 0.3 * torch.rand(n, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def test_a_slow_wave_takes_the_others_strength_and_stays_where_it_is():
    fine = _wave(0.0, 0.07, 5)
    mixed = mix_low_amplitudes(_wave(0.5, 0.1, 1) + fine, _wave(0.4, 0.02, 1, shift=0.3), torch.tensor([1.0]), 0.1)
    torch.testing.assert_close(mixed, _wave(0.4, 0.02, 1) + fine, rtol=0, atol=1e-6)
    half = mix_low_amplitudes(_wave(0.5, 0.1, 1) + fine, _wave(0.4, 0.02, 1, shift=0.3), torch.tensor([0.5]), 0.1)
    torch.testing.assert_close(half, _wave(0.45, 0.06, 1) + fine, rtol=0, atol=1e-6)


def test_a_band_below_one_period_is_the_mean_colour_alone():
    pictures, others = _pictures(0), _pictures(1)
    mixed = mix_low_amplitudes(pictures, others, torch.ones(3), 0.9 / SIDE)
    moved = others.mean((2, 3), keepdim=True) - pictures.mean((2, 3), keepdim=True)
    torch.testing.assert_close(mixed, pictures + moved, rtol=0, atol=1e-6)


@pytest.mark.parametrize("band", [0.0, 0.13, 0.26, 0.5])
def test_against_the_whole_transform_of_numpy(band):
    pictures, others, share = _pictures(0), _pictures(1), torch.tensor([0.0, 0.4, 1.0])
    mixed = mix_low_amplitudes(pictures, others, share, band)
    mine, other = (np.fft.fft2(each.double().numpy()) for each in (pictures, others))
    periods = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE))
    within = np.maximum(periods[:, None], periods[None, :]) <= band * SIDE
    s = share.numpy()[:, None, None, None] * within
    amplitude = (1 - s) * np.abs(mine) + s * np.abs(other)
    wanted = np.fft.ifft2(amplitude * np.exp(1j * np.angle(mine)))
    assert np.abs(wanted.imag).max() < 1e-9
    np.testing.assert_allclose(mixed.numpy(), wanted.real.clip(0, 1), atol=2e-6)
    torch.testing.assert_close(mixed[0], pictures[0], rtol=0, atol=1e-6)


def test_what_leaves_the_range_of_colours_is_cut():
    mixed = mix_low_amplitudes(_wave(0.5, 0.1, 1), _wave(0.9, 0.3, 1).clamp(0, 1), torch.tensor([1.0]), 0.5)
    assert mixed.min() >= 0
    assert mixed.max() == 1

import math

import pytest

from synhead_tools.learning.adaptation.schedules import learning_rate_factor, reversal_scale


def test_reversal_scale_is_ganins_formula():
    assert reversal_scale(0.0, 3.0) == 0.0
    for progress in (0.1, 0.37, 1.0):
        # the same curve written as a hyperbolic tangent
        assert reversal_scale(progress, 0.7) == pytest.approx(0.7 * math.tanh(5 * progress), abs=1e-12)


def test_warmup_cosine_peaks_once_and_ends_at_zero():
    factors = [learning_rate_factor(i / 200, "warmup-cosine", 0.1) for i in range(201)]
    assert factors.index(max(factors)) == 20
    assert max(factors) == pytest.approx(1.0)
    assert factors[-1] == pytest.approx(0.0, abs=1e-12)
    assert factors[:21] == sorted(factors[:21])
    assert factors[20:] == sorted(factors[20:], reverse=True)
    assert learning_rate_factor(0.5, "constant", 0.1) == 1.0

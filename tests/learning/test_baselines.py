import numpy as np

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.baselines import predict_mean, predict_zero
from synhead_tools.learning.metrics import mean_absolute_errors_deg


def test_zero_and_mean_errors_are_those_of_the_labels():
    triples = np.random.default_rng(0).normal((-12, -8, 2), (20, 25, 10), (50, 3))
    true = rotmat_from_euler(triples, "biwi+")
    np.testing.assert_allclose(mean_absolute_errors_deg(predict_zero(50), true), np.abs(triples).mean(0), atol=1e-9)
    mean = mean_absolute_errors_deg(predict_mean(50, true), true)
    np.testing.assert_allclose(mean, np.abs(triples - triples.mean(0)).mean(0), atol=1e-9)

import numpy as np
import pytest

from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.learning.scores.baselines import predict_mean, predict_zero
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg


def test_zero_and_mean_errors_are_those_of_the_labels():
    triples = np.random.default_rng(0).normal((-12, -8, 2), (20, 25, 10), (50, 3))
    true = rotmat_from_euler(triples, "biwi+")
    np.testing.assert_allclose(mean_absolute_errors_deg(predict_zero(50), true), np.abs(triples).mean(0), atol=1e-9)
    mean = mean_absolute_errors_deg(predict_mean(50, true), true)
    np.testing.assert_allclose(mean, np.abs(triples - triples.mean(0)).mean(0), atol=1e-9)


@pytest.mark.real
def test_the_mean_of_all_biwi_plus_labels_on_sequence_19(real_data):
    """Computed from the angles as they stand in the file: no rotation, no convention of ours."""
    labels = np.load(real_data / "biwi_plus" / "Biwi_plus.npz", allow_pickle=False)
    angles_deg = labels["pyr"]
    rows = np.char.startswith(labels["images"], "19/")
    expected = np.abs(angles_deg[rows] - angles_deg.mean(axis=0)).mean(axis=0)
    rotmat = rotmat_from_euler(angles_deg, "biwi+")
    got = mean_absolute_errors_deg(predict_mean(int(rows.sum()), rotmat), rotmat[rows])
    assert np.allclose(got, expected, atol=1e-9)
    assert np.isclose(got.mean(), 15.19, atol=0.01)

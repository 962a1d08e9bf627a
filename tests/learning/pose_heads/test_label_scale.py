import numpy as np
import pytest
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.geometry.pose_laws import biwi_like_rotations
from synhead_tools.learning.pose_heads.euler import EulerRegressor
from synhead_tools.learning.pose_heads.label_scale import LabelScale, network_euler_deg


def test_scores_have_unit_spread_and_lead_back_to_the_rotation():
    rotmat = biwi_like_rotations(200, np.random.default_rng(0))
    euler = network_euler_deg(rotmat)
    scale = LabelScale.of(euler)
    scores = EulerRegressor.wanted(torch.from_numpy(euler), scale)
    np.testing.assert_allclose(scores.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scores.std(0, correction=0), 1)
    np.testing.assert_allclose(EulerRegressor.rotmat(scores, scale), rotmat, atol=1e-9)


def test_labels_that_never_change_are_refused():
    with pytest.raises(TrainingError, match="do not vary"):
        LabelScale.of(np.array([[1.0, 2.0, 0.0], [2.0, 3.0, 0.0]]))

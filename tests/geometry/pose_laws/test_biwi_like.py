import numpy as np
import pytest

from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.pose_laws.biwi_like import (
    BIWI_LIMIT_DEG,
    BIWI_MEAN_DEG,
    BIWI_STD_DEG,
    biwi_like_rotations,
)


def test_the_biwi_like_law_has_the_published_moments_and_limits():
    angles = euler_from_rotmat(biwi_like_rotations(6000, np.random.default_rng(0)), "biwi+")
    assert (angles >= BIWI_LIMIT_DEG[0] - 1e-6).all()
    assert (angles <= BIWI_LIMIT_DEG[1] + 1e-6).all()
    assert np.abs(angles.mean(0) - BIWI_MEAN_DEG).max() < 2.0
    assert np.abs(angles.std(0) / BIWI_STD_DEG - 1).max() < 0.1
    assert np.corrcoef(angles[:, 1], angles[:, 2])[0, 1] == pytest.approx(-0.45, abs=0.05)

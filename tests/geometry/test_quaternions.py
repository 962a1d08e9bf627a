import numpy as np

from synhead_tools.geometry.pose_laws import uniform_rotations
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat, rotmat_from_quat_xyzw


def test_round_trip_scalar_last_and_not_negative():
    rotmats = uniform_rotations(50, np.random.default_rng(0)).reshape(5, 10, 3, 3)
    quat = quat_xyzw_from_rotmat(rotmats)
    assert quat.shape == (5, 10, 4)
    assert (quat[..., 3] >= 0).all()
    assert np.allclose(rotmat_from_quat_xyzw(quat), rotmats)
    assert np.allclose(rotmat_from_quat_xyzw(-3.0 * quat), rotmats)


def test_a_quarter_turn_about_z():
    half = np.sqrt(0.5)
    assert np.allclose(quat_xyzw_from_rotmat([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]), [0, 0, half, half])

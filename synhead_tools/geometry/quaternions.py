"""Unit quaternions, scalar last: ``quat_xyzw``."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def quat_xyzw_from_rotmat(rotmat: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4), scalar last and not negative, of rotation matrices (..., 3, 3)."""
    rotmat = np.asarray(rotmat, float)
    quat = Rotation.from_matrix(rotmat.reshape(-1, 3, 3)).as_quat(canonical=True)
    return quat.reshape(*rotmat.shape[:-2], 4)


def rotmat_from_quat_xyzw(quat_xyzw: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), scalar last, of any non-zero length."""
    quat_xyzw = np.asarray(quat_xyzw, float)
    matrices = Rotation.from_quat(quat_xyzw.reshape(-1, 4)).as_matrix()
    return matrices.reshape(*quat_xyzw.shape[:-1], 3, 3)

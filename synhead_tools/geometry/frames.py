"""The frames everything is stated in, and the changes of axes between them.

- Camera frame (OpenCV): x right, y down, z forward, metres.
- Head frame: x towards the subject's left, y down, z into the head, origin midway between the centres of the
  eyeballs, metres. A rotation of identity is a face looking straight into the camera.
- Mesh files: Y-up, the face towards +Z, +X the subject's left (glTF's habit).

``rotmat`` always means the active rotation R_head_to_camera: ``x_camera = R @ x_head + t``, column vectors.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import ConventionError

MESH_TO_HEAD = np.diag([1.0, -1.0, -1.0])
"""Takes Y-up mesh-file coordinates to the head frame; its own inverse."""

OPENGL_TO_OPENCV = np.diag([1.0, -1.0, -1.0])
"""Takes OpenGL camera coordinates (y up, looking along -z) to the camera frame; its own inverse."""


CAMERA_FRAMES = {"opencv": np.eye(3), "opengl": OPENGL_TO_OPENCV}
"""Camera and head frames that matrices are written in, by name, with what takes them to ours.

``opencv`` is the camera frame above. In ``opengl`` y points up and z towards the viewer, in the camera's frame and in
the head's: a matrix R' written there is R = C R' C here.
"""


def check_rotmat(rotmat: np.ndarray, tolerance: float = 1e-4) -> np.ndarray:
    """Return `rotmat` as float64 after checking that it holds rotations.

    Parameters
    ----------
    rotmat : array-like, shape (..., 3, 3)
        Matrices to check: finite, orthonormal within `tolerance`, determinant +1.
    tolerance : float
        Largest allowed entry of ``|R R^T - I|``.

    Raises
    ------
    ConventionError
        Names the first matrix that is no rotation, and why.
    """
    rotmat = np.asarray(rotmat, float)
    if rotmat.shape[-2:] != (3, 3):
        raise ConventionError(f"a rotation matrix has shape (..., 3, 3), got {rotmat.shape}")
    flat = rotmat.reshape(-1, 3, 3)
    residual = np.abs(flat @ flat.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2), initial=0.0)
    for reason, bad in (
        ("is not finite", ~np.isfinite(flat).all(axis=(1, 2))),
        ("is not orthonormal", residual > tolerance),
        ("mirrors (its determinant is -1)", np.linalg.det(np.nan_to_num(flat)) < 0),
    ):
        if bad.any():
            raise ConventionError(f"rotation matrix {int(np.argmax(bad))} {reason}")
    return rotmat

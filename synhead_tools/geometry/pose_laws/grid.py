"""Every combination of three lists of Euler angles."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles
from synhead_tools.geometry.poses import check_pose_count


def euler_grid(
    pitch_deg: np.ndarray, yaw_deg: np.ndarray, roll_deg: np.ndarray, convention: str | EulerConvention
) -> np.ndarray:
    """Rotations of every combination of the three lists, pitch outermost, roll innermost, read under `convention`.

    Combinations that make one rotation, at gimbal lock or at both ends of a full turn, are all kept: pose number
    ``(i * len(yaw_deg) + j) * len(roll_deg) + k`` is always that of angles i, j, k. `count_distinct` tells how many
    differ.

    Parameters
    ----------
    pitch_deg, yaw_deg, roll_deg : array-like, shape (n,)
        Degrees.
    convention : str or EulerConvention

    Returns
    -------
    array, shape (n_pitch * n_yaw * n_roll, 3, 3)
        R_head_to_camera.

    Raises
    ------
    ConventionError
        More than `synhead_tools.geometry.poses.POSES_LIMIT` poses.
    """
    sizes = [len(angles) for angles in (pitch_deg, yaw_deg, roll_deg)]
    poses = sizes[0] * sizes[1] * sizes[2]
    check_pose_count(poses, f"the grid of {sizes[0]} x {sizes[1]} x {sizes[2]} angles", "take larger steps")
    grid = np.stack(np.meshgrid(pitch_deg, yaw_deg, roll_deg, indexing="ij"), axis=-1).reshape(-1, 3)
    return rotmat_from_euler(triples_of_angles(grid, convention), convention)

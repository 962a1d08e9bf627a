"""Laws that say at which rotations heads are drawn. All return R_head_to_camera, shape (n, 3, 3).

To add a law that needs nothing but a number and a random stream: a module with a function ``law(n, rng)``, and one line
in `POSE_LAWS`. `euler_grid` needs angles, `RotationDensity` rotations to be fitted to. `drawn` makes `Poses` of them,
which tell where they come from.
"""

from __future__ import annotations

from synhead_tools.geometry.pose_laws.biwi_like import (
    BIWI_LIMIT_DEG,
    BIWI_MEAN_DEG,
    BIWI_STD_DEG,
    BIWI_YAW_ROLL_CORRELATION,
    biwi_like_rotations,
)
from synhead_tools.geometry.pose_laws.grid import euler_grid
from synhead_tools.geometry.pose_laws.kernel_density import RotationDensity
from synhead_tools.geometry.pose_laws.ranges import parse_range_deg
from synhead_tools.geometry.pose_laws.smooth_track import smooth_track
from synhead_tools.geometry.pose_laws.uniform import uniform_rotations
from synhead_tools.registry import Table

__all__ = [
    "BIWI_LIMIT_DEG",
    "BIWI_MEAN_DEG",
    "BIWI_STD_DEG",
    "BIWI_YAW_ROLL_CORRELATION",
    "POSE_LAWS",
    "RotationDensity",
    "biwi_like_rotations",
    "euler_grid",
    "parse_range_deg",
    "smooth_track",
    "uniform_rotations",
]

_HERE = "synhead_tools.geometry.pose_laws"

POSE_LAWS = Table(
    "pose law",
    {
        "uniform": f"{_HERE}.uniform:uniform_rotations",
        "biwi-like": f"{_HERE}.biwi_like:biwi_like_rotations",
    },
)

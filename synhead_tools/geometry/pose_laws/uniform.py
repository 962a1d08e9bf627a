"""The uniform law on SO(3)."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.quaternions import rotmat_from_quat_xyzw


def uniform_rotations(n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` rotations (n, 3, 3) uniform on SO(3), exactly: no direction of the head is more likely than another.

    Four independent normal numbers point in every direction of four-space alike, and directions there, which are unit
    quaternions, cover the rotations evenly (G. Marsaglia, "Choosing a point from the surface of a sphere", Ann. Math.
    Stat. 43, 1972). The first rotations are the same whatever `n` is.
    """
    return rotmat_from_quat_xyzw(rng.standard_normal((n, 4)))

"""Laws that say at which rotations heads are drawn. All return R_head_to_camera, shape (n, 3, 3)."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles

LARGEST_ANGLE_DEG = 360.0
GRID_POSES_LIMIT = 1_000_000
"""About a hundred times what a dense grid of one degree in yaw and pitch holds; 72 MB of rotations."""

# Statistics of the 15,678 Biwi+ labels (pitch, yaw, roll in degrees under `biwi+`).
BIWI_MEAN_DEG = np.array([-12.2, -8.4, 1.7])
BIWI_STD_DEG = np.array([24.6, 30.4, 12.0])
BIWI_YAW_ROLL_CORRELATION = -0.45
BIWI_LIMIT_DEG = np.array([[-85.8, -77.4, -64.9], [52.7, 66.4, 69.9]])


def parse_range_deg(text: str) -> np.ndarray:
    """Angles of ``"LOW:HIGH:STEP"`` (both ends included), or of a comma list such as ``"-30,0,30"``.

    Raises
    ------
    ConventionError
        It cannot be read, the step is not positive, or it holds more than 100,000 angles.
    """
    hint = f"cannot read the range {text!r}; write LOW:HIGH:STEP or a comma list, in degrees"
    try:
        if ":" not in text:
            values = np.array([float(part) for part in text.split(",")])
        else:
            low, high, step = (float(part) for part in text.split(":"))
            if not (step > 0 and high >= low and (high - low) / step < 100_000):
                raise ConventionError(f"{hint}, with LOW <= HIGH and STEP > 0")
            values = low + step * np.arange(int(np.floor((high - low) / step + 1e-9)) + 1)
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, ConventionError) else ConventionError(hint) from None
    if not (np.abs(values) <= LARGEST_ANGLE_DEG).all():  # also false for NaN
        raise ConventionError(f"{hint}, within +-{LARGEST_ANGLE_DEG:g}")
    return values


def euler_grid(
    pitch_deg: np.ndarray, yaw_deg: np.ndarray, roll_deg: np.ndarray, convention: str | EulerConvention
) -> np.ndarray:
    """Every combination of the three lists, pitch outermost, roll innermost, read under `convention`.

    Raises
    ------
    ConventionError
        More than `GRID_POSES_LIMIT` poses.
    """
    sizes = [len(angles) for angles in (pitch_deg, yaw_deg, roll_deg)]
    poses = sizes[0] * sizes[1] * sizes[2]
    if poses > GRID_POSES_LIMIT:  # before any memory is taken
        raise ConventionError(
            f"the grid has {sizes[0]} x {sizes[1]} x {sizes[2]} = {poses} poses, more than {GRID_POSES_LIMIT}; "
            "take larger steps"
        )
    grid = np.stack(np.meshgrid(pitch_deg, yaw_deg, roll_deg, indexing="ij"), axis=-1).reshape(-1, 3)
    return rotmat_from_euler(triples_of_angles(grid, convention), convention)


def uniform_rotations(n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` rotations uniform on SO(3)."""
    quat = rng.standard_normal((n, 4))
    return Rotation.from_quat(quat).as_matrix().reshape(n, 3, 3)


def biwi_like_rotations(n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` rotations from a normal law with the moments of the Biwi+ labels, cut at their extremes."""
    covariance = np.diag(BIWI_STD_DEG**2)
    covariance[1, 2] = covariance[2, 1] = BIWI_YAW_ROLL_CORRELATION * BIWI_STD_DEG[1] * BIWI_STD_DEG[2]
    kept = np.zeros((0, 3))
    while len(kept) < n:
        drawn = rng.multivariate_normal(BIWI_MEAN_DEG, covariance, size=n + 16)
        inside = ((drawn >= BIWI_LIMIT_DEG[0]) & (drawn <= BIWI_LIMIT_DEG[1])).all(axis=1)
        kept = np.concatenate([kept, drawn[inside]])
    return rotmat_from_euler(kept[:n], "biwi+")


def smooth_track(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """One motion track: slow random turns about all three axes, as a person looking around makes them.

    Each `biwi+` angle is a sum of four sines with random phases and periods of 40 to 240 frames; standard deviations
    are drawn per track so that some tracks are wide and some are narrow.
    """
    time = np.arange(n_frames)[:, None]
    angles_deg = np.zeros((n_frames, 3))
    for axis, spread_deg in enumerate((22.0, 34.0, 12.0)):
        period = rng.uniform(40.0, 240.0, size=4)
        phase = rng.uniform(0.0, 2.0 * np.pi, size=4)
        amplitude = spread_deg * rng.uniform(0.3, 1.2) / np.sqrt(2.0)
        waves = np.sin(2.0 * np.pi * time / period + phase)
        angles_deg[:, axis] = amplitude * waves.sum(axis=1) + rng.normal(0.0, 0.3 * spread_deg)
    return rotmat_from_euler(angles_deg, "biwi+")

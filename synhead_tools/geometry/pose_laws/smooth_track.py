"""Motion tracks that nobody recorded."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.euler import rotmat_from_euler


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

"""How far the rotations of a reading are from true ones, with or without an unknown constant rotation.

Rotations are unit quaternions here: the chordal mean of rotations is the leading eigenvector of a 4 x 4 matrix (F. L.
Markley et al., "Averaging quaternions", Journal of Guidance, Control, and Dynamics 30 (2007)), and a thousand readings
of thousands of frames are a few seconds of work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import quat_xyzw_from_euler

SIDES = ("none", "head", "camera")
"""Where an unknown constant rotation C stands: nowhere, R = R_reading C (head frame), R = C R_reading (camera)."""

KEPT = 0.8
"""Share of frames, those with the smallest residuals, that the constant rotation is fitted to."""

STEPS = 4
"""Fits of the constant rotation after the first: each keeps other frames, or the same, and is then done."""

SCALE_KEPT = 0.9
"""Share of frames, those with the smallest residuals, whose mean residual is the scale of a reading's errors."""

BLOCK = 1 << 16
IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Hypothesis:
    """A reading, and the constant rotation between its rotations and the true ones.

    Attributes
    ----------
    convention : EulerConvention
    side : str
        Of `SIDES`.
    constant : array, shape (4,)
        Quaternion of the constant rotation, scalar last.
    """

    convention: EulerConvention
    side: str
    constant: np.ndarray

    def quats(self, triples: np.ndarray) -> np.ndarray:
        """Quaternions (N, 4) that this hypothesis says the triples (N, 3) stand for."""
        quat = quat_xyzw_from_euler(triples, self.convention)
        if self.side == "none":
            return quat
        return product_xyzw(quat, self.constant) if self.side == "head" else product_xyzw(self.constant, quat)

    def residual_deg(self, triples: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Angles (N,) in degrees between what it says of triples (N, 3) and true quaternions (N, 4), block by block."""
        out = np.empty(len(triples))
        for start in range(0, len(triples), BLOCK):
            rows = slice(start, start + BLOCK)
            out[rows] = angle_deg(self.quats(triples[rows]), truth[rows])
        return out


def fitted(
    convention: EulerConvention, sides: tuple[str, ...], triples: np.ndarray, truth: np.ndarray
) -> tuple[Hypothesis, np.ndarray]:
    """A reading with the constant rotation that brings it nearest to the truth, and its residuals (N,) in degrees.

    Parameters
    ----------
    convention : EulerConvention
    sides : tuple of str
        Of `SIDES`: where the constant rotation may stand.
    triples, truth : arrays, shape (N, 3) and (N, 4)
        Labels, and quaternions of the true rotations.
    """
    inverted = quat_xyzw_from_euler(triples, convention) * [-1.0, -1.0, -1.0, 1.0]
    tried = []
    for side in sides:
        relative = product_xyzw(truth, inverted) if side == "camera" else product_xyzw(inverted, truth)
        constant = IDENTITY if side == "none" else constant_rotation(relative)
        tried.append((Hypothesis(convention, side, constant), angle_deg(relative, constant)))
    return min(tried, key=lambda pair: trimmed_mean(pair[1]))


def trimmed_mean(residual_deg: np.ndarray) -> float:
    """Mean of the share `SCALE_KEPT` of smallest residuals (N,)."""
    kept = int(np.ceil(SCALE_KEPT * len(residual_deg)))
    return float(np.partition(residual_deg, kept - 1)[:kept].mean())


def constant_rotation(quat: np.ndarray) -> np.ndarray:
    """The rotation (4,) that most of the rotations (N, 4) are near to.

    The chordal mean of all of them, then of the share `KEPT` that is nearest to it, and so on: the concentration steps
    of least trimmed squares, so that a few wild frames have no say.
    """
    mean = mean_quat(quat)
    kept = int(np.ceil(KEPT * len(quat)))
    if kept == len(quat):
        return mean
    for _ in range(STEPS):
        nearest = np.argpartition(-np.abs(quat @ mean), kept - 1)[:kept]
        mean = mean_quat(quat[nearest])
    return mean


def mean_quat(quat: np.ndarray) -> np.ndarray:
    """Chordal mean (4,) of unit quaternions (N, 4) of either sign."""
    return np.linalg.eigh(quat.T @ quat)[1][:, -1]


def product_xyzw(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quaternions (..., 4), scalar last, of the rotations A B; leading axes broadcast."""
    (ax, ay, az, aw), (bx, by, bz, bw) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def angle_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Geodesic angle in degrees between unit quaternions (..., 4), exact for small angles: chord = 2 sin(angle / 4)."""
    sign = np.where((a * b).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    chord = np.linalg.norm(a - sign * b, axis=-1)
    return np.degrees(4.0 * np.arcsin(np.minimum(0.5 * chord, 1.0)))

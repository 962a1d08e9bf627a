"""Lights and rays in the head frame: turning a few vectors back is cheaper than turning every normal.

Sums are written out, since a matrix product may be summed in another order on another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.rendering.scene import SH_CONSTANTS

if TYPE_CHECKING:
    from synhead_tools.rendering.scene import Camera, Lighting

_CONSTANTS = SH_CONSTANTS.tolist()


def turned_lighting(
    lighting: Lighting, rotmat: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The fields of a `synhead_tools.rendering.cpu.shade.HeadLighting`, in their order.

    Parameters
    ----------
    lighting : Lighting
    rotmat : (3, 3) float64
        R_head_to_camera.
    camera : Camera
    """
    rows = rotmat.tolist()
    (fx, skew, cx), (_, fy, cy) = camera.intrinsics[:2].tolist()
    # columns of the inverse of the intrinsics
    inverse = ((1 / fx, 0.0, 0.0), (-skew / (fx * fy), 1 / fy, 0.0), ((skew * cy / fy - cx) / fx, -cy / fy, 1.0))
    lights = lighting.lights
    turned = np.array([_into_head(rows, light.direction) for light in lights], np.float32)
    return (
        turned.reshape(-1, 3),
        np.array([light.colour for light in lights], np.float32).reshape(-1, 3),
        np.array([_into_head(rows, column) for column in inverse], np.float32).T.copy(),
        np.array(_into_head(rows, (0.0, -1.0, 0.0)), np.float32),
        np.array([lighting.ambient_sky, lighting.ambient_ground], np.float32),
        turned_harmonics(lighting.ambient_sh, rows),
    )


def turned_harmonics(ambient_sh: Sequence[Sequence[float]], rows: Sequence[Sequence[float]]) -> np.ndarray:
    """Spherical harmonics of degrees 0 to 2 as polynomials of the normal in the head frame.

    Each is a constant, a linear and a quadratic form of the normal in the camera frame, and stays that when the normal
    is turned: with n' = R n, n'^T A n' = n^T (R^T A R) n.

    Parameters
    ----------
    ambient_sh : 9 triples, or none
        See `Lighting`.
    rows : 3 triples
        R_head_to_camera.

    Returns
    -------
    (3, 10) float32, or (0, 10) where there are none
        For red, green and blue the factors of 1, x, y, z, x x, y y, z z, x y, y z, z x.
    """
    polynomials = []
    for channel in range(3 if len(ambient_sh) else 0):
        c = [float(row[channel]) * constant for row, constant in zip(ambient_sh, _CONSTANTS, strict=True)]
        linear = _into_head(rows, (c[3], c[1], c[2]))
        # the symmetric matrix of x^2, y^2, z^2 and halves of the mixed products
        form = ((c[8], c[4] / 2, c[7] / 2), (c[4] / 2, -c[8], c[5] / 2), (c[7] / 2, c[5] / 2, 3 * c[6]))
        half = [_into_head(rows, row) for row in form]  # A R
        turned = [
            _into_head(rows, [half[0][j], half[1][j], half[2][j]]) for j in range(3)
        ]  # rows of its turned columns
        squares = [turned[k][k] for k in range(3)]
        mixed = [2 * turned[0][1], 2 * turned[1][2], 2 * turned[2][0]]
        polynomials.append([c[0] - c[6], *linear, *squares, *mixed])
    return np.array(polynomials, np.float32).reshape(-1, 10)


def _into_head(rows: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    """R^T times a vector."""
    x, y, z = vector
    return [rows[0][k] * x + rows[1][k] * y + rows[2][k] * z for k in range(3)]

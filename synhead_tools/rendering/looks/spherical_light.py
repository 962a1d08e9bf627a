"""Surroundings as nine numbers a colour: integration of a map over the sphere, and turns about the vertical.

Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", SIGGRAPH 2001.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.scene import SH_CONSTANTS, sh_basis

#: What a matt surface makes of each degree, over pi (their equation 8: A_0 = pi, A_1 = 2 pi / 3, A_2 = pi / 4).
DIFFUSE = np.repeat([1.0, 2 / 3, 1 / 4], [1, 3, 5])


def map_directions(height: int, width: int) -> np.ndarray:
    """Return the unit vectors (height, width, 3) towards the middles of an equirectangular map's texels.

    In the camera frame, before any turn: the top row is up (-y), the middle column straight ahead (+z), the column
    right of it to the right (+x).
    """
    polar = (np.arange(height) + 0.5) / height * np.pi
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    horizontal = np.sin(polar)[:, None]
    y = np.broadcast_to(-np.cos(polar)[:, None], (height, width))
    return np.stack([horizontal * np.sin(azimuth), y, horizontal * np.cos(azimuth)], axis=-1)


def solid_angles(height: int, width: int) -> np.ndarray:
    """Return the solid angle (height, 1), steradians, of the texels of each row; exact, 4 pi in all."""
    edges = np.cos(np.arange(height + 1) / height * np.pi)
    return ((edges[:-1] - edges[1:]) * (2 * np.pi / width))[:, None]


def project_map(radiance: np.ndarray) -> np.ndarray:
    """Integrate a map against the nine functions of `synhead_tools.rendering.scene.sh_basis`.

    The integral is exact for a map whose texels are each of one colour: on the sphere every basis function is a
    polynomial in the sines and cosines of polar angle and azimuth, integrated in closed form over each texel.

    Parameters
    ----------
    radiance : (H, W, 3) array
        Equirectangular, laid out as `map_directions` says.

    Returns
    -------
    (9, 3) float64
    """
    height, width = radiance.shape[:2]
    one, c, s, sc, ss, cc = _polar_integrals(np.arange(height + 1) / height * np.pi)
    along = (np.arange(width + 1) / width - 0.5) * 2 * np.pi
    sine, cosine = np.sin(along), np.cos(along)
    around = [np.diff(f) for f in (along, -cosine, sine, along / 2 - sine * cosine / 2, along / 2 + sine * cosine / 2)]
    all_round, sin, cos, sin2, cos2 = around
    sin_cos = np.diff(sine * sine / 2)
    pairs = (
        ((one, all_round),),
        ((-c, all_round),),
        ((s, cos),),
        ((s, sin),),
        ((-sc, sin),),
        ((-sc, cos),),
        ((3 * ss, cos2), (-one, all_round)),
        ((ss, sin_cos),),
        ((ss, sin2), (-cc, all_round)),
    )
    # each row summed along the azimuth first: sums in a fixed order, without a matrix library
    rows = [sum((_over_azimuth(radiance, turn) * up[:, None]).sum(axis=0) for up, turn in terms) for terms in pairs]
    return np.array(rows) * SH_CONSTANTS[:, None]


def diffuse_sh(radiance_sh: np.ndarray) -> np.ndarray:
    """Return what a white matt surface reflects (9, 3) of surroundings (9, 3): irradiance over pi."""
    return radiance_sh * DIFFUSE[:, None]


def turn_sh(sh: np.ndarray, turn_rad: float) -> np.ndarray:
    """Turn nine coefficients (9, K) about the vertical: the function at n was at the direction turned back.

    Parameters
    ----------
    sh : (9, K) array
        Coefficients of `sh_basis`.
    turn_rad : float
        As in `turn_about_vertical`.
    """
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    raw = np.asarray(sh, np.float64) * SH_CONSTANTS[:, None]  # as polynomials in x, y, z
    one, y, z, x, xy, yz, zz, xz, xx = raw
    # before the turn the function was f(c x - s z, y, s x + c z)
    turned = np.array(
        [
            one,
            y,
            cosine * z - sine * x,
            cosine * x + sine * z,
            cosine * xy + sine * yz,
            cosine * yz - sine * xy,
            *_turn_squares(zz, xz, xx, cosine, sine),
        ]
    )
    return turned / SH_CONSTANTS[:, None]


def turn_about_vertical(directions: np.ndarray, turn_rad: float) -> np.ndarray:
    """Turn directions (..., 3) about the camera's vertical; positive takes straight ahead (+z) to the right (+x)."""
    x, y, z = np.moveaxis(np.asarray(directions, np.float64), -1, 0)
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=-1)


def lobe_sh(direction: np.ndarray) -> np.ndarray:
    """Return the nine coefficients of what a white surface reflects of a far light that lights it to 1 head on."""
    return np.pi * DIFFUSE * sh_basis(direction)


def _polar_integrals(edges: np.ndarray) -> list[np.ndarray]:
    """Over each row: the integrals of 1, c, s, s c, s^2 and c^2 with the weight s; c and s of the polar angle."""
    c, s = np.cos(edges), np.sin(edges)
    primitives = (-c, s * s / 2, (edges - s * c) / 2, s**3 / 3, -c + c**3 / 3, -(c**3) / 3)
    return [np.diff(primitive) for primitive in primitives]


def _over_azimuth(radiance: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (radiance * weights[:, None]).sum(axis=1, dtype=np.float64)


def _turn_squares(zz, xz, xx, cosine, sine):
    """Coefficients of 3 z^2 - 1, x z and x^2 - y^2 after the turn.

    With x^2 + y^2 + z^2 = 1 the quadratic form has the diagonal (xx - zz, -xx - zz, 2 zz) and x z off it.
    """
    along_x, along_z, mixed = xx - zz, 2 * zz, xz
    new_z = sine * sine * along_x + cosine * cosine * along_z - sine * cosine * mixed
    new_x = cosine * cosine * along_x + sine * sine * along_z + sine * cosine * mixed
    new_mixed = 2 * sine * cosine * (along_z - along_x) + (cosine * cosine - sine * sine) * mixed
    return new_z / 2, new_mixed, new_x + new_z / 2

"""Shells around a head, in polar coordinates: what hats and scarves are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter1d, map_coordinates

_FAN_RAD = np.linspace(0, 0.98 * np.pi, 90)
_AZIMUTHS = 72


@dataclass(frozen=True, eq=False)
class PolarFrame:
    """Polar coordinates about a point inside of the head.

    Attributes
    ----------
    centre : (3,) float64
        Head frame, metres.
    axes : (3, 3) float64
        Rows: the pole, the direction of azimuth 0, that of azimuth 90 degrees; a right- or left-handed trio of unit
        vectors.
    """

    centre: np.ndarray
    axes: np.ndarray

    def polar(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return angle from the pole and azimuth, in radians, and distance, each (...), of points (..., 3)."""
        along, first, second = np.moveaxis((points - self.centre) @ self.axes.T, -1, 0)
        radius = np.sqrt(along**2 + first**2 + second**2)
        return np.arctan2(np.hypot(first, second), along), np.arctan2(second, first) % (2 * np.pi), radius

    def directions(self, polar_rad: np.ndarray, azimuth_rad: np.ndarray) -> np.ndarray:
        """Return unit vectors (..., 3), head frame."""
        first = np.sin(polar_rad) * np.cos(azimuth_rad)
        second = np.sin(polar_rad) * np.sin(azimuth_rad)
        return np.stack([np.cos(polar_rad), first, second], axis=-1) @ self.axes


@dataclass(frozen=True, eq=False)
class Hull:
    """How far a head reaches in each direction: distances on a grid of polar angle x azimuth.

    Attributes
    ----------
    frame : PolarFrame
    radius_m : (P, A) float64
        At polar angles of `polar_rad` and at A azimuths evenly around.
    polar_rad : (P,) float64
    """

    frame: PolarFrame
    radius_m: np.ndarray
    polar_rad: np.ndarray

    def at(self, polar_rad: np.ndarray, azimuth_rad: np.ndarray) -> np.ndarray:
        """Return the distance in given directions."""
        step = self.polar_rad[1] - self.polar_rad[0]
        rows = np.clip(np.asarray(polar_rad) / step, 0, len(self.polar_rad) - 1)
        columns = np.asarray(azimuth_rad) % (2 * np.pi) / (2 * np.pi) * self.radius_m.shape[1]
        padded = np.concatenate([self.radius_m, self.radius_m[:, :1]], axis=1)
        return map_coordinates(padded, [rows, columns], order=1, mode="nearest")

    def points(self, polar_rad: np.ndarray, azimuth_rad: np.ndarray, offset_m: np.ndarray | float) -> np.ndarray:
        """Return points (..., 3) of the head frame that lie `offset_m` outside of the hull."""
        distance = self.at(polar_rad, azimuth_rad) + offset_m
        return self.frame.centre + distance[..., None] * self.frame.directions(polar_rad, azimuth_rad)

    def rim_at(self, level) -> np.ndarray:
        """Return the first polar angle (A,) of each azimuth at which `level` (of points (..., 3)) is not negative."""
        polar, azimuth = np.meshgrid(self.polar_rad, self.azimuths_rad(), indexing="ij")
        values = level(self.points(polar, azimuth, 0.0))
        reached = values >= 0
        after = np.where(reached.any(axis=0), reached.argmax(axis=0), len(values) - 1).clip(1)
        columns = np.arange(values.shape[1])
        low, high = values[after - 1, columns], values[after, columns]
        share = np.clip(low / np.where(low == high, 1.0, low - high), 0, 1)
        return self.polar_rad[after - 1] + share * (self.polar_rad[after] - self.polar_rad[after - 1])

    def azimuths_rad(self) -> np.ndarray:
        """Return the azimuths (A,) of the grid's columns."""
        return 2 * np.pi * np.arange(self.radius_m.shape[1]) / self.radius_m.shape[1]


def hull_of(frame: PolarFrame, points: np.ndarray, smooth_rad: float = 0.06) -> Hull:
    """Return the smoothed hull of scattered points (N, 3), no point of which lies farther out than it.

    Between points the distance is interpolated in the plane of the azimuthal equidistant projection, which has neither
    pole nor seam; where points overlap the farthest counts.
    """
    polar, azimuth, radius = frame.polar(points)
    plane = polar[:, None] * np.column_stack([np.cos(azimuth), np.sin(azimuth)])
    order = np.argsort(-radius)
    _, first = np.unique(np.round(plane[order] / 0.02).astype(int), axis=0, return_index=True)
    kept = order[first]  # the farthest of each little cell: inner folds do not dent the hull
    surface = LinearNDInterpolator(plane[kept], radius[kept])
    around = 2 * np.pi * np.arange(_AZIMUTHS) / _AZIMUTHS
    rows, columns = np.meshgrid(_FAN_RAD, around, indexing="ij")
    grid = surface(np.stack([rows * np.cos(columns), rows * np.sin(columns)], axis=-1))
    for row in range(1, len(grid)):  # beyond the last points the hull goes on as it was
        grid[row] = np.where(np.isnan(grid[row]), grid[row - 1], grid[row])
    grid[0] = grid[0].mean()
    smooth = _smoothed(grid, smooth_rad)
    for round_off in (True, True, False):
        excess = np.maximum(radius - Hull(frame, smooth, _FAN_RAD).at(polar, azimuth), 0)
        smooth = smooth + _spread(excess, polar, azimuth, smooth.shape)
        if round_off:
            smooth = _smoothed(smooth, 0.5 * smooth_rad)
    return Hull(frame, smooth, _FAN_RAD)


def _smoothed(grid: np.ndarray, sigma_rad: float) -> np.ndarray:
    """Gaussian over the sphere, nearly: columns are wider apart away from the pole."""
    step = _FAN_RAD[1] - _FAN_RAD[0]
    smooth = gaussian_filter1d(grid, sigma_rad / step, axis=0, mode="nearest")
    around = gaussian_filter1d(smooth, sigma_rad * _AZIMUTHS / (2 * np.pi), axis=1, mode="wrap")
    share = np.clip(_FAN_RAD / 0.5, 0, 1)[:, None]  # near the pole a ring is one place
    return share * around + (1 - share) * smooth.mean(axis=1, keepdims=True)


def _spread(excess: np.ndarray, polar: np.ndarray, azimuth: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a grid that is nowhere below the excess of the points in its cells and those beside them."""
    grid = np.zeros(shape)
    rows = polar / (_FAN_RAD[1] - _FAN_RAD[0])
    columns = azimuth / (2 * np.pi) * shape[1]
    for row in (np.floor(rows), np.ceil(rows)):
        for column in (np.floor(columns), np.ceil(columns)):
            cell = (np.clip(row, 0, shape[0] - 1).astype(int), column.astype(int) % shape[1])
            np.maximum.at(grid, cell, excess)
    return grid


def shell_triangles(rows: int, columns: int) -> np.ndarray:
    """Return triangles of a grid of vertices, row after row, each row an open strip of `columns`."""
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij"))
    a = row * columns + column
    return np.concatenate(
        [np.column_stack([a, a + 1, a + columns + 1]), np.column_stack([a, a + columns + 1, a + columns])]
    )

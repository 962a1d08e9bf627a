"""The sphere of directions divided into cells of about equal size, to say how much of it a set of them covers."""

from __future__ import annotations

import numpy as np


class DirectionCells:
    """Bands of latitude about the y axis, each divided evenly into cells of about the same area.

    Parameters
    ----------
    cell_deg : float
        Height of a band, and about the side of a cell; 1 to 90.

    Attributes
    ----------
    front : array of bool, shape (n,)
        Which cells have their middle in the half with z < 0.
    """

    def __init__(self, cell_deg: float = 15.0) -> None:
        if not 1.0 <= cell_deg <= 90.0:
            raise ValueError(f"cell_deg = {cell_deg} must lie between 1 and 90")
        self.cell_deg = cell_deg
        bands = round(180.0 / cell_deg)
        edges = np.linspace(-np.pi / 2, np.pi / 2, bands + 1)
        areas = 2 * np.pi * np.diff(np.sin(edges))
        self._counts = np.maximum(1, np.round(areas / (np.pi / bands) ** 2)).astype(int)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)])
        middles = [(np.arange(count) + 0.5) / count * 2 * np.pi for count in self._counts]
        self.front = np.cos(np.concatenate(middles)) > 0

    def __len__(self) -> int:
        return int(self._starts[-1])

    def index(self, directions: np.ndarray) -> np.ndarray:
        """Cells (N,), numbered from 0, of unit vectors (N, 3)."""
        directions = np.asarray(directions, float)
        bands = len(self._counts)
        latitude = np.arcsin(np.clip(directions[:, 1], -1.0, 1.0))
        band = np.minimum(((latitude / np.pi + 0.5) * bands).astype(int), bands - 1)
        # longitude 0 is z = -1, so that the front half is the one around it
        turn = np.remainder(np.arctan2(directions[:, 0], -directions[:, 2]) / (2 * np.pi), 1.0)
        counts = self._counts[band]
        return self._starts[band] + np.minimum((turn * counts).astype(int), counts - 1)


def view_directions(rotmat: np.ndarray) -> np.ndarray:
    """Directions (N, 3), head frame, from which a camera sees heads: against its optical axis.

    A turn of the picture leaves them as they are; (0, 0, -1) sees the face from the front.
    """
    return -np.asarray(rotmat, float)[:, 2]

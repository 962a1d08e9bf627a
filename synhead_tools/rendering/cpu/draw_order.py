"""In which order triangles and vertices stand in memory, so that what is drawn together lies together."""

from __future__ import annotations

import numpy as np


def along_curve(points_m: np.ndarray) -> np.ndarray:
    """Place of each point (n, 3), in metres, on Morton's curve through space, with steps of 2 mm; (n,) int64."""
    steps = np.clip((points_m.astype(np.float64) + 1.024) / 0.002, 0, 1023).astype(np.int64)
    place = np.zeros(len(points_m), np.int64)
    for bit in range(10):
        for axis in range(3):
            place |= (steps[:, axis] >> bit & 1) << (3 * bit + axis)
    return place


def in_order_of_use(vertices: int, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order vertices as triangles first name them, those that none names last.

    Parameters
    ----------
    vertices : int
        How many there are.
    triangles : (T, 3) array of int

    Returns
    -------
    used : (V,) int64
        The vertices in that order.
    place : (V,) uint32
        Where each vertex stands in it.
    """
    named, first = np.unique(triangles, return_index=True)
    used = np.concatenate([named[np.argsort(first)], np.setdiff1d(np.arange(vertices), named)])
    return used, np.argsort(used).astype(np.uint32)

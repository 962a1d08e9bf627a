"""The table of matches: every target pose with, for each head, the frame that comes nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.matching.in_plane import match_in_plane


@dataclass(frozen=True, eq=False)
class Matches:
    """Targets x heads, flattened head by head, targets in their order within a head.

    Attributes
    ----------
    target : int array, shape (n,)
        Row of the target pose.
    source : int array, shape (n,)
        Row of the chosen source frame.
    in_plane_deg : array, shape (n,)
        Turn of its picture, positive clockwise.
    residual_deg : array, shape (n,)
        Geodesic distance that remains.
    head_id : bytes array, shape (n,)
        Head of the frame.
    """

    target: np.ndarray
    source: np.ndarray
    in_plane_deg: np.ndarray
    residual_deg: np.ndarray
    head_id: np.ndarray

    def __len__(self) -> int:
        return len(self.target)

    def take(self, which: np.ndarray) -> Matches:
        """The matches named by a mask or by positions."""
        return Matches(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def match_per_head(source_rotmat: np.ndarray, source_head_id: np.ndarray, target_rotmat: np.ndarray) -> Matches:
    """Match every target pose once with every head.

    Parameters
    ----------
    source_rotmat : array, shape (n, 3, 3)
        Rotations of the frames to choose from.
    source_head_id : array, shape (n,)
        Which head each shows.
    target_rotmat : array, shape (m, 3, 3)
        Poses to come near to.

    Returns
    -------
    Matches
        Of length m x number of heads, heads in alphabetical order.
    """
    found = []
    for head_id in np.unique(source_head_id):
        rows = np.flatnonzero(source_head_id == head_id)
        index, in_plane_deg, residual_deg = match_in_plane(source_rotmat[rows], target_rotmat)
        target = np.arange(len(target_rotmat))
        found.append((target, rows[index], in_plane_deg, residual_deg, np.full(len(target), head_id)))
    return Matches(*(np.concatenate(column) for column in zip(*found, strict=True)))

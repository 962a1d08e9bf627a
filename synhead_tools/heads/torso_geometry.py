"""The data that bodies are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import check_arrays, read_arrays, stacked_targets


@dataclass(frozen=True)
class TorsoGeometry:
    """A shell around neck, shoulders, chest and upper arms: clothes are made of it.

    Attributes
    ----------
    vertices_dm, faces : (V, 3) float64, (Q, 4) int64
        Rest positions in the frame of `Geometry`, and quads.
    joint_vertices : (4, 8) int64
        Vertices whose means are the base of the skull, the base of the neck, and the left and right shoulder joint.
    target_names, target_indptr, target_indices, target_deltas_dm
        As those of `Geometry`, for the targets that move the shell.
    """

    vertices_dm: np.ndarray
    faces: np.ndarray
    joint_vertices: np.ndarray
    target_names: tuple[str, ...]
    target_indptr: np.ndarray
    target_indices: np.ndarray
    target_deltas_dm: np.ndarray


@lru_cache(maxsize=1)
def load_torso() -> TorsoGeometry:
    """Read the shell of the torso and its morph targets (10 ms, then cached).

    Raises
    ------
    HeadError
        The file is missing or is not the one this version was written for.
    """
    data = read_arrays("torso.npz")
    check_arrays(data, {"joint_vertices": (4, 8)}, {}, ("joint_vertices",))
    names = ("faces", "joint_vertices")
    return TorsoGeometry(
        vertices_dm=data["vertices_dm"].astype(np.float64),
        **stacked_targets(data),
        **{name: data[name].astype(np.int64) for name in names},
    )

"""The average face as the mesh branch would have it in an anchor that fits it exactly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from synhead_tools.heads.face_mesh import load_face_mesh

NOSE_POINT = 2
"""Number of the tip of the nose among the five points."""


def mean_anchor_mesh(vertices: int) -> Tensor | None:
    """The mean face (V, 3) seen straight from far away, its longer side one anchor size; None for another topology."""
    mesh = load_face_mesh()
    if len(mesh.mean_m) != vertices:
        return None
    flat = mesh.mean_m[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    size_m = float((high - low).max())
    nose = mesh.mean_m[mesh.points5[NOSE_POINT]]
    centre = np.append((low + high) / 2, nose[2])
    return torch.from_numpy((mesh.mean_m - centre) / size_m)

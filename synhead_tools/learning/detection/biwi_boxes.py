"""From faces that were found to the square boxes that estimators are trained on.

A detector's box is tight: from hairline to chin, ear to ear, as much of it as the pose shows. Estimators want a square
of a fixed part of the head whatever its pose, as `synhead_tools.geometry.boxes.face_box_xyxy` makes them of rendered
heads and as Biwi+ has them. A mesh says where that square is; without one it follows from the tight box as if the face
looked straight ahead.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.boxes import FACE_BOX_CENTRE_M, FACE_BOX_SIDE_M
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.detections import Detections, rigid_vertices, rotations_of_meshes


def biwi_boxes(found: Detections) -> np.ndarray:
    """Square boxes (n, 4) xyxy, pixels, in the manner of Biwi+; they may reach beyond the picture."""
    if not len(found):
        return np.empty((0, 4))
    centre, side = _of_boxes(found.boxes_xyxy)
    if found.mesh is not None:
        centre_of_mesh, side_of_mesh = _of_meshes(found.mesh)
        has_size = side_of_mesh > 0  # what is no face may have a mesh that is a dot
        centre, side = np.where(has_size[:, None], centre_of_mesh, centre), np.where(has_size, side_of_mesh, side)
    half = side[:, None] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _of_meshes(mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres (n, 2) and sides (n,), from the similarity that takes the mean face to each mesh."""
    rows = rigid_vertices()
    model, here = load_face_mesh().mean_m[rows], np.asarray(mesh, float)[:, rows]
    rotmat = rotations_of_meshes(mesh)
    turned = np.swapaxes(rotmat @ (model - model.mean(axis=0)).T, 1, 2)
    middle = here.mean(axis=1)
    scale = (turned * (here - middle[:, None])).sum(axis=(1, 2)) / (turned**2).sum(axis=(1, 2))
    centre = middle + scale[:, None] * (rotmat @ (FACE_BOX_CENTRE_M - model.mean(axis=0)))
    return centre[:, :2], FACE_BOX_SIDE_M * scale


def _of_boxes(boxes_xyxy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and sides from tight boxes, by their height, which turning to the side leaves alone."""
    flat = load_face_mesh().mean_m[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    boxes = np.asarray(boxes_xyxy, float)
    scale = (boxes[:, 3] - boxes[:, 1]) / (high[1] - low[1])
    shift_m = FACE_BOX_CENTRE_M[:2] - (low + high) / 2
    return (boxes[:, :2] + boxes[:, 2:]) / 2 + scale[:, None] * shift_m, FACE_BOX_SIDE_M * scale

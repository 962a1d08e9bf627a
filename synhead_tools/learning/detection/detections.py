"""The faces that were found in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from synhead_tools.geometry.landmark_rotations import nearest_rotations
from synhead_tools.geometry.rays import from_ray_frame, ray_rotation
from synhead_tools.heads.face_mesh import load_face_mesh

POINT_NAMES = ("right_eye", "left_eye", "nose_tip", "mouth_right", "mouth_left")
"""Names of the five points, sides as the subject has them: the right eye is the left one in the picture."""

MOUTH_RIGHT = POINT_NAMES.index("mouth_right")
ABOVE_MOUTH_M = 0.005


@dataclass(frozen=True, eq=False)
class Detections:
    """n faces, the surest first; n is 0 where there is none.

    Attributes
    ----------
    boxes_xyxy : (n, 4) float64
        Edges, pixels of the picture, (0, 0) the corner of the top-left one; may reach beyond the picture.
    scores : (n,) float64
        0 to 1.
    points5 : (n, 5, 2) float64
        Subject's right eye (left in the picture), left eye, nose tip, right and left mouth corner; pixels.
    mesh : (n, V, 3) float64 or None
        Vertices of `synhead_tools.heads.face_mesh`: x and y in pixels, z in pixels relative to the tip of the nose,
        away from the camera positive (`synhead_tools.geometry.relative_depth`). None without mesh branch.
    """

    boxes_xyxy: np.ndarray
    scores: np.ndarray
    points5: np.ndarray
    mesh: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    @property
    def landmarks68(self) -> np.ndarray | None:
        """The 68 points (n, 68, 3) in iBUG order, as `mesh` has them; None without a mesh."""
        return None if self.mesh is None else self.mesh[:, load_face_mesh().landmarks68]

    def rotmat(self, intrinsics: np.ndarray | None = None) -> np.ndarray | None:
        """Rotations R_head_to_camera (n, 3, 3) of the meshes, by least squares against the mean face; None without.

        Parameters
        ----------
        intrinsics : array-like, shape (3, 3), optional
            Camera matrix of the picture. A mesh shows the rotation against the ray to the face, R_ray; with a camera
            it is turned into that of the camera frame, without one it is returned as it is, as if all faces were in
            the middle of the picture.
        """
        if self.mesh is None:
            return None
        ray = rotations_of_meshes(self.mesh)
        if intrinsics is None or not len(self):
            return ray
        middle = (self.mesh[..., :2].min(axis=1) + self.mesh[..., :2].max(axis=1)) / 2
        return from_ray_frame(ray, ray_rotation(middle, np.asarray(intrinsics, float)))

    def records(self) -> list[dict[str, Any]]:
        """One dictionary of plain values per face: ``box_xyxy``, ``score``, ``points`` by name, ``landmarks68``."""
        landmarks = self.landmarks68
        return [
            {
                "box_xyxy": self.boxes_xyxy[i].tolist(),
                "score": float(self.scores[i]),
                "points": {name: self.points5[i, k].tolist() for k, name in enumerate(POINT_NAMES)},
                **({} if landmarks is None else {"landmarks68": landmarks[i].tolist()}),
            }
            for i in range(len(self))
        ]


def rotations_of_meshes(mesh: np.ndarray) -> np.ndarray:
    """R_ray (n, 3, 3) of face meshes (n, 1024, 3) as `synhead_tools.geometry.relative_depth` has them.

    Least squares against the mean face, scale and place free (Umeyama, 1991), over the vertices above the mouth: an
    open jaw is not a turned head. What is no face, and has a mesh like none, gets some rotation too.
    """
    if not len(mesh):
        return np.empty((0, 3, 3))
    rigid, mean_m = rigid_vertices(), load_face_mesh().mean_m
    return nearest_rotations(mesh[:, rigid], mean_m[rigid])


@lru_cache(maxsize=1)
def rigid_vertices() -> np.ndarray:
    """Numbers of the vertices of the face mesh above the mouth; do not write into the result, it is shared."""
    mesh = load_face_mesh()
    return np.flatnonzero(mesh.mean_m[:, 1] < mesh.mean_m[mesh.points5[MOUTH_RIGHT], 1] - ABOVE_MOUTH_M)


def no_detections(vertices: int = 0) -> Detections:
    """Nothing found; `vertices` is that of the detector's mesh."""
    mesh = np.empty((0, vertices, 3)) if vertices else None
    return Detections(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)), mesh)

"""One picture as the shaders are told of it: camera, pose and light.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyrender

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import NEAR_M
from synhead_tools.rendering.opengl import shaders
from synhead_tools.rendering.scene import SH_CONSTANTS

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.scene import Camera, Lighting

#: Farthest distance drawn, metres.
FAR_M = 1000.0
# From the camera frame (y down, z forward) to OpenGL's (y up, z backward), and rows from the top.
_TO_GL, _ROWS_FROM_TOP = np.diag([1.0, -1.0, -1.0, 1.0]), np.diag([1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class View:
    """One picture to draw: a head, its checked pose, and the light on it."""

    head: Head
    rotation: np.ndarray
    position_m: np.ndarray
    lighting: Lighting


class PinholeCamera(pyrender.IntrinsicsCamera):
    """pyrender's camera for a `Camera`, with its skew."""

    def __init__(self, camera: Camera) -> None:
        (fx, self.skew, cx), (_, fy, cy) = camera.intrinsics[:2].tolist()
        super().__init__(fx, fy, cx, cy, znear=NEAR_M, zfar=FAR_M)

    def get_projection_matrix(self, width: int | None = None, height: int | None = None) -> np.ndarray:
        """Return the projection for a picture of width x height, with the skew of the intrinsics."""
        matrix = super().get_projection_matrix(width, height)
        matrix[0, 1] = -2.0 * self.skew / width
        return matrix


def projection_of(camera: Camera) -> np.ndarray:
    """Return the (4, 4) matrix from the camera frame to clip coordinates, the picture's first row lowest."""
    matrix = PinholeCamera(camera).get_projection_matrix(camera.width_px, camera.height_px)
    return _ROWS_FROM_TOP @ matrix @ _TO_GL


def fill_block(rows: np.ndarray, view: View) -> None:
    """Write pose and light of one picture into its rows (`FRAME_ROWS`, 4) of the shaders' block, which are all 0."""
    lighting, count = view.lighting, len(view.lighting.lights)
    if count > shaders.MAX_LIGHTS:
        raise BackendError(f"the lighting has {count} lights; OpenGL draws up to {shaders.MAX_LIGHTS}")
    rows[shaders.POSE_ROW : shaders.SKY_ROW, :3] = view.rotation
    rows[shaders.POSE_ROW : shaders.SKY_ROW, 3] = view.position_m
    rows[shaders.SKY_ROW] = (*lighting.ambient_sky, count)
    rows[shaders.GROUND_ROW] = (*lighting.ambient_ground, bool(lighting.ambient_sh))
    rows[shaders.SH_ROW : shaders.DIRECTION_ROW, :3] = lighting.sh() * SH_CONSTANTS[:, None]
    rows[shaders.DIRECTION_ROW :][:count, :3] = lighting.directions()
    rows[shaders.COLOUR_ROW :][:count, :3] = lighting.colours()

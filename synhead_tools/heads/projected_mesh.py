"""Where a camera sees the face mesh of a head, from what a sample stores."""

from __future__ import annotations

import numpy as np

from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.expression_basis import Coefficients
from synhead_tools.heads.expressions import express
from synhead_tools.heads.face_mesh import face_mesh_of
from synhead_tools.heads.head import Head


def project_face_mesh(
    head: Head,
    rotmat: np.ndarray,
    translation_m: np.ndarray,
    intrinsics: np.ndarray,
    expression: Coefficients | None = None,
) -> np.ndarray:
    """Return where a camera sees the mesh: x and y in pixels and depth in metres, (..., M, 3) float64.

    All that a sample stores is enough: a dataset's ``head_id`` (by `synhead_tools.heads.library.load_head`),
    ``rotmat``, ``translation_m``, ``intrinsics`` and ``expression_coefficients``. Which vertices are seen,
    `synhead_tools.rendering.annotate.point_visibility` tells from the picture's depth.

    Parameters
    ----------
    head : Head
        Made from a recipe.
    rotmat : (..., 3, 3) array
        R_head_to_camera.
    translation_m : (..., 3) array
        Head origin in the camera frame.
    intrinsics : (..., 3, 3) array
        Camera matrix.
    expression : (52,) array or mapping, optional
        As `synhead_tools.heads.expressions.express` takes it; None leaves the head as it is.

    Raises
    ------
    HeadError
        The head has no face mesh, or the expression is none.
    """
    if expression is not None:
        head = express(head, expression)
    points_px, depth_m = project_points(face_mesh_of(head), rotmat, translation_m, intrinsics)
    return np.concatenate([points_px, depth_m[..., None]], axis=-1)

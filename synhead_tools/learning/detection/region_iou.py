"""How well the regions of a predicted mesh cover those of the true one."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.heads.regions import Region

SIDE_PX = 192
REGIONS = (Region.EYE, Region.NOSE, Region.LIP, Region.SKIN, Region.EYELID)


def region_picture(mesh: np.ndarray, window_xyxy: np.ndarray, side_px: int = SIDE_PX) -> np.ndarray:
    """Regions of a face mesh as they are seen, (side_px, side_px) uint8, 0 where there is none.

    Parameters
    ----------
    mesh : array, shape (1024, 3)
        x, y and z as `synhead_tools.geometry.relative_depth` has them, pixels.
    window_xyxy : array-like, shape (4,)
        What the picture shows, pixels; triangles that face away are left out, nearer ones cover farther ones.
    side_px : int
    """
    faces = load_face_mesh()
    low, high = np.asarray(window_xyxy, float).reshape(2, 2)
    points = (np.asarray(mesh, float)[:, :2] - low) / (high - low) * side_px
    corner = points[faces.triangles]
    (ax, ay), (bx, by) = (corner[:, 1] - corner[:, 0]).T, (corner[:, 2] - corner[:, 0]).T
    towards = ax * by - ay * bx < 0  # counter-clockwise from outside, and y runs down
    depth = np.asarray(mesh, float)[faces.triangles, 2].mean(axis=1)
    picture = Image.new("L", (side_px, side_px))
    draw = ImageDraw.Draw(picture)
    for number in np.argsort(-depth, kind="stable"):
        if towards[number]:
            draw.polygon([tuple(p) for p in corner[number]], fill=int(faces.triangle_region[number]))
    return np.asarray(picture)


def region_iou(predicted: np.ndarray, true: np.ndarray, side_px: int = SIDE_PX) -> dict[str, float]:
    """IoU of each region of two face meshes (1024, 3), drawn over the true one's box with a tenth of room around it.

    A region that neither shows is NaN.
    """
    xy = np.asarray(true, float)[:, :2]
    low, high = xy.min(axis=0), xy.max(axis=0)
    room = 0.1 * (high - low)
    window = np.concatenate([low - room, high + room])
    a, b = (region_picture(mesh, window, side_px) for mesh in (predicted, true))
    result = {}
    for region in REGIONS:
        either = ((a == region) | (b == region)).sum()
        both = ((a == region) & (b == region)).sum()
        result[region.name.lower()] = float(both / either) if either else float("nan")
    return result

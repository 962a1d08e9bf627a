"""Axes or a cube of the head frame on a picture, projected as the camera would see them.

Axes: red towards the subject's left (+x), green down to the chin (+y), blue out of the face, where the nose points
(-z: the head frame's z goes into the head). They start midway between the eyes.

Cube: about as large as a head. The face's side is yellow, but for its lower edge, at the chin, which is red; the other
edges are blue, the hindmost ones thin.

How far away the head is follows from the size of its box, as if that were a Biwi+ box
(`synhead_tools.geometry.boxes`): a smaller one makes a smaller drawing, no other rotation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.geometry.boxes import FACE_BOX_CENTRE_M, FACE_BOX_SIDE_M
from synhead_tools.geometry.projection import project_points
from synhead_tools.geometry.rays import ray_rotation, to_ray_frame
from synhead_tools.learning.prediction.answers import CAMERA, Answer

DRAWINGS = ("axes", "cube")
RED, GREEN, BLUE, YELLOW = (235, 50, 45), (50, 205, 70), (60, 110, 255), (255, 225, 40)
BOX_COLOUR = (255, 255, 255)

AXIS_M = 0.11
CUBE_HALF_M = 0.08
CUBE_CENTRE_M = np.array([0.0, 0.015, 0.065])
_NEAREST_M = 0.4
_ASSUMED_DEPTH_M = 1.0
_FINE = 3
_FINE_UP_TO_PX = 1200

_AXES_M = np.concatenate([np.zeros((1, 3)), AXIS_M * np.diag([1.0, 1.0, -1.0])])
_CORNERS = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float)
_CUBE_M = CUBE_CENTRE_M + CUBE_HALF_M * _CORNERS

_Line = tuple[int, int, tuple[int, int, int], float]
_AXIS_LINES: tuple[_Line, ...] = ((0, 1, RED, 1.0), (0, 2, GREEN, 1.0), (0, 3, BLUE, 1.0))
# corners: 0-3 face (z = -1): top, then bottom; 4-7 the back of the head
_CUBE_LINES: tuple[_Line, ...] = (
    (0, 1, YELLOW, 1.0), (0, 2, YELLOW, 1.0), (1, 3, YELLOW, 1.0), (2, 3, RED, 1.2),
    (4, 5, BLUE, 0.5), (4, 6, BLUE, 0.5), (5, 7, BLUE, 0.5), (6, 7, BLUE, 0.5),
    (0, 4, BLUE, 0.7), (1, 5, BLUE, 0.7), (2, 6, BLUE, 0.7), (3, 7, BLUE, 0.7),
)  # fmt: skip


def head_points_px(
    points_m: np.ndarray, rotmat: np.ndarray, box_xyxy: np.ndarray, intrinsics: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Where points of the head frame are seen, of a head that has a given face box.

    Parameters
    ----------
    points_m : array-like, shape (n, 3)
        Head frame, metres.
    rotmat : array-like, shape (3, 3)
        R_head_to_camera; without intrinsics against the ray through the middle of the box.
    box_xyxy : array-like, shape (4,)
        Face box, px.
    intrinsics : array-like, shape (3, 3), optional
        Camera matrix.

    Returns
    -------
    points_px : array, shape (n, 2)
        x, y.
    depth_m : array, shape (n,)
        From the camera; says what is in front of what.
    """
    rotmat, box = np.asarray(rotmat, float), np.asarray(box_xyxy, float)
    middle, side = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max()
    if intrinsics is not None and intrinsics[0, 0] * FACE_BOX_SIDE_M < _NEAREST_M * side:
        # so near the head would reach behind the camera; the box is larger than a face's
        rotmat, intrinsics = to_ray_frame(rotmat, ray_rotation(middle, intrinsics)), None
    if intrinsics is None:  # a camera that looks along the ray
        focal_px = side * _ASSUMED_DEPTH_M / FACE_BOX_SIDE_M
        intrinsics = np.array([[focal_px, 0.0, middle[0]], [0.0, focal_px, middle[1]], [0.0, 0.0, 1.0]])
    origin_to_centre_m = rotmat @ FACE_BOX_CENTRE_M
    centre_depth_m = intrinsics[0, 0] * FACE_BOX_SIDE_M / side + origin_to_centre_m[2]
    centre_m = centre_depth_m * (np.linalg.inv(intrinsics) @ [*middle, 1.0])
    return project_points(points_m, rotmat, centre_m - origin_to_centre_m, intrinsics)


def draw_pose(
    picture: Image.Image,
    rotmat: np.ndarray,
    box_xyxy: np.ndarray,
    intrinsics: np.ndarray | None = None,
    drawing: str = "axes",
) -> None:
    """Draw one head's box and its axes or cube onto an RGB picture, in place.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB.
    rotmat, box_xyxy, intrinsics
        As for `head_points_px`.
    drawing : str
        One of `DRAWINGS`.
    """
    points_m, lines = (_AXES_M, _AXIS_LINES) if drawing == "axes" else (_CUBE_M, _CUBE_LINES)
    points_px, depth_m = head_points_px(points_m, rotmat, box_xyxy, intrinsics)
    box = np.asarray(box_xyxy, float)
    side = float((box[2:] - box[:2]).max())
    width_px = max(side / 45, 1.5)
    edges = np.concatenate([points_px, box.reshape(2, 2)])
    left, top = np.floor(edges.min(axis=0) - 2 * width_px).clip(0).astype(int).tolist()
    right, bottom = np.ceil(edges.max(axis=0) + 2 * width_px).astype(int).tolist()
    right, bottom = min(right, picture.width), min(bottom, picture.height)
    if left >= right or top >= bottom:
        return
    fine = _FINE if max(right - left, bottom - top) <= _FINE_UP_TO_PX else 1
    layer = Image.new("RGBA", ((right - left) * fine, (bottom - top) * fine))
    pen = ImageDraw.Draw(layer)

    def place(point: np.ndarray) -> tuple[float, float]:
        return (point[0] - left) * fine, (point[1] - top) * fine

    thin = max(round(width_px * 0.4 * fine), 1)
    pen.rectangle((*place(box[:2]), *place(box[2:])), outline=(*BOX_COLOUR, 170), width=thin)
    for start, end, colour, share in sorted(lines, key=lambda line: -depth_m[[line[0], line[1]]].mean()):
        ends = (*place(points_px[start]), *place(points_px[end]))
        pen.line(ends, fill=(*colour, 255), width=max(round(width_px * share * fine), 1))
    if fine > 1:
        layer = layer.resize((right - left, bottom - top), Image.Resampling.BOX)
    region = picture.crop((left, top, right, bottom)).convert("RGBA")
    picture.paste(Image.alpha_composite(region, layer).convert("RGB"), (left, top))


def draw_answers(
    picture: np.ndarray, answers: Sequence[Answer], intrinsics: np.ndarray | None, drawing: str
) -> Image.Image:
    """A copy of a picture with the poses of the faces in it.

    Parameters
    ----------
    picture : array, shape (H, W, 3)
        uint8 RGB, upright.
    answers : sequence of Answer
        Faces in it.
    intrinsics : array, shape (3, 3), or None
        Of the picture; where rotations are against the crop's ray they are not needed.
    drawing : str
        Of `DRAWINGS`.
    """
    drawn = Image.fromarray(picture)
    for answer in answers:
        camera = intrinsics if answer.rotation_frame == CAMERA else None
        draw_pose(drawn, answer.rotmat, answer.box_xyxy, camera, drawing)
    return drawn

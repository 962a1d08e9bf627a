"""A picture of one head that shows how it was understood: where it looks, how large it is, where its points are."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.geometry.boxes import face_box_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.projection import project_points
from synhead_tools.heads.head import Head
from synhead_tools.rendering.backend import Backend, open_backend
from synhead_tools.rendering.background import composite_frame
from synhead_tools.rendering.preview import draw_axes
from synhead_tools.rendering.scene import Camera, studio_lighting

VIEWS = (
    ("front", (0.0, 0.0, 0.0)),
    ("half", (0.0, 40.0, 0.0)),
    ("profile", (0.0, 90.0, 0.0)),
    ("other profile", (0.0, -90.0, 0.0)),
)
"""Names of the views with their pitch, yaw and roll, biwi+."""

LEGEND = "red: to the subject's left, green: down, blue: out of the face, from midway between the eyes; box: face_box"

_DISTANCE_M = 1.5
_GREY = np.full(3, 150, np.uint8)
_INK, _BOX, _POINT68, _POINT5 = (20, 20, 20), (250, 220, 60), (255, 240, 120), (255, 255, 255)
_LINE_PX, _LONGEST_LINE = 16, 200
_TENTH_M = 0.1


def head_preview(head: Head, notes: list[str], size_px: int = 320) -> Image.Image:
    """Draw a head from the front, half turned and in both profiles, with axes, face box, landmarks and a scale.

    Parameters
    ----------
    head : Head
    notes : list of str
        Written below.
    size_px : int
        Width and height of one view.
    """
    camera = _camera(head, size_px)
    backend = open_backend()
    tiles = [_view(head, backend, camera, name, pose_deg) for name, pose_deg in VIEWS]
    backend.close()
    lines = [*_facts(head), LEGEND, *notes]
    sheet = Image.new("RGB", (size_px * len(tiles), size_px + _LINE_PX * len(lines) + 8), (255, 255, 255))
    for column, tile in enumerate(tiles):
        sheet.paste(tile, (column * size_px, 0))
    pen = ImageDraw.Draw(sheet)
    for row, line in enumerate(lines):
        pen.text((6, size_px + 4 + row * _LINE_PX), line[:_LONGEST_LINE], fill=_INK)
    return sheet


def _camera(head: Head, size_px: int) -> Camera:
    """A camera that sees the whole head, however it is turned about its vertical."""
    low, high = _extent_m(head)
    aside_m = max(float(np.linalg.norm(part.vertices_m[:, [0, 2]], axis=1).max()) for part in head.parts)
    aside_m = min(aside_m, _DISTANCE_M / 2)
    half_m = max(aside_m, (high[1] - low[1]) / 2) * 1.05
    focal_px = size_px / 2 / half_m * (_DISTANCE_M - aside_m)
    middle_px = size_px / 2 - focal_px * (low[1] + high[1]) / 2 / _DISTANCE_M
    return Camera(size_px, size_px, [[focal_px, 0, size_px / 2], [0, focal_px, middle_px], [0, 0, 1]])


def _view(head: Head, backend: Backend, camera: Camera, name: str, pose_deg: tuple[float, float, float]) -> Image.Image:
    rotmat, translation_m = rotmat_from_euler(pose_deg, "biwi+"), np.array([0.0, 0.0, _DISTANCE_M])
    frame = backend.render(head, rotmat, translation_m, camera, studio_lighting())
    tile = Image.fromarray(composite_frame(frame, _GREY))
    pen = ImageDraw.Draw(tile)
    pen.rectangle(tuple(face_box_xyxy(rotmat, translation_m, camera.intrinsics)), outline=_BOX)
    for points_m, colour, radius in ((head.landmarks68_m, _POINT68, 1), (head.points5_m, _POINT5, 2)):
        if points_m is not None:
            points_px, _ = project_points(points_m, rotmat, translation_m, camera.intrinsics)
            for x, y in points_px:
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=_INK)
    draw_axes(pen, rotmat, translation_m, camera.intrinsics)
    scale_px = _TENTH_M * camera.intrinsics[0, 0] / _DISTANCE_M
    bottom = camera.height_px - 8
    pen.line((8, bottom, 8 + scale_px, bottom), fill=_INK, width=2)
    pen.text((8, bottom - 14), "10 cm", fill=_INK)
    pen.text((6, 4), name, fill=_INK)
    return tile


def _extent_m(head: Head) -> tuple[np.ndarray, np.ndarray]:
    low = np.min([part.vertices_m.min(axis=0) for part in head.parts], axis=0)
    return low, np.max([part.vertices_m.max(axis=0) for part in head.parts], axis=0)


def _facts(head: Head) -> list[str]:
    low, high = _extent_m(head)
    width, height, depth = (high - low) * 100
    points = [name for name, rows in (("5", head.points5_m), ("68", head.landmarks68_m)) if rows is not None]
    landmarks = f"landmarks: {' and '.join(points)}" if points else "no landmarks"
    parts = ", ".join(f"{part.name} ({len(part.triangles)})" for part in head.parts)
    size = f"{width:.1f} x {height:.1f} x {depth:.1f} cm (width, height, depth)"
    return [f"{head.name}: {size}; {landmarks}; licence {head.licence}", f"parts (triangles): {parts}"]

"""Drawing what was found on a copy of the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.learning.detection.detections import Detections

BOX_COLOUR = (60, 220, 90)
MESH_COLOUR = (90, 190, 255)
LANDMARK_COLOUR = (255, 230, 60)
POINT_COLOURS = ((255, 60, 60), (70, 110, 255), (255, 255, 255), (255, 60, 230), (255, 150, 40))
"""Of the five points: the subject's right eye is red, the left one blue."""


def draw_detections(picture: np.ndarray, found: Detections, mesh: bool = True) -> Image.Image:
    """A copy of a picture (H, W, 3) uint8 with boxes, scores, points and, unless `mesh` is false, mesh vertices."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    landmarks = found.landmarks68
    for i in range(len(found)):
        side = float((found.boxes_xyxy[i, 2:] - found.boxes_xyxy[i, :2]).max())
        thick, dot = max(1, round(side / 80)), max(1.0, side / 60)
        if mesh and found.mesh is not None and landmarks is not None:
            draw.point([tuple(place) for place in found.mesh[i, :, :2].tolist()], fill=MESH_COLOUR)
            for x, y in landmarks[i, :, :2].tolist():
                draw.ellipse((x - dot / 2, y - dot / 2, x + dot / 2, y + dot / 2), fill=LANDMARK_COLOUR)
        draw.rectangle(found.boxes_xyxy[i].tolist(), outline=BOX_COLOUR, width=thick)
        draw.text(tuple(found.boxes_xyxy[i, :2] + thick), f"{found.scores[i]:.2f}", fill=BOX_COLOUR)
        for (x, y), colour in zip(found.points5[i].tolist(), POINT_COLOURS, strict=True):
            draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=colour)
    return image

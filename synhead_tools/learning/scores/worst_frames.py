"""A sheet of the frames an estimator does worst on, with true and predicted axes drawn."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.formats.sample import SampleSource, can_composite
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.pictures.crops import resample_crop, square_crop_xyxy
from synhead_tools.learning.prediction.pose_drawing import head_points_px
from synhead_tools.learning.scores.evaluation_report import EvaluationReport
from synhead_tools.learning.scores.metrics import pitch_yaw_roll_deg

PREDICTED, TRUE, GREY = ((235, 50, 45), (50, 205, 70), (60, 110, 255)), ((255, 255, 255),) * 3, (128, 128, 128)
"""Colours of the axes: subject's left, down, out of the face."""

_AXES_M = np.concatenate([np.zeros((1, 3)), 0.11 * np.diag([1.0, 1.0, -1.0])])
_MARGIN, _TILE_PX, _TEXT_PX, _FINE, _COLUMNS = 1.5, 200, 40, 2, 6


def worst_rows(report: EvaluationReport, count: int = 24, apart: int = 5) -> np.ndarray:
    """Rows with the largest geodesic error, worst first, none within `apart` rows of a worse one.

    Neighbours in a video look alike, and a sheet of one moment says little.
    """
    error = geodesic_distance_deg(report.predicted, report.true)
    free, rows = np.ones(len(error), bool), []
    for row in np.argsort(-error, kind="stable"):
        if free[row]:
            rows.append(int(row))
            free[max(row - apart, 0) : row + apart + 1] = False
        if len(rows) == count:
            break
    return np.array(rows)


def write_worst_frames(
    report: EvaluationReport, dataset: SampleSource, file: BinaryIO, title: str, convention: str = "biwi+"
) -> None:
    """Write a PNG: crops with the true axes in white and the predicted ones in colour (left, down, forward).

    Parameters
    ----------
    report : EvaluationReport
        With its rotations.
    dataset : SampleSource
        What was scored; needs ``image`` and ``face_box_xyxy``, and draws more exactly with ``intrinsics``.
    file : file
        Open for writing bytes.
    title : str
        Stands above.
    convention : str
        Of the angles that are written below each tile.
    """
    rows = worst_rows(report)
    error = geodesic_distance_deg(report.predicted, report.true)
    angles = [pitch_yaw_roll_deg(of, convention) for of in (report.true, report.predicted)]
    columns = min(_COLUMNS, len(rows))
    lines = -(-len(rows) // columns)
    sheet = Image.new("RGB", (columns * _TILE_PX, 24 + lines * (_TILE_PX + _TEXT_PX)), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    pen.text((6, 6), f"{title}: worst frames; white true, colours predicted; pitch yaw roll, degrees", fill=(0, 0, 0))
    for place, row in enumerate(rows):
        left, top = place % columns * _TILE_PX, 24 + place // columns * (_TILE_PX + _TEXT_PX)
        sheet.paste(_tile(report, dataset, row), (left, top))
        true, predicted = (" ".join(f"{angle:.0f}" for angle in of[row]) for of in angles)
        text = f"row {row}: {error[row]:.1f} off\ntrue {true} | said {predicted}"
        pen.multiline_text((left + 4, top + _TILE_PX + 2), text, fill=(0, 0, 0))
    sheet.save(file, "PNG")


def _tile(report: EvaluationReport, dataset: SampleSource, row: int) -> Image.Image:
    only = np.array([row])
    picture, box = dataset.read("image", only)[0], np.asarray(dataset.read("face_box_xyxy", only)[0], float)
    if can_composite(dataset):
        alpha = dataset.read("alpha", only)[0][..., None]
        picture = (picture + (255 - alpha.astype(np.uint16)) * GREY[0] // 255).clip(0, 255).astype(np.uint8)
    intrinsics = dataset.read("intrinsics", only)[0] if "intrinsics" in dataset.columns else None
    crop = square_crop_xyxy(box, _MARGIN)
    side = _TILE_PX * _FINE
    tile = Image.fromarray(resample_crop(picture, crop, side))
    pen = ImageDraw.Draw(tile)
    for rotmat, colours, width in ((report.true[row], TRUE, 4), (report.predicted[row], PREDICTED, 2)):
        points, depth = head_points_px(_AXES_M, rotmat, box, intrinsics)
        places = (points - crop[:2]) * side / (crop[2] - crop[0])
        for axis in sorted((1, 2, 3), key=lambda point: -depth[point]):
            pen.line((*places[0], *places[axis]), fill=colours[axis - 1], width=width * _FINE)
    return tile.resize((_TILE_PX, _TILE_PX), Image.Resampling.BOX)

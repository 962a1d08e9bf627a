"""Pictures of a dataset for people: a contact sheet with what the labels say drawn in, and histograms of the poses.

All that is drawn comes from the stored labels, not from the renderer: where the two disagree, it shows.
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.formats.row_checks import is_rotation
from synhead_tools.formats.sample import SampleSource, can_composite
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.looks import looks
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat
from synhead_tools.geometry.projection import project_points
from synhead_tools.rendering.background import composite

#: Length of a drawn axis, metres.
AXIS_M = 0.10
#: Head-frame ends of the drawn axes and their colours: subject's left red, down green, out of the face blue.
AXES = (
    ((AXIS_M, 0.0, 0.0), (230, 60, 50)),
    ((0.0, AXIS_M, 0.0), (60, 190, 70)),
    ((0.0, 0.0, -AXIS_M), (70, 110, 255)),
)
#: Colours of points outside the picture, hidden and visible.
POINT_COLOURS = ((128, 128, 128), (255, 150, 30), (255, 255, 255))
GREY = 140
_SMALLEST_TILE_PX, _LARGEST_TILE_PX = 128, 512
_FEW_SAMPLES = 500


def write_preview(
    source: SampleSource, path: str | os.PathLike, heads: int = 10, poses: int = 8, overwrite: bool = True
) -> None:
    """Write a contact sheet as PNG: a row for each head, samples spread evenly over its poses.

    Each tile is the stored picture, over grey unless it has a background of its own, with the head's axes (`AXES`) and
    its five points drawn from the stored rotation, position and camera.

    Parameters
    ----------
    source : SampleSource
        With ``image``, ``rotmat``, ``translation_m``, ``intrinsics``; ``alpha``, ``head_id`` and ``points5`` if any.
    path : path
    heads, poses : int
        Most rows and columns.
    overwrite : bool
    """
    rows_of_tiles = _choose_samples(source, heads, poses)
    sheet = contact_sheet(source, rows_of_tiles)
    atomic_write_bytes(path, _png(sheet), overwrite)


def contact_sheet(source: SampleSource, rows_of_tiles: list[np.ndarray]) -> Image.Image:
    """Draw a sheet of the given samples.

    Parameters
    ----------
    source : SampleSource
    rows_of_tiles : list of int arrays
        Sample numbers of each row of the sheet.

    Returns
    -------
    PIL.Image.Image
    """
    # row by row: the pictures may be large
    drawn = [[_draw_tile(values) for values in _read(source, row)] for row in rows_of_tiles]
    width, height = drawn[0][0].size
    sheet = Image.new("RGB", (width * max(map(len, drawn)), height * len(drawn)), (GREY,) * 3)
    for i, row in enumerate(drawn):
        for j, tile in enumerate(row):
            sheet.paste(tile, (j * width, i * height))
    return sheet


def _choose_samples(source: SampleSource, heads: int, poses: int) -> list[np.ndarray]:
    if "head_id" not in source.columns:
        return [_spread(np.arange(len(source)), poses)]
    identities = source.read("head_id")
    names = list(dict.fromkeys(identities.tolist()))
    chosen = [names[i] for i in _spread(np.arange(len(names)), heads)]
    return [_spread(np.flatnonzero(identities == name), poses) for name in chosen]


def _spread(items: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the items, evenly spread, each from the middle of its share."""
    count = min(count, len(items))
    return items[(np.arange(count) * 2 + 1) * len(items) // (2 * count)]


def _read(source: SampleSource, rows: np.ndarray) -> list[dict[str, Any]]:
    names = ("image", "alpha", "rotmat", "translation_m", "intrinsics", "points5", "points5_visibility")
    names = names if can_composite(source) else tuple(name for name in names if name != "alpha")
    columns = {name: source.read(name, rows) for name in names if name in source.columns}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(rows))]


def _draw_tile(values: dict[str, Any]) -> Image.Image:
    picture = values["image"]
    if "alpha" in values:
        picture = composite(picture, values["alpha"], np.full(3, GREY, np.uint8))
    tile = Image.fromarray(picture)
    scale = max(1, -(-_SMALLEST_TILE_PX // tile.width))
    if tile.width > _LARGEST_TILE_PX:
        scale = _LARGEST_TILE_PX / tile.width
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    tile = tile.resize((round(tile.width * scale), max(1, round(tile.height * scale))), how)
    pen = ImageDraw.Draw(tile)
    if {"rotmat", "translation_m", "intrinsics"} <= set(values):
        draw_axes(pen, values["rotmat"], values["translation_m"], values["intrinsics"], scale)
    if "points5" in values:
        seen = values.get("points5_visibility", np.full(5, 2))
        for (x, y), code in zip(values["points5"][:, :2] * scale, seen, strict=True):
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=POINT_COLOURS[code], outline=(0, 0, 0))
    return tile


def draw_axes(
    pen: ImageDraw.ImageDraw, rotmat: np.ndarray, translation_m: np.ndarray, intrinsics: np.ndarray, scale: float = 1
) -> None:
    """Draw a head's `AXES` from its origin.

    Parameters
    ----------
    pen : PIL.ImageDraw.ImageDraw
    rotmat, translation_m, intrinsics : arrays
        Shapes (3, 3), (3,), (3, 3); see `synhead_tools.geometry.projection`.
    scale : float
        Pixels of the drawing to one of the camera's.
    """
    ends = np.array([(0.0, 0.0, 0.0)] + [end for end, _ in AXES])
    points_px, depth_m = project_points(ends, rotmat, translation_m, intrinsics)
    if depth_m.min() <= 0:
        return
    origin, *ends_px = [tuple(point) for point in points_px * scale]
    # the axis that points farthest away is drawn first, so that nearer ones cross over it
    for i in np.argsort(-depth_m[1:]):
        pen.line((origin, ends_px[i]), fill=AXES[i][1], width=max(1, round(1.5 * scale)))


def write_stats(
    source: SampleSource,
    path: str | os.PathLike,
    overwrite: bool = True,
    convention: str | EulerConvention = "biwi+",
) -> None:
    """Write histograms of a convention's three angles, and of viewing directions, as PNG.

    Parameters
    ----------
    source : SampleSource
        With ``rotmat``; samples whose matrix is no rotation are left out.
    path : path
    overwrite : bool
    convention : str or EulerConvention
        In which the angles are stated.

    Raises
    ------
    LabelFormatError
        There are no rotations to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    convention = get_convention(convention)
    angles_deg = _angles_deg(source, convention)
    figure = Figure(figsize=(11, 2.8), dpi=100, layout="constrained")
    axes = figure.subplots(1, 4)
    for k, name in enumerate(convention.angles):
        low, high = np.floor(angles_deg[:, k].min() / 5) * 5, np.floor(angles_deg[:, k].max() / 5) * 5 + 5
        axes[k].hist(angles_deg[:, k], bins=np.arange(low, high + 2.5, 5.0), color="#4477aa")
        axes[k].set(xlabel=f"{name} (degrees, {convention.name})", ylabel="samples")
    thin = angles_deg[:: max(1, len(angles_deg) // 20000)]
    axes[3].plot(thin[:, 1], thin[:, 0], ".", markersize=4 if len(thin) < _FEW_SAMPLES else 1.5, color="#222222")
    axes[3].set(xlabel=convention.angles[1], ylabel=convention.angles[0])
    up_and_down, sideways = looks(convention)[:2]
    if up_and_down.face[1] > 0:
        axes[3].invert_yaxis()  # what looks down is drawn below, what looks to image left on the left
    if sideways.face[0] < 0:
        axes[3].invert_xaxis()
    figure.suptitle(f"{len(angles_deg)} samples")
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # without the version of matplotlib in it, equal data give equal bytes
    figure.savefig(buffer, format="png", metadata={"Software": None})
    atomic_write_bytes(path, buffer.getvalue(), overwrite)


def _angles_deg(source: SampleSource, convention: EulerConvention) -> np.ndarray:
    """Angles (N, 3) in degrees, in the order of the convention's names, of all samples whose matrix is a rotation."""
    if "rotmat" not in source.columns:
        raise LabelFormatError(
            f"no rotations to draw: the dataset has only {', '.join(source.columns) or 'no columns'}"
        )
    blocks = (source.read("rotmat", rows) for rows in _row_blocks(len(source)))
    good = [rotmat[is_rotation(rotmat)] for rotmat in blocks]
    parts = [angles_of_triples(euler_from_rotmat(rotmat, convention), convention) for rotmat in good if len(rotmat)]
    if not parts:
        raise LabelFormatError("no rotations to draw: no matrix of the dataset is one")
    return np.concatenate(parts)


def _row_blocks(count: int, rows: int = 1 << 15) -> list[np.ndarray]:
    return [np.arange(start, min(start + rows, count)) for start in range(0, count, rows)]


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()

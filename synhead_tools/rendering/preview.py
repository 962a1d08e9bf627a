"""Pictures of a dataset for people: a contact sheet with what the labels say drawn in, and histograms of the poses.

All that is drawn comes from the stored labels, not from the renderer: where the two disagree, it shows.
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import euler_from_rotmat
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
_SMALLEST_TILE_PX = 128


def write_preview(
    source: SampleSource, path: str | os.PathLike, heads: int = 10, poses: int = 8, overwrite: bool = True
) -> None:
    """Write a contact sheet as PNG: a row for each head, samples spread evenly over its poses.

    Each tile is the stored picture over grey with the head's axes (`AXES`) and its five points drawn from the stored
    rotation, position and camera.

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
    rows = np.concatenate(rows_of_tiles)
    tiles = iter(_draw_tile(values) for values in _read(source, rows))
    drawn = [[next(tiles) for _ in row] for row in rows_of_tiles]
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
    columns = {name: source.read(name, rows) for name in names if name in source.columns}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(rows))]


def _draw_tile(values: dict[str, Any]) -> Image.Image:
    picture = values["image"]
    if "alpha" in values:
        picture = composite(picture, values["alpha"], np.full(3, GREY, np.uint8))
    scale = max(1, -(-_SMALLEST_TILE_PX // picture.shape[1]))
    tile = Image.fromarray(picture)
    tile = tile.resize((tile.width * scale, tile.height * scale), Image.Resampling.NEAREST)
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


def write_stats(source: SampleSource, path: str | os.PathLike, overwrite: bool = True) -> None:
    """Write histograms of pitch, yaw and roll, and yaw over pitch, in the ``biwi+`` convention, as PNG.

    Parameters
    ----------
    source : SampleSource
        With ``rotmat``.
    path : path
    overwrite : bool
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    angles_deg = euler_from_rotmat(source.read("rotmat"), "biwi+")
    figure = Figure(figsize=(11, 2.8), dpi=100, layout="constrained")
    axes = figure.subplots(1, 4)
    for k, name in enumerate(("pitch", "yaw", "roll")):
        low, high = np.floor(angles_deg[:, k].min() / 5) * 5, np.floor(angles_deg[:, k].max() / 5) * 5 + 5
        axes[k].hist(angles_deg[:, k], bins=np.arange(low, high + 2.5, 5.0), color="#4477aa")
        axes[k].set(xlabel=f"{name} (degrees, biwi+)", ylabel="samples")
    thin = angles_deg[:: max(1, len(angles_deg) // 20000)]
    axes[3].plot(thin[:, 1], thin[:, 0], ".", markersize=1.5, color="#222222")
    axes[3].set(xlabel="yaw", ylabel="pitch")
    axes[3].invert_yaxis()  # pitch is positive downwards
    figure.suptitle(f"{len(angles_deg)} samples")
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # without the version of matplotlib in it, equal data give equal bytes
    figure.savefig(buffer, format="png", metadata={"Software": None})
    atomic_write_bytes(path, buffer.getvalue(), overwrite)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()

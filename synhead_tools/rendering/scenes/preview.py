"""Pictures of a dataset of scenes for people: a contact sheet with boxes, points and axes, and histograms."""

from __future__ import annotations

import io
import os

import numpy as np
from PIL import Image, ImageDraw

from synhead_tools.formats.atomic import atomic_write_bytes
from synhead_tools.formats.sample import SampleSource, can_composite
from synhead_tools.rendering.background import composite
from synhead_tools.rendering.preview import GREY, POINT_COLOURS, draw_axes

_TILE_PX = 480
_BOX = (255, 230, 60)
_AXES_FROM_PX = 40


def write_scene_preview(
    source: SampleSource, path: str | os.PathLike, columns: int = 3, rows: int = 3, overwrite: bool = True
) -> None:
    """Write a contact sheet of scenes spread evenly over the dataset, as PNG.

    Parameters
    ----------
    source : SampleSource
        A dataset of scenes.
    path : path
    columns, rows : int
        Most tiles across and down.
    overwrite : bool
    """
    count = min(columns * rows, len(source))
    chosen = (np.arange(count) * 2 + 1) * len(source) // (2 * count)
    tiles = [scene_tile(source, int(index)) for index in chosen]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (width * min(columns, count), height * -(-count // columns)), (GREY,) * 3)
    for k, tile in enumerate(tiles):
        sheet.paste(tile, (k % columns * width, k // columns * height))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    atomic_write_bytes(path, buffer.getvalue(), overwrite)


def scene_tile(source: SampleSource, index: int) -> Image.Image:
    """One scene with what its labels say drawn in: boxes, five points, and the axes of the larger heads."""
    picture = source.read("image", [index])[0]
    if can_composite(source):
        picture = composite(picture, source.read("alpha", [index])[0], np.full(3, GREY, np.uint8))
    tile = Image.fromarray(picture)
    scale = _TILE_PX / max(tile.size)
    tile = tile.resize([max(1, round(side * scale)) for side in tile.size], Image.Resampling.BOX)
    pen = ImageDraw.Draw(tile)
    names = ("box_xyxy", "points5", "points5_visibility", "rotmat", "translation_m")
    faces = {name: source.read(f"faces_{name}", [index])[0] for name in names}
    intrinsics = source.read("intrinsics", [index])[0]
    for k in reversed(range(int(source.read("faces_count", [index])[0]))):
        box = faces["box_xyxy"][k] * scale
        pen.rectangle([float(v) for v in box], outline=_BOX)
        if box[3] - box[1] >= _AXES_FROM_PX:
            draw_axes(pen, faces["rotmat"][k], faces["translation_m"][k], intrinsics, scale)
        for (x, y), code in zip(faces["points5"][k, :, :2] * scale, faces["points5_visibility"][k], strict=True):
            pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=POINT_COLOURS[code])
    return tile


def write_scene_stats(source: SampleSource, path: str | os.PathLike, overwrite: bool = True) -> None:
    """Write histograms of faces per scene, of their sizes, of how much of them is shown and of where they look."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = source.read("faces_count").astype(int)
    there = np.arange(source.read("faces_seed", [0]).shape[1]) < counts[:, None]
    boxes = source.read("faces_box_xyxy")[there]
    figure = Figure(figsize=(11, 2.8), dpi=100, layout="constrained")
    axes = figure.subplots(1, 4)
    axes[0].hist(counts, bins=np.arange(-0.5, there.shape[1] + 1), color="#4477aa")
    axes[0].set(xlabel="faces", ylabel="scenes")
    if len(boxes):
        sides = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3), axis=1))
        edges = np.geomspace(min(sides.min(), 8), sides.max() * 1.01, 25)
        axes[1].hist(sides, bins=edges, color="#4477aa")
        axes[1].set(xlabel="size of the box (px)", ylabel="faces", xscale="log")
        axes[2].hist(source.read("faces_shown_fraction")[there], bins=np.linspace(0, 1, 21), color="#4477aa")
        axes[2].set(xlabel="fraction shown", ylabel="faces")
        towards = -source.read("faces_rotmat")[there][:, :, 2]  # where faces look, camera frame
        axes[3].plot(towards[:, 0], towards[:, 1], ".", markersize=2, color="#222222")
        axes[3].set(xlabel="looks right", ylabel="looks down", xlim=(-1.05, 1.05), ylim=(1.05, -1.05))
    figure.suptitle(f"{len(counts)} scenes, {int(there.sum())} faces")
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    atomic_write_bytes(path, buffer.getvalue(), overwrite)

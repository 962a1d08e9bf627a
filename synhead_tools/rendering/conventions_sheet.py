"""A sheet that shows what the angles of a convention do: a head turned by each one alone, one row per angle."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.facts import facts
from synhead_tools.geometry.conventions.looks import looks, single_turn
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.background import composite_frame
from synhead_tools.rendering.preview import draw_axes
from synhead_tools.rendering.scene import Camera, studio_lighting

ANGLES_DEG = (-30.0, 0.0, 30.0)
"""What each angle is in the columns of the sheet."""

HEAD = "f01"
BOXES_PER_TILE = 1.3
POSITION_M = np.array([0.0, 0.0, 2.0])
GREY = np.full(3, 150, np.uint8)
PAPER, INK = (245, 245, 245), (20, 20, 20)
TEXT_PX, LINE_PX, MARGIN_PX = 13, 18, 6
HEADER_PX = 4 * LINE_PX + 2 * MARGIN_PX


def conventions_sheet(
    convention: str | EulerConvention, path: str | os.PathLike, tile_px: int = 224, overwrite: bool = False
) -> None:
    """Draw a bundled head turned by each angle of a convention alone, `ANGLES_DEG`, and write the sheet as PNG.

    Each head has its axes drawn in: the subject's left red, down green, out of the face blue. Above each row stands
    what a growing angle looks like. A convention without angles is drawn turned about the axes of its own frame.

    Parameters
    ----------
    convention : str or EulerConvention
        Name, spec string or value.
    path : path
        PNG to write.
    tile_px : int
        Width and height of one head's picture.
    overwrite : bool
        Replace a file that is already there.

    Raises
    ------
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    convention = get_convention(convention)
    if Path(path).exists() and not overwrite:
        raise OutputExistsError(f"{path} is already there; choose another place or give --overwrite")
    seen = looks(convention)
    bottom = tile_corner(len(seen), 0, tile_px)[1] - LINE_PX
    sheet = Image.new("RGB", (len(ANGLES_DEG) * tile_px, bottom), PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(_header(convention)):
        _write(pen, (MARGIN_PX, MARGIN_PX + number * LINE_PX), line)
    tiles = _tiles(convention, [look.angle for look in seen], tile_px)
    for row, look in enumerate(seen):
        _write(pen, (MARGIN_PX, tile_corner(row, 0, tile_px)[1] - LINE_PX), f"{look.angle} +: {look.words}")
        for column, angle_deg in enumerate(ANGLES_DEG):
            x, y = tile_corner(row, column, tile_px)
            sheet.paste(tiles[look.angle, angle_deg], (x, y))
            _write(pen, (x + MARGIN_PX, y + MARGIN_PX), f"{look.angle} {angle_deg:+g}" if angle_deg else "0")
    with atomic_file(path, overwrite) as file:
        sheet.save(file, "PNG")


def tile_corner(row: int, column: int, tile_px: int) -> tuple[int, int]:
    """Top-left corner (x, y) in px of a head's picture in the sheet: `row` of the angle, `column` of `ANGLES_DEG`."""
    return column * tile_px, HEADER_PX + row * (tile_px + LINE_PX) + LINE_PX


def _header(convention: EulerConvention) -> list[str]:
    told = facts(convention)
    written = f"written {', '.join(told['order'])} in {told['unit']}; intrinsic {told['intrinsic']}"
    return [
        f"{told['name']}: {told['composition'] or 'matrices only; turns about the axes of its frame'}",
        written if told["order"] else told["matrices"],
        "each turn alone, the others 0; frame: x right, y down, z forward"
        if told["order"]
        else f"each turn alone, the others 0; frame {told['frame']}",
        "axes drawn: red to the subject's left, green down, blue out of the face",
    ]


def _tiles(convention: EulerConvention, names: list[str], tile_px: int) -> dict[tuple[str, float], Image.Image]:
    """The head under each angle, by angle and degrees; the frontal one is rendered once."""
    focal_px = tile_px / BOXES_PER_TILE / FACE_BOX_SIDE_M * POSITION_M[2]
    camera = Camera(tile_px, tile_px, [[focal_px, 0, tile_px / 2], [0, focal_px, tile_px * 0.45], [0, 0, 1]])
    head, backend = load_head(HEAD), open_backend()

    def draw(rotmat: np.ndarray) -> Image.Image:
        frame = backend.render(bend_neck(head, rotmat), rotmat, POSITION_M, camera, studio_lighting())
        tile = Image.fromarray(composite_frame(frame, GREY))
        draw_axes(ImageDraw.Draw(tile), rotmat, POSITION_M, camera.intrinsics)
        return tile

    frontal = draw(np.eye(3))
    tiles = {
        (name, angle): draw(single_turn(convention, name, angle)) if angle else frontal
        for name in names
        for angle in ANGLES_DEG
    }
    backend.close()
    return tiles


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str) -> None:
    pen.text(place, text, fill=INK, font=ImageFont.load_default(TEXT_PX))

"""A contact sheet of heads: each in a few poses, without the clutter of labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.heads.library import load_head
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.backend import open_backend
from synhead_tools.rendering.background import composite_frame
from synhead_tools.rendering.scene import Camera, studio_lighting

POSES_BIWI_PLUS_DEG = ((0.0, 0.0, 0.0), (10.0, 40.0, 0.0), (-8.0, -70.0, 0.0))
"""Pitch, yaw, roll of the three poses of every head, if no others are asked for."""

BOXES_PER_TILE = 1.4
DISTANCE_M = 1.2
GREY = np.full(3, 150, np.uint8)


def heads_sheet(
    names: tuple[str, ...],
    path: str | os.PathLike,
    size_px: int = 256,
    columns: int = 2,
    overwrite: bool = False,
    poses_deg: tuple[tuple[float, float, float], ...] = POSES_BIWI_PLUS_DEG,
) -> None:
    """Draw each head in a few poses over grey and write the sheet as PNG.

    Parameters
    ----------
    names : tuple of str
        What `synhead_tools.heads.library.load_head` takes.
    path : path
        PNG to write.
    size_px : int
        Width and height of one tile.
    columns : int
        Heads side by side.
    overwrite : bool
        Replace a file that is already there.
    poses_deg : tuple of 3-tuples
        Pitch, yaw and roll of each pose, biwi+.

    Raises
    ------
    OutputExistsError
        `path` exists and `overwrite` is false.
    """
    if Path(path).exists() and not overwrite:
        raise OutputExistsError(f"{path} is already there; choose another place or give --overwrite")
    focal_px = size_px / BOXES_PER_TILE / FACE_BOX_SIDE_M * DISTANCE_M
    camera = Camera(size_px, size_px, [[focal_px, 0, size_px / 2], [0, focal_px, size_px * 0.47], [0, 0, 1]])
    backend, strips = open_backend(), []
    for name in names:
        head = load_head(name)
        tiles = []
        for pose in poses_deg:
            rotmat = rotmat_from_euler(pose, "biwi+")
            bent = bend_neck(head, rotmat)
            frame = backend.render(bent, rotmat, (0, 0, DISTANCE_M), camera, studio_lighting())
            tiles.append(composite_frame(frame, GREY))
        strips.append(np.concatenate(tiles, axis=1))
    backend.close()
    strips += [np.broadcast_to(GREY, strips[0].shape)] * (-len(strips) % columns)
    rows = [np.concatenate(strips[i : i + columns], axis=1) for i in range(0, len(strips), columns)]
    with atomic_file(path, overwrite) as file:
        Image.fromarray(np.concatenate(rows)).save(file, "PNG")

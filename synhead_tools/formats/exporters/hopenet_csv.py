"""The CSV that Hopenet's class ``Synhead`` reads, with its pictures.

A row, without a header, is ``path,x_min,y_min,x_max,y_max,yaw,pitch,roll``: face box in px as it is in the dataset,
angles in degrees. That reader (natanielruiz/deep-head-pose code/datasets.py) negates yaw, and what comes out of it is
the convention ``hopenet``; so what is written is the convention ``synhead``, its pitch, yaw and roll in another order.

The reader makes a picture's name with ``os.path.join(data_dir, path).strip('.jpg') + '.png'``. This takes every
leading and trailing ``.``, ``j``, ``p`` and ``g`` away, so the pictures are PNG files called by digits, and the column
says ``images/000000.jpg``, which is not there, for ``images/000000.png``, which is. For the same reason `data_dir` must
be an absolute path. A cell is a path that begins with ``images/`` or a plain number: no spreadsheet takes one for a
formula.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters.blocks import Progress, blocks, check_finite, no_progress, require_columns
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import euler_from_rotmat

FORMAT = "hopenet-csv"
CSV_NAME = "hopenet.csv"
CONVENTION = "synhead"
COLUMNS = ("image", "rotmat", "face_box_xyxy")
FILES = r"images/(\d{6,}\.png)?|hopenet\.csv"


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write ``hopenet.csv`` and ``images/NNNNNN.png``; see the module for the columns and their convention.

    Numbers are written so that they read back as the same float64 (angles) and float32 (boxes).

    Raises
    ------
    ExportError
        No image, rotation or face box; or JPEG is asked for, which the reader cannot open; or a value is not finite.
    OutputExistsError
        As `export_folder`.
    """
    require_columns(dataset, COLUMNS, FORMAT)
    pictures = pictures.settled("png")
    if pictures.format != "png":
        raise ExportError(f"{FORMAT} has PNG pictures only, its reader opens no others; leave out the picture format")
    facts = {"format": FORMAT, "frames": len(dataset), "convention": CONVENTION, **pictures.facts()}
    with export_folder(dataset, out, facts, FILES, overwrite) as folder:
        (folder / "images").mkdir()
        with (folder / CSV_NAME).open("w", encoding="ascii", newline="") as table:
            for names, block in blocks(dataset, COLUMNS, pictures, progress):
                check_finite(block["face_box_xyxy"], names, "face_box_xyxy")
                for name, image in zip(names, block["image"], strict=True):
                    (folder / "images" / f"{name}.png").write_bytes(pictures.encode(image))
                table.writelines(_rows(names, block["face_box_xyxy"], block["rotmat"]))
    return facts


def _rows(names: list[str], boxes: np.ndarray, rotmat: np.ndarray) -> list[str]:
    """CSV rows of n samples; boxes (n, 4) float32, rotations (n, 3, 3)."""
    pitch, yaw, roll = np.moveaxis(euler_from_rotmat(rotmat, CONVENTION) + 0.0, -1, 0)
    numbers = zip(boxes.tolist(), np.stack([yaw, pitch, roll], axis=-1).tolist(), strict=True)
    return [
        ",".join([f"images/{name}.jpg", *(_shortest(edge) for edge in box), *map(repr, angles)]) + "\n"
        for name, (box, angles) in zip(names, numbers, strict=True)
    ]


def _shortest(edge: float) -> str:
    """The shortest text that reads back as the same float32."""
    return np.format_float_positional(np.float32(edge), trim="-")

"""A folder of pictures with a CSV file of face boxes and nothing else: a target without labels.

    image,x1,y1,x2,y2

It is what ``synhead boxes`` writes; further columns are passed over.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.csv_folder import BOX_NAMES, first_cells, is_there, path_inside
from synhead_tools.formats.datasets.label_columns import PictureFiles
from synhead_tools.formats.pose_csv import ANGLE_NAMES
from synhead_tools.input_files import read_input

BOXES_NAME = "boxes.csv"
CSV_BYTES_LIMIT = 256 << 20
_TITLES = ("image", *BOX_NAMES)


class BoxCsv(PictureFiles):
    """Pictures of one size in a folder, with face boxes in a CSV file; one sample for each row.

    Columns: ``image``, ``face_box_xyxy`` (edges in px, (0, 0) the corner of the top-left pixel) and ``target_id``.
    There are no rotations, so that nothing can be scored on it.

    Parameters
    ----------
    root : path
        Folder the names in the column ``image`` are relative to.
    labels : path, optional
        The CSV file; ``boxes.csv`` in `root` if left out.

    Raises
    ------
    LabelFormatError
        The table cannot be read, or a picture is missing or outside of `root`; names the row.
    """

    def __init__(self, root: str | os.PathLike, labels: str | os.PathLike | None = None) -> None:
        root = Path(root)
        self.csv_path = Path(labels) if labels is not None else root / BOXES_NAME
        names, boxes, files = _read(self.csv_path, root)
        columns = {
            "face_box_xyxy": boxes,
            "target_id": np.array([name.encode("utf-8", "surrogateescape")[-64:] for name in names], "S64"),
        }
        super().__init__(root, columns, files)

    @classmethod
    def recognises_labels(cls, labels: Path) -> bool:
        """Whether `labels` is a CSV file whose first row names image and box edges, and no angles."""
        cells = {cell.lower().removesuffix("_deg") for cell in first_cells(labels)}
        return set(_TITLES) <= cells and not set(ANGLE_NAMES) & cells

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder with a ``boxes.csv``."""
        return (path / BOXES_NAME).is_file()

    def describe(self) -> dict[str, Any]:
        """Return what a record of training has to say about this dataset."""
        return {
            "dataset": self.path.name,
            "subset": f"{len(self)} boxes of {self.csv_path.name}",
            "convention": None,
            "calibrated": None,
            "crop": "box of the CSV file",
            "frames": len(self),
            "target_labels_used": False,
        }


def _read(path: Path, root: Path) -> tuple[list[str], np.ndarray, list[Path]]:
    """Names, boxes and files of all rows."""
    data = read_input(path, CSV_BYTES_LIMIT, LabelFormatError, "give a CSV file of face boxes")
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        titles = [title.strip().lower() for title in next(rows, [])]
        missing = [title for title in _TITLES if title not in titles]
        if missing:
            raise LabelFormatError(f"{path}: row 1: there is no column {missing[0]}; give {', '.join(_TITLES)}")
        places = [titles.index(title) for title in _TITLES]
        names, boxes, files = [], [], []
        for number, row in enumerate(rows, start=2):
            if not row:
                continue
            cells = [row[place].strip() if place < len(row) else "" for place in places]
            boxes.append(_box(cells[1:], number, path))
            file = path_inside(cells[0], root)
            if file is None or not is_there(file):
                raise LabelFormatError(f"{path}: row {number}: image {cells[0][:60]!r} is no file inside {root}")
            names.append(cells[0])
            files.append(file)
    except UnicodeDecodeError:
        raise LabelFormatError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise LabelFormatError(f"{path} is no CSV file ({error}); save it anew") from None
    if not names:
        raise LabelFormatError(f"{path} lists no boxes; give rows of {', '.join(_TITLES)}")
    return names, np.array(boxes, "f4"), files


def _box(texts: list[str], number: int, path: Path) -> list[float]:
    try:
        box = [float(text) for text in texts]
    except ValueError:
        box = [np.nan] * 4
    if not (np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3]):
        raise LabelFormatError(f"{path}: row {number}: box {', '.join(texts)[:60]} is not x1 < x2, y1 < y2 in px")
    return box

"""A folder of pictures with a CSV file: ``image,pitch,yaw,roll`` and, if wanted, a face box ``x1,y1,x2,y2``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.label_columns import PictureFiles
from synhead_tools.formats.pose_csv import ANGLE_NAMES, PoseTable, read_pose_csv
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.euler import rotmat_from_euler, triples_of_angles
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.input_files import open_input

BOX_NAMES = ("x1", "y1", "x2", "y2")
LABELS_NAME = "labels.csv"


class CsvFolder(PictureFiles):
    """Pictures of one size in a folder, with their poses in a CSV file.

    Columns: ``image``, ``rotmat``, ``quat_xyzw``, ``euler_deg``, ``target_id`` and, if the file has ``x1``, ``y1``,
    ``x2``, ``y2`` (edges in px, (0, 0) the corner of the top-left pixel), ``face_box_xyxy``.

    Parameters
    ----------
    root : path
        Folder the names in the column ``image`` are relative to.
    labels : path, optional
        The CSV file; ``labels.csv`` in `root` if left out.
    convention : str
        Euler convention of pitch, yaw and roll, in degrees. Must be given: a CSV file does not say it.

    Raises
    ------
    LabelFormatError
        No convention is given, the table cannot be read, or a picture is missing or outside
        of `root`; names row and picture.
    """

    def __init__(
        self, root: str | os.PathLike, labels: str | os.PathLike | None = None, convention: str | None = None
    ) -> None:
        root = Path(root)
        self.csv_path = Path(labels) if labels is not None else root / LABELS_NAME
        if convention is None:
            raise LabelFormatError(f"{self.csv_path} does not say what its angles mean; give their Euler convention")
        self.convention = get_convention(convention).name
        table = read_pose_csv(self.csv_path)
        names = table.column("image")
        files = [_file_of(name, row, root, self.csv_path) for row, name in enumerate(names, start=2)]
        rotmat = rotmat_from_euler(triples_of_angles(table.angles_deg, convention), convention)
        columns = {
            "rotmat": rotmat,
            "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
            "euler_deg": table.angles_deg[:, _written_order(convention)],
            "target_id": np.array([name.encode()[-64:] for name in names], "S64"),
        }
        boxes = _boxes(table, self.csv_path)
        if boxes is not None:
            columns["face_box_xyxy"] = boxes
        super().__init__(root, columns, files)

    needs_convention = True

    @classmethod
    def recognises_labels(cls, labels: Path) -> bool:
        """Whether `labels` is a CSV file whose first row names the columns image, pitch, yaw and roll."""
        cells = [cell.lower().removesuffix("_deg") for cell in first_cells(labels)]
        return {"image", *ANGLE_NAMES} <= set(cells)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder with a ``labels.csv``."""
        return (path / LABELS_NAME).is_file()

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {
            "dataset": self.path.name,
            "subset": f"{len(self)} pictures of {self.csv_path.name}",
            "convention": self.convention,
            "calibrated": None,  # nobody said so
            "crop": "box of the CSV file" if "face_box_xyxy" in self.columns else "whole picture",
            "frames": len(self),
            "target_labels_used": False,
        }


def path_inside(name: str, root: Path) -> Path | None:
    """Path of the picture `name` of a table, or None if it is no relative path that stays inside `root`."""
    if not name or "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    return root / name


def is_there(file: Path) -> bool:
    """Whether `file` is a file; a name no file can have is none."""
    try:
        return file.is_file()
    except OSError:  # too long a name
        return False


def first_cells(path: Path) -> list[str]:
    """Cells of the first row of a CSV file, stripped; none if `path` is no CSV file or its first row is no row."""
    from synhead_tools.formats.label_tables.csv_start import read_start

    if path.suffix.lower() != ".csv":
        return []
    try:
        with open_input(path, LabelFormatError, "give a CSV file") as file:
            return [cell.strip() for cell in read_start(file, path).cells]
    except (LabelFormatError, OSError):
        return []  # whoever reads the whole file says what is wrong


def _written_order(convention: str) -> list[int]:
    return [ANGLE_NAMES.index(name) for name in get_convention(convention).order]


def _file_of(name: str, row: int, root: Path, csv_path: Path) -> Path:
    file = path_inside(name, root)
    if file is None:
        raise LabelFormatError(f"{csv_path}: row {row}: image {name[:60]!r} must be a path inside {root}")
    if not is_there(file):
        raise LabelFormatError(f"{csv_path}: row {row}: image {file} is missing; restore it or drop the row")
    return file


def _boxes(table: PoseTable, csv_path: Path) -> np.ndarray | None:
    present = [name for name in BOX_NAMES if name in [title.lower() for title in table.header or ()]]
    if not present:
        return None
    if len(present) < 4:
        raise LabelFormatError(f"{csv_path}: row 1: only {', '.join(present)} of x1, y1, x2, y2; give all four or none")
    boxes = []
    for row, texts in enumerate(zip(*(table.column(name) for name in BOX_NAMES), strict=True), start=2):
        try:
            box = np.array(texts, "f4")
        except ValueError:
            box = np.full(4, np.nan, "f4")
        if not (np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3]):
            shown = ", ".join(texts)[:60]
            raise LabelFormatError(f"{csv_path}: row {row}: box {shown} is not x1 < x2, y1 < y2 in px")
        boxes.append(box)
    return np.array(boxes)

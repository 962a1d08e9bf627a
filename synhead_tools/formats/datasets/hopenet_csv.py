"""The CSV file that Hopenet's reader of SynHead pictures takes: no header, one picture per row.

    path,x_min,y_min,x_max,y_max,yaw,pitch,roll

Source: natanielruiz/deep-head-pose code/datasets.py, class ``Synhead``. That reader negates yaw, and what is left is in
Hopenet's convention; so the numbers *as written* are in our ``synhead``. It makes ``.png`` of the suffix with Python's
``strip(".jpg") + ".png"``, which takes every leading and trailing ``.``, ``j``, ``p`` and ``g`` off the whole path:
``img.jpg`` becomes ``im.png``. Here the picture is looked for as it is written, then with ``.png`` for its suffix.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.csv_folder import first_cells, is_there, path_inside
from synhead_tools.formats.datasets.label_columns import PictureFiles
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.input_files import read_input

NUMBER_NAMES = ("x_min", "y_min", "x_max", "y_max", "yaw", "pitch", "roll")
CSV_BYTES_LIMIT = 256 << 20
"""The 510,960 pictures of SynHead take a fifth of it."""

LARGEST_ANGLE_DEG = 360.0
_CSV_FILES_LOOKED_AT = 8


class HopenetCsv(PictureFiles):
    """Pictures of one size with boxes and poses in Hopenet's CSV file.

    Columns: ``image``, ``rotmat``, ``quat_xyzw``, ``euler_deg`` (convention hopenet: yaw, negated from the file, then
    pitch and roll), ``face_box_xyxy`` (as in the file; Hopenet's reader widens it at random) and ``target_id`` (the
    name as written).

    Parameters
    ----------
    path : path
        The CSV file, or the folder its names are relative to.
    labels : path, optional
        The CSV file, if `path` is a folder; the only file of this kind in the folder if left out. If `path` is the CSV
        file, its names are relative to its own folder.

    Attributes
    ----------
    csv_path : Path
        The CSV file.

    Raises
    ------
    LabelFormatError
        There is no such file, a row is malformed, or a picture is missing or outside of the folder; names the row.
    """

    def __init__(self, path: str | os.PathLike, labels: str | os.PathLike | None = None) -> None:
        path = Path(path)
        if path.is_dir():
            root, self.csv_path = path, Path(labels) if labels is not None else _only_csv(path)
        elif labels is None:
            root, self.csv_path = path.parent, path
        else:
            raise LabelFormatError(f"{path} is not a folder; give the folder of the pictures, or leave out {labels}")
        names, numbers, lines = _read_rows(self.csv_path)
        files = [_file_of(name, line, root, self.csv_path) for name, line in zip(names, lines, strict=True)]
        euler_deg = numbers[:, 4:] * [-1.0, 1.0, 1.0] + 0.0  # no -0.0
        rotmat = rotmat_from_euler(euler_deg, "hopenet")
        columns = {
            "rotmat": rotmat,
            "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
            "euler_deg": euler_deg,
            "face_box_xyxy": numbers[:, :4].astype("f4"),
            "target_id": np.array([name.encode()[-64:] for name in names], "S64"),
        }
        super().__init__(root, columns, files)
        self._names = names

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a CSV file whose first row is as above, or a folder with such a file."""
        return any(_is_hopenet_csv(file) for file in (_csv_files(path) if path.is_dir() else [path]))

    @classmethod
    def recognises_labels(cls, labels: Path) -> bool:
        """Whether `labels` is a CSV file whose first row is as above."""
        return _is_hopenet_csv(labels)

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {
            "dataset": self.path.resolve().name,
            "subset": f"{len(self)} pictures of {self.csv_path.name}",
            "convention": "hopenet",
            "calibrated": None,  # nobody said so
            "crop": "box of the CSV file, not widened",
            "frames": len(self),
            "target_labels_used": False,
        }

    def problems(self) -> list[str]:
        """One line for each kind of oddity: repeated names, names Hopenet's reader mangles, boxes outside."""
        found = []
        repeated = len(self._names) - len(set(self._names))
        if repeated:
            found.append(f"{repeated} rows repeat the picture of another row")
        mangled = [name for name in self._names if _name_in_hopenet(name) != str(Path(name).with_suffix(""))]
        if mangled:
            found.append(f"{len(mangled)} names lose letters in Hopenet's own reader ({mangled[0]} is the first)")
        try:
            height, width = self.read("image", [0]).shape[1:3]
        except LabelFormatError as error:
            return [*found, str(error)]
        left, top, right, bottom = self.read("face_box_xyxy").T
        outside = int(((left < 0) | (top < 0) | (right > width) | (bottom > height)).sum())
        if outside:
            found.append(f"{outside} face boxes reach beyond the picture")
        return found


def _is_hopenet_csv(path: Path) -> bool:
    cells = first_cells(path)
    return len(cells) == 1 + len(NUMBER_NAMES) and not _is_number(cells[0]) and all(map(_is_number, cells[1:]))


def _csv_files(folder: Path) -> list[Path]:
    """The first few CSV files in `folder`, which may hold a hundred thousand pictures beside them."""
    try:
        with os.scandir(folder) as entries:
            named = (entry.path for entry in entries if entry.name.lower().endswith(".csv"))
            return sorted(Path(name) for name in itertools.islice(named, _CSV_FILES_LOOKED_AT))
    except OSError:
        return []


def _only_csv(folder: Path) -> Path:
    found = [file for file in _csv_files(folder) if _is_hopenet_csv(file)]
    if len(found) != 1:
        listed = f": {', '.join(file.name for file in found)}" if found else ""
        raise LabelFormatError(f"{folder} holds {len(found)} CSV files of Hopenet's kind{listed}; say which as labels")
    return found[0]


def _read_rows(path: Path) -> tuple[list[str], np.ndarray, list[int]]:
    """Names, numbers (N, 7) and line numbers from 1, in the file's order."""
    data = read_input(path, CSV_BYTES_LIMIT, LabelFormatError, "give Hopenet's CSV file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise LabelFormatError(f"{path}: row {row}: not UTF-8 text; give a CSV file saved as UTF-8") from None
    names: list[str] = []
    numbers: list[list[float]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if not cells:
                continue
            names.append(cells[0])
            numbers.append(_numbers(cells, reader.line_num, path))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise LabelFormatError(f"{path}: row {reader.line_num}: {error}; mend the quotes or cells there") from None
    if not names:
        raise LabelFormatError(f"{path} is empty; expected rows of path, {', '.join(NUMBER_NAMES)}")
    return names, np.array(numbers), lines


def _numbers(cells: list[str], row: int, path: Path) -> list[float]:
    if len(cells) != 1 + len(NUMBER_NAMES):
        raise LabelFormatError(
            f"{path}: row {row}: {len(cells)} cells; expected path, {', '.join(NUMBER_NAMES)} and no header"
        )
    numbers = []
    for name, cell in zip(NUMBER_NAMES, cells[1:], strict=True):
        if not _is_number(cell):
            raise LabelFormatError(f"{path}: row {row}: {name} is {cell[:40]!r}; expected a number (and no header)")
        numbers.append(float(cell))
    left, top, right, bottom, *angles = numbers
    if not (left < right and top < bottom and max(map(abs, numbers[:4])) <= 1e6):  # also true for NaN
        box = ", ".join(cells[1:5])[:60]
        raise LabelFormatError(f"{path}: row {row}: box {box} is not x_min < x_max, y_min < y_max in px")
    for name, cell, angle in zip(NUMBER_NAMES[4:], cells[5:], angles, strict=True):
        if not abs(angle) <= LARGEST_ANGLE_DEG:
            raise LabelFormatError(f"{path}: row {row}: {name} is {cell[:40]!r}; expected degrees within +-360")
    return numbers


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # float() reads 1_0 as 10


def _file_of(name: str, row: int, root: Path, csv_path: Path) -> Path:
    file = path_inside(name, root)
    if file is None or not Path(name).name:
        raise LabelFormatError(f"{csv_path}: row {row}: picture {name[:60]!r} must be a path inside {root}")
    if is_there(file):
        return file
    for candidate in (file.with_suffix(".png"), file.with_name(file.name + ".png")):
        if is_there(candidate):
            return candidate
    raise LabelFormatError(f"{csv_path}: row {row}: picture {file} is missing, as .png too; restore it or drop the row")


def _name_in_hopenet(name: str) -> str:
    """What Hopenet's reader makes of a name, without ``.png``; what it does to the folder before it is left out."""
    return name.rstrip(".jpg")

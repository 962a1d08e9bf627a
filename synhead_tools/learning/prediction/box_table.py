"""Face boxes that a file lists by picture: CSV, JSON, JSON lines, or a Biwi+ ``.npz``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.input_files import read_input
from synhead_tools.learning.prediction.face_boxes import check_boxes

_EDGES = ("x1", "y1", "x2", "y2")
_LISTS = ("faces", "answers", "boxes", "pictures")
_IMAGE, _FRAME, _BOX = ("image", "file"), ("frame_number", "frame"), ("face_box_xyxy", "box_xyxy")
_BYTES_LIMIT = 1 << 30
_ADVICE = "give rows of image, x1, y1, x2, y2 in px"

_Row = tuple[str, int | None, tuple[float, float, float, float]]


class BoxTable:
    """Boxes by the names of pictures.

    A picture is meant by the longest of its path's endings that is listed: of ``/data/a/01/x.png`` that is
    ``01/x.png`` if the file lists it, else ``x.png``. Boxes of a numbered frame go before those of the whole video.

    Parameters
    ----------
    rows : iterable of (str, int or None, 4 float)
        Picture, number of the frame in a video, edges x1, y1, x2, y2 in px.
    name : str
        Of the file, for messages.
    """

    def __init__(self, rows: Iterable[_Row], name: str) -> None:
        self.description = f"the boxes of {name}"
        self._boxes: dict[tuple[tuple[str, ...], int | None], list[tuple[float, ...]]] = {}
        self._names: set[tuple[str, ...]] = set()
        for picture, frame_number, box in rows:
            parts = tuple(part for part in PurePosixPath(picture.replace("\\", "/")).parts if part not in ("/", "."))
            self._names.add(parts)
            self._boxes.setdefault((parts, frame_number), []).append(box)
        if not self._names:
            raise LabelFormatError(f"{name} lists no boxes; {_ADVICE}")

    def find(self, picture: np.ndarray, path: Path, frame_number: int | None) -> np.ndarray:
        """Boxes (n, 4) of a picture; none where it is not listed.

        Raises
        ------
        PictureError
            A box does not fit the picture.
        """
        parts = path.absolute().parts[1:]
        name = next((parts[start:] for start in range(len(parts)) if parts[start:] in self._names), None)
        if name is None:
            return np.empty((0, 4))
        boxes = self._boxes.get((name, frame_number), self._boxes.get((name, None), []))
        return check_boxes(np.array(boxes, float).reshape(-1, 4), picture.shape, path)


def read_box_table(path: str | os.PathLike) -> BoxTable:
    """Read boxes.

    Parameters
    ----------
    path : path
        ``.csv``: a header with ``image`` (or ``file``), ``x1``, ``y1``, ``x2``, ``y2`` and, for videos,
        ``frame_number`` (or ``frame``), among other columns. ``.json``: objects with the same names, or with
        ``face_box_xyxy`` (or ``box_xyxy``) for the four, in a list, which may stand under ``faces``, ``answers``,
        ``boxes`` or ``pictures``; an object may also be of a picture, and have a list ``faces`` of such; ``.jsonl``:
        one object per line. So what ``synhead predict`` and ``synhead detect`` write can be read. ``.npz``: Biwi+, with
        pictures called ``NN/frame_XXXXX_rgb.png``.

    Raises
    ------
    LabelFormatError
        The file cannot be read as such, or lists nothing; names the row.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return BoxTable(_biwi_plus_rows(path), path.name)
    if suffix in (".json", ".jsonl"):
        return BoxTable(_json_rows(path, suffix == ".jsonl"), path.name)
    if suffix == ".csv":
        return BoxTable(_csv_rows(path), path.name)
    raise LabelFormatError(f"{path} is no table of boxes by its name; give a .csv, .json, .jsonl or a Biwi+ .npz")


def _biwi_plus_rows(path: Path) -> Iterator[_Row]:
    from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels

    labels = BiwiPlusLabels(path)
    for name, box in zip(labels.read("target_id"), labels.read("face_box_xyxy").tolist(), strict=True):
        yield name.decode(), None, tuple(box)


def _csv_rows(path: Path) -> Iterator[_Row]:
    from synhead_tools.formats.label_tables.bad_labels import row_error
    from synhead_tools.formats.label_tables.csv_reader import CsvTable
    from synhead_tools.formats.label_tables.text_numbers import numbers_of_text

    with CsvTable(path) as table:
        titles = [title.strip().lower() for title in table.schema.names] if table.has_header else []
        image = next((name for name in _IMAGE if name in titles), "image")
        frame_number = next((name for name in _FRAME if name in titles), None)
        wrong = [name for name in (image, *_EDGES) if titles.count(name) != 1]
        if wrong:
            raise LabelFormatError(f"{path}: row 1: there must be one column {wrong[0]!r}; {_ADVICE}")
        for block in table.blocks():
            if block.bad_rows:
                raise row_error(table, min(block.bad_rows, key=lambda row: row.number))
            boxes = np.stack([numbers_of_text(block.batch.column(titles.index(name))) for name in _EDGES], axis=1)
            frames = [None] * len(boxes)
            if frame_number is not None:
                frames = block.batch.column(titles.index(frame_number)).to_pylist()
            images = block.batch.column(titles.index(image)).to_pylist()
            for number, image, frame, box in zip(block.numbers.tolist(), images, frames, boxes.tolist(), strict=True):
                yield _checked(image, frame, box, f"{path}: row {number}")


def _json_rows(path: Path, by_line: bool) -> Iterator[_Row]:
    text = read_input(path, _BYTES_LIMIT, LabelFormatError, _ADVICE).decode("utf-8-sig", "replace")
    try:
        found = [json.loads(line) for line in text.splitlines() if line.strip()] if by_line else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelFormatError(f"{path} is not valid JSON ({error}); {_ADVICE}") from None
    if isinstance(found, dict):
        found = next((found[name] for name in _LISTS if isinstance(found.get(name), list)), None)
    if not isinstance(found, list):
        raise LabelFormatError(f"{path} holds no list of boxes; {_ADVICE}")
    for number, item in enumerate(found):
        where = f"{path}: entry {number}"
        faces = item.get("faces", [item]) if isinstance(item, dict) else None
        if not isinstance(faces, list) or not all(isinstance(face, dict) for face in faces):
            raise LabelFormatError(f"{where} is no object; {_ADVICE}")
        for face in faces:
            box = _first(face, _BOX) or [face.get(name) for name in _EDGES]
            yield _checked(_first(item, _IMAGE), _first(item, _FRAME), box, where)


def _first(item: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((item[name] for name in names if name in item), None)


def _checked(image: Any, frame: Any, box: Any, where: str) -> _Row:
    if not isinstance(image, str) or not image.strip():
        raise LabelFormatError(f"{where}: image is {image!r:.40}; give the name of a picture")
    try:
        numbers = tuple(float(edge) for edge in box)
        frame_number = None if frame in (None, "") else int(frame)
    except (TypeError, ValueError, OverflowError):
        numbers, frame_number = (), None
    if len(numbers) != 4 or not (np.isfinite(numbers).all() and numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise LabelFormatError(f"{where}: box {str(box)[:60]} of {image[:40]!r} is not x1 < x2, y1 < y2 in px")
    return image.strip(), frame_number, numbers

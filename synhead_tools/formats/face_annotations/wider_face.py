"""WIDER FACE's ``wider_face_train_bbx_gt.txt`` and ``wider_face_val_bbx_gt.txt``.

    0--Parade/0_Parade_marchingband_1_849.jpg
    1
    449 330 122 149 0 0 0 0 0 0

The picture, the number of faces, and for each left, top, width, height, then blur, expression, illumination, invalid,
occlusion and pose. A picture without faces has the number 0 and one line of zeros. Source: readme.txt of the dataset
(S. Yang et al., CVPR 2016).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.face_annotations.annotations import (
    ANNOTATION_BYTES_LIMIT,
    FACES_LIMIT,
    LARGEST_PLACE_PX,
    PICTURES_LIMIT,
    AnnotatedPicture,
    FaceAnnotations,
    no_points,
    safe_name,
)
from synhead_tools.input_files import read_input

_INVALID = 7
_NUMBERS = (4, 10)
_PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def recognises(start: bytes) -> bool:
    """Whether a file begins with the name of a picture and a number of faces."""
    lines = start.decode("utf-8", "replace").splitlines()
    return len(lines) > 1 and lines[0].strip().lower().endswith(_PICTURE_ENDINGS) and lines[1].strip().isdigit()


def read_wider_face(path: str | os.PathLike) -> FaceAnnotations:
    """Read the file; faces that are marked invalid or have no area are ignored ones, those without area left out.

    Raises
    ------
    LabelFormatError
        A line is not what must stand there; names it.
    """
    path = Path(path)
    data = read_input(path, ANNOTATION_BYTES_LIMIT, LabelFormatError, "give WIDER FACE's bbx_gt.txt")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise LabelFormatError(f"{path} is not UTF-8 text; give WIDER FACE's bbx_gt.txt") from None
    pictures: list[AnnotatedPicture] = []
    at, faces = 0, 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        name = safe_name(lines[at].strip(), path, at + 1)
        count = _count(lines, at + 1, path)
        faces += count
        if len(pictures) >= PICTURES_LIMIT or faces > FACES_LIMIT:
            raise LabelFormatError(f"{path}: line {at + 1}: more than {PICTURES_LIMIT} pictures or {FACES_LIMIT} faces")
        rows = [_numbers(lines, at + 2 + k, path) for k in range(count)]
        at += 2 + count
        if count == 0 and at < len(lines) and set(lines[at].split()) == {"0"}:
            at += 1  # the line of zeros
        pictures.append(_picture(name, rows))
    if not pictures:
        raise LabelFormatError(f"{path} has no pictures; give WIDER FACE's bbx_gt.txt")
    return FaceAnnotations(path, tuple(pictures))


def _count(lines: list[str], at: int, path: Path) -> int:
    text = lines[at].strip() if at < len(lines) else "the end of the file"
    if not (text.isascii() and text.isdigit()) or len(text) > 8:
        raise LabelFormatError(f"{path}: line {at + 1}: {text!r:.60} where the number of faces should be; mend it")
    count = int(text)
    if count > len(lines) - at - 1:
        raise LabelFormatError(
            f"{path}: line {at + 1}: {count} faces announced, {len(lines) - at - 1} lines left; fetch the file anew"
        )
    return count


def _numbers(lines: list[str], at: int, path: Path) -> list[float]:
    parts = lines[at].split()
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in _NUMBERS or not all(abs(value) <= LARGEST_PLACE_PX for value in values):
        raise LabelFormatError(
            f"{path}: line {at + 1}: {lines[at].strip()!r:.80} is no face; left, top, width, height and six marks "
            "should stand there"
        )
    return values


def _picture(name: str, rows: list[list[float]]) -> AnnotatedPicture:
    kept = [row for row in rows if row[2] > 0 and row[3] > 0]
    box = np.array([row[:4] for row in kept], np.float64).reshape(-1, 4)
    edges = np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)
    invalid = np.array([len(row) > _INVALID and row[_INVALID] != 0 for row in kept], bool)
    return AnnotatedPicture(name, edges.astype(np.float32), invalid, no_points(len(kept)))

"""The XML of dlib's imglab, in which iBUG's 300-W landmarks are often handed on.

    <dataset><images>
      <image file='afw/1051618982_1.jpg'>
        <box top='178' left='139' width='322' height='322' ignore='1'>
          <part name='00' x='142' y='250'/> ...

Numbers of pixels count from 0, so that the centre of pixel 142 is 142.5 in our coordinates; a box covers its pixels.
The 68 parts are in iBUG order. The five points follow from them: eyes are the means of their six points, not pupils.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.parsers import expat

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

LANDMARKS = 68
_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP, _MOUTH = slice(36, 42), slice(42, 48), 30, (48, 54)


def recognises(start: bytes) -> bool:
    """Whether a file begins as XML."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<dataset"))


def read_landmark_xml(path: str | os.PathLike) -> FaceAnnotations:
    """Read the file.

    Raises
    ------
    LabelFormatError
        It is no such XML, declares entities, or a number is none; names the line.
    """
    path = Path(path)
    data = read_input(path, ANNOTATION_BYTES_LIMIT, LabelFormatError, "give an XML file of dlib's imglab")
    reader = _Reader(path)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise LabelFormatError(f"{path}: line {error.lineno}: not XML ({expat.ErrorString(error.code)})") from None
    if not reader.pictures:
        raise LabelFormatError(f"{path} has no <image>; give an XML file of dlib's imglab")
    return FaceAnnotations(path, tuple(reader.pictures))


class _Reader:
    """What the parser tells, gathered."""

    def __init__(self, path: Path) -> None:
        self._path, self.pictures = path, []
        self._name: str | None = None
        self._boxes: list[list[float]] = []
        self._ignored: list[bool] = []
        self._parts: list[np.ndarray] = []
        self._faces, self._in_box = 0, False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.EntityDeclHandler = self._refuse_entity

    def _fail(self, what: str) -> LabelFormatError:
        return LabelFormatError(f"{self._path}: line {self.parser.CurrentLineNumber}: {what}")

    def _refuse_entity(self, *_: Any) -> None:
        raise self._fail("declares an entity, which no landmark file needs; remove it")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "image":
            name = safe_name(attributes.get("file", ""), self._path, self.parser.CurrentLineNumber)
            self._name, self._boxes, self._ignored, self._parts = name, [], [], []
            if len(self.pictures) >= PICTURES_LIMIT:
                raise self._fail(f"more than {PICTURES_LIMIT} pictures")
        elif tag == "box" and self._name is not None:
            self._faces += 1
            if self._faces > FACES_LIMIT:
                raise self._fail(f"more than {FACES_LIMIT} faces")
            left, top, width, height = (self._number(attributes, key) for key in ("left", "top", "width", "height"))
            if width <= 0 or height <= 0:
                raise self._fail(f"a box of {width:g} x {height:g} px; remove it")
            self._boxes.append([left, top, left + width, top + height])
            self._ignored.append(attributes.get("ignore", "0") not in ("0", ""))
            self._parts.append(np.full((LANDMARKS, 2), np.nan, np.float32))
            self._in_box = True
        elif tag == "part" and self._in_box:
            number = attributes.get("name", "")
            if number.isascii() and number.isdigit() and int(number[:9]) < LANDMARKS:
                place = [self._number(attributes, "x") + 0.5, self._number(attributes, "y") + 0.5]
                self._parts[-1][int(number)] = place

    def _end(self, tag: str) -> None:
        if tag == "box":
            self._in_box = False
        if tag == "image" and self._name is not None:
            count = len(self._boxes)
            landmarks = np.array(self._parts, np.float32).reshape(count, LANDMARKS, 2)
            boxes = np.array(self._boxes, np.float32).reshape(count, 4)
            picture = AnnotatedPicture(self._name, boxes, np.array(self._ignored, bool), _five_of(landmarks), landmarks)
            self.pictures.append(picture)
            self._name = None

    def _number(self, attributes: dict[str, str], key: str) -> float:
        try:
            value = float(attributes[key])
        except (KeyError, ValueError):
            value = np.nan
        if not abs(value) <= LARGEST_PLACE_PX:
            raise self._fail(f"{key} = {attributes.get(key)!r:.40} is no number of pixels; mend it")
        return value


def _five_of(landmarks: np.ndarray) -> np.ndarray:
    points = no_points(len(landmarks))
    if len(landmarks):
        points[:, 0], points[:, 1] = landmarks[:, _RIGHT_EYE].mean(axis=1), landmarks[:, _LEFT_EYE].mean(axis=1)
        points[:, 2] = landmarks[:, _NOSE_TIP]
        points[:, 3:] = landmarks[:, list(_MOUTH)]
    return points

"""Read annotated faces in whatever known format a file is."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.face_annotations import FACE_ANNOTATIONS
from synhead_tools.formats.face_annotations.annotations import FaceAnnotations
from synhead_tools.input_files import open_input

_START_BYTES = 4096


def read_face_annotations(path: str | os.PathLike) -> FaceAnnotations:
    """Read annotated faces.

    Raises
    ------
    LabelFormatError
        The file is missing or of no known format, or what its reader says of it.
    """
    path = Path(path)
    with open_input(path, LabelFormatError, "give a file of face annotations") as file:
        start = file.read(_START_BYTES)
    for name in FACE_ANNOTATIONS:
        module = import_module(FACE_ANNOTATIONS[name].partition(":")[0])
        if module.recognises(start):
            return FACE_ANNOTATIONS.load(name)(path)
    raise LabelFormatError(f"{path} is of no known format of face annotations: {', '.join(FACE_ANNOTATIONS)}")

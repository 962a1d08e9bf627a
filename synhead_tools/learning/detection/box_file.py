"""Square face boxes as a CSV file: ``image,x1,y1,x2,y2,score``."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import BinaryIO

from synhead_tools.learning.detection.biwi_boxes import biwi_boxes
from synhead_tools.learning.detection.detection_files import FoundIn

TITLES = ("image", "x1", "y1", "x2", "y2", "score")


class BoxFile:
    """Writes boxes in the manner of Biwi+ as faces come; takes the place of a `DetectionFile`.

    Parameters
    ----------
    file : binary file
    folder : path
        Names of pictures are written relative to it where they are in it.
    every_face : bool
        All faces of a picture; else the surest.
    """

    def __init__(self, file: BinaryIO, folder: str | os.PathLike, every_face: bool = False) -> None:
        self._file, self._folder, self._every = file, Path(folder), every_face
        self.missed: list[str] = []
        self._row(TITLES)

    def add(self, found: FoundIn) -> None:
        """Write the boxes of one picture."""
        name = Path(found.file)
        name = name.relative_to(self._folder) if name.is_relative_to(self._folder) else name
        if not len(found.detections):
            self.missed.append(str(name))
        count = len(found.detections) if self._every else 1
        for box, score in zip(biwi_boxes(found.detections)[:count], found.detections.scores, strict=False):
            self._row((str(name), *(f"{edge:.2f}" for edge in box), f"{score:.4f}"))

    def finish(self) -> None:
        """Nothing is left to write."""

    def _row(self, values: tuple[str, ...]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(values)
        self._file.write(text.getvalue().encode("utf-8", "surrogateescape"))

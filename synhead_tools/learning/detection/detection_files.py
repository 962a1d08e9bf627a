"""What was found, as files: CSV with one row per face, JSON and JSON lines with one entry per picture."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np

from synhead_tools.errors import PictureError
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.learning.detection.detections import POINT_NAMES, Detections
from synhead_tools.learning.prediction.answer_files import plain_name

SUFFIXES = (".csv", ".json", ".jsonl")
CAMERA, FACE_RAY = "camera", "face ray"
"""What a rotation is against: the camera frame, or the ray to the middle of the face (docs/design.md)."""

_CSV_TITLES = (
    "image", "frame_number", "time_s", "face", "score", "x1", "y1", "x2", "y2",
    *(f"{name}_{axis}" for name in POINT_NAMES for axis in "xy"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FoundIn:
    """What was found in one picture or frame.

    Attributes
    ----------
    file : str
        As it was given.
    frame, time_s : int or None, float or None
        Of a video.
    width_px, height_px : int
        Of the picture.
    detections : Detections
    intrinsics : (3, 3) array or None
        Camera matrix, where it is known.
    """

    file: str
    frame: int | None
    time_s: float | None
    width_px: int
    height_px: int
    detections: Detections
    intrinsics: np.ndarray | None = None


class DetectionFile:
    """Writes entries as they come; nothing at all before the first of them.

    Parameters
    ----------
    file : binary file
    suffix : str
        One of `SUFFIXES`.
    convention : str
        Euler convention of the angles.
    with_mesh : bool
        Whether JSON also holds all vertices of the meshes.
    facts : dict
        What was asked: stands first in JSON.
    """

    def __init__(
        self, file: BinaryIO, suffix: str, convention: str = "biwi+", with_mesh: bool = False,
        facts: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._file, self._suffix, self._mesh, self._entries = file, suffix, with_mesh, 0
        self._euler = get_convention(convention)
        self._euler.require_angles()
        self._angles = [f"{name}_{self._euler.name}_{self._euler.unit}" for name in self._euler.order]
        self._facts, self._begun = {**(facts or {}), "convention": self._euler.name}, False

    def add(self, found: FoundIn) -> None:
        """Write what was found in one picture."""
        faces = self._faces(found)
        self._begin()
        if self._suffix == ".csv":
            for number, face in enumerate(faces):
                self._row(self._csv_row(found, number, face))
            return
        entry = {"image": found.file, "width_px": found.width_px, "height_px": found.height_px}
        if found.frame is not None:
            entry |= {"frame_number": found.frame, "time_s": found.time_s}
        text = json.dumps({**entry, "faces": faces})
        before = (",\n" if self._entries else "\n") if self._suffix == ".json" else ""
        self._file.write((before + text + ("" if self._suffix == ".json" else "\n")).encode())
        self._entries += 1

    def finish(self) -> None:
        """Write the end."""
        self._begin()
        if self._suffix == ".json":
            self._file.write(b"\n]}\n")

    def _begin(self) -> None:
        if not self._begun and self._suffix == ".csv":
            self._row([*_CSV_TITLES, *self._angles, "rotation_frame"])
        elif not self._begun and self._suffix == ".json":
            self._file.write(f'{json.dumps(self._facts)[:-1]}, "pictures": ['.encode())
        self._begun = True

    def _faces(self, found: FoundIn) -> list[dict[str, Any]]:
        faces = found.detections.records()
        rotmat = found.detections.rotmat(found.intrinsics)
        for i, face in enumerate(faces):
            if rotmat is not None:
                face["rotation_frame"] = FACE_RAY if found.intrinsics is None else CAMERA
                face["rotmat"] = rotmat[i].tolist()
                angles = np.asarray(euler_from_rotmat(rotmat[i], self._euler)).tolist()
                face["euler"] = dict(zip(self._angles, angles, strict=True))
            if self._mesh and found.detections.mesh is not None:
                face["mesh"] = np.round(found.detections.mesh[i], 3).tolist()
        return faces

    def _csv_row(self, found: FoundIn, number: int, face: dict[str, Any]) -> list[Any]:
        points = [f"{value:.3f}" for name in POINT_NAMES for value in face["points"][name]]
        angles = [f"{value:.4f}" for value in face["euler"].values()] if "euler" in face else [""] * len(self._angles)
        place = ["" if found.frame is None else found.frame, "" if found.time_s is None else f"{found.time_s:.6f}"]
        box = [f"{value:.3f}" for value in face["box_xyxy"]]
        told = [plain_name(found.file), *place, number, f"{face['score']:.5f}", *box, *points]
        return [*told, *angles, face.get("rotation_frame", "")]

    def _row(self, values: list[Any]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(values)
        self._file.write(text.getvalue().encode("utf-8", "backslashreplace"))


def suffix_of(name: str) -> str:
    """The kind of file that a name asks for.

    Raises
    ------
    PictureError
        It is none of those that are written.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise PictureError(f"{name} does not say what to write; end its name with {', '.join(SUFFIXES)}")
    return suffix

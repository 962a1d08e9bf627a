"""What is answered for each face, and the numbers that are written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import PictureError
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat
from synhead_tools.geometry.rotation_labels import KINDS

CAMERA, CROP_RAY = "camera", "crop ray"
"""What a rotation is against: the camera frame, or the ray through the middle of the crop (docs/design.md)."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The rotation of one head.

    Attributes
    ----------
    image : str
        The file, as it was given.
    frame_number, time_s : int, float, or None
        Of a video.
    face : int
        Number of the face in its picture, from 0.
    box_xyxy : array, shape (4,)
        Face box, px of the upright picture.
    rotmat : array, shape (3, 3)
        R_head_to_camera, or against the ray.
    rotation_frame : str
        `CAMERA` or `CROP_RAY`: which of the two.
    """

    image: str
    frame_number: int | None
    time_s: float | None
    face: int
    box_xyxy: np.ndarray
    rotmat: np.ndarray
    rotation_frame: str


@dataclass(frozen=True)
class AnswerStyle:
    """How rotations are written.

    Attributes
    ----------
    conventions : tuple of str
        Euler conventions, each written whole.
    kinds : tuple of str
        Of `synhead_tools.geometry.rotation_labels.KINDS`; quaternions and matrices are those of R itself, whatever
        the conventions.
    with_frames : bool
        Whether there are frame numbers and times.

    Raises
    ------
    PictureError, UnknownNameError, ConventionError
        There is no such kind or convention, or it has no angles.
    """

    conventions: tuple[str, ...] = ("biwi+",)
    kinds: tuple[str, ...] = ("euler", "quat_xyzw")
    with_frames: bool = False

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise PictureError(f"{kind!r} is no kind of rotation label; known: {', '.join(KINDS)}")
        if "euler" in self.kinds:
            for convention in self.eulers:
                convention.require_angles()

    @property
    def eulers(self) -> tuple[EulerConvention, ...]:
        """The conventions themselves, each once."""
        return tuple(get_convention(name) for name in dict.fromkeys(self.conventions))

    @property
    def titles(self) -> list[str]:
        """Columns of a table; those of angles name convention and unit, as in ``yaw_biwi+_deg``."""
        titles = ["image", *(("frame_number", "time_s") if self.with_frames else ()), "face", "x1", "y1", "x2", "y2"]
        titles.append("rotation_frame")
        if "euler" in self.kinds:
            titles += [f"{name}_{euler.name}_{euler.unit}" for euler in self.eulers for name in euler.order]
        titles += ["qx", "qy", "qz", "qw"] if "quat_xyzw" in self.kinds else []
        titles += [f"r{row}{column}" for row in range(3) for column in range(3)] if "rotmat" in self.kinds else []
        return titles

    def rows(self, answers: Sequence[Answer]) -> list[list[str]]:
        """Cells of a table, as text."""
        numbers = self._numbers(answers)
        rows = []
        for place, answer in enumerate(answers):
            cells = [answer.image]
            if self.with_frames:
                cells += ["", ""] if answer.frame_number is None else [str(answer.frame_number), f"{answer.time_s:.6f}"]
            cells += [str(answer.face), *(_text(edge, 2) for edge in answer.box_xyxy.tolist()), answer.rotation_frame]
            for euler in self.eulers if "euler" in self.kinds else ():
                cells += [_text(angle, _digits(euler)) for angle in numbers[euler.name][place]]
            cells += [_text(part, 7) for part in numbers.get("quat_xyzw", [()] * len(answers))[place]]
            cells += [_text(part, 7) for part in sum(numbers.get("rotmat", [()] * len(answers))[place], [])]
            rows.append(cells)
        return rows

    def documents(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        """The same as objects for JSON."""
        numbers = self._numbers(answers)
        documents = []
        for place, answer in enumerate(answers):
            told: dict[str, Any] = {"image": answer.image}
            if answer.frame_number is not None:
                told |= {"frame_number": answer.frame_number, "time_s": round(answer.time_s, 6)}
            told |= {"face": answer.face, "face_box_xyxy": _rounded(answer.box_xyxy.tolist(), 2)}
            told["rotation_frame"] = answer.rotation_frame
            for euler in self.eulers if "euler" in self.kinds else ():
                triple = _rounded(numbers[euler.name][place], _digits(euler))
                angles = {f"{name}_{euler.unit}": angle for name, angle in zip(euler.order, triple, strict=True)}
                told.setdefault("euler", {})[euler.name] = angles
            for kind in ("quat_xyzw", "rotmat"):
                if kind in numbers:
                    told[kind] = _rounded(numbers[kind][place], 7)
            documents.append(told)
        return documents

    def _numbers(self, answers: Sequence[Answer]) -> dict[str, list]:
        """Nested lists of numbers of all answers, by convention and kind."""
        rotmat = np.stack([answer.rotmat for answer in answers])
        numbers: dict[str, list] = {}
        if "euler" in self.kinds:
            numbers |= {euler.name: euler_from_rotmat(rotmat, euler).tolist() for euler in self.eulers}
        if "quat_xyzw" in self.kinds:
            numbers["quat_xyzw"] = quat_xyzw_from_rotmat(rotmat).tolist()
        if "rotmat" in self.kinds:
            numbers["rotmat"] = rotmat.tolist()
        return numbers


def _digits(euler: EulerConvention) -> int:
    """Behind the point: no network is as exact as that."""
    return 4 if euler.unit == "deg" else 6


def _text(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _rounded(value: Any, digits: int) -> Any:
    return [_rounded(part, digits) for part in value] if isinstance(value, list) else round(value, digits) + 0.0

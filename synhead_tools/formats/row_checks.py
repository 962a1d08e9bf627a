"""What may be wrong with a sample on its own: each check says, for a block of rows, which ones are and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from synhead_tools.formats.sample import HIDDEN, ROTATION_TOLERANCE, VISIBLE
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.quaternions import rotmat_from_quat_xyzw

Block = Mapping[str, np.ndarray]
Complaint = tuple[str, str, np.ndarray]
"""Column, what is wrong, and for which rows of the block."""

SAME_DEG = 0.01
"""Two forms of one rotation may lie so far apart: what is left of angles written with four digits."""

POINTS = ("points5", "landmarks68")


@dataclass(frozen=True)
class Surroundings:
    """What the checks must know of the dataset.

    Attributes
    ----------
    convention : EulerConvention or None
        Of ``euler_deg``, if the dataset states one that has angles.
    picture_size : tuple of 2 int, or None
        Height and width in px, if there are pictures.
    """

    convention: EulerConvention | None = None
    picture_size: tuple[int, int] | None = None


def check_rows(block: Block, around: Surroundings) -> Iterator[Complaint]:
    """All complaints about a block of label columns, those without a row among them."""
    yield from _numbers(block)
    yield from _rotations(block, around)
    yield from _boxes(block, around)
    yield from _points(block, around)
    yield from _cameras(block)


def is_rotation(rotmat: np.ndarray) -> np.ndarray:
    """Which of the matrices (N, 3, 3) are rotations, to the schema's tolerance: bool, shape (N,)."""
    finite, orthonormal, mirrored = _kinds(rotmat)
    return finite & orthonormal & ~mirrored


def _kinds(rotmat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    finite = np.isfinite(rotmat).all(axis=(1, 2))
    # 2 is far from orthonormal and its products do not overflow
    safe = np.where(finite[:, None, None], np.clip(rotmat, -2.0, 2.0), 0.0)
    residual = np.abs(safe @ np.swapaxes(safe, 1, 2) - np.eye(3)).max(axis=(1, 2), initial=0.0)
    return finite, residual <= ROTATION_TOLERANCE, np.linalg.det(safe) < 0


def _numbers(block: Block) -> Iterator[Complaint]:
    for name, values in block.items():
        if values.dtype.kind != "f":
            continue
        known = values[..., :2] if name in POINTS else values  # NaN is how a depth that nobody knows is written
        yield name, "NaN or infinite", ~np.isfinite(known).reshape(len(values), -1).all(axis=1)


def _rotations(block: Block, around: Surroundings) -> Iterator[Complaint]:
    rotmat = block.get("rotmat")
    if rotmat is not None:
        finite, orthonormal, mirrored = _kinds(rotmat)
        yield "rotmat", "not orthonormal, so no rotation", finite & ~orthonormal
        yield "rotmat", "mirrored (determinant -1), so no rotation", finite & orthonormal & mirrored
    if "quat_xyzw" in block:
        yield from _quaternions(block["quat_xyzw"], rotmat)
    if "euler_deg" in block and rotmat is not None and around.convention is not None:
        yield from _angles(block["euler_deg"], rotmat, around.convention)


def _quaternions(quat: np.ndarray, rotmat: np.ndarray | None) -> Iterator[Complaint]:
    finite = np.isfinite(quat).all(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        unit = np.abs(np.linalg.norm(quat, axis=1) - 1) <= ROTATION_TOLERANCE
    yield "quat_xyzw", "not of length 1", finite & ~unit
    if rotmat is None:
        return
    usable = finite & unit & is_rotation(rotmat)
    safe = np.where(usable[:, None], quat, (0.0, 0.0, 0.0, 1.0))
    stated = rotmat_from_quat_xyzw(safe)
    readings = {
        "agrees with rotmat only when read as w, x, y, z": rotmat_from_quat_xyzw(safe[:, [1, 2, 3, 0]]),
        "agrees with rotmat only when inverted": np.swapaxes(stated, 1, 2),
    }
    yield from _disagreements("quat_xyzw", "another rotation than rotmat", stated, readings, rotmat, usable)


def _angles(euler_deg: np.ndarray, rotmat: np.ndarray, convention: EulerConvention) -> Iterator[Complaint]:
    usable = np.isfinite(euler_deg).all(axis=1) & is_rotation(rotmat)
    safe = np.where(usable[:, None], euler_deg, 0.0)

    def read(numbers_deg: np.ndarray) -> np.ndarray:
        return rotmat_from_euler(np.radians(numbers_deg) if convention.unit == "rad" else numbers_deg, convention)

    readings = {"agrees with rotmat only when read as radians": read(np.degrees(np.clip(safe, -1e6, 1e6)))}
    complaint = f"another rotation than rotmat, read as {convention.name}"
    yield from _disagreements("euler_deg", complaint, read(safe), readings, rotmat, usable)


def _disagreements(
    column: str,
    complaint: str,
    stated: np.ndarray,
    readings: dict[str, np.ndarray],
    rotmat: np.ndarray,
    usable: np.ndarray,
) -> Iterator[Complaint]:
    """Rows whose rotation is not `rotmat`, by the first other reading that would explain it, or by none."""
    true = np.where(usable[:, None, None], rotmat, np.eye(3))
    open_rows = usable & (geodesic_distance_deg(stated, true) > SAME_DEG)
    for explanation, reading in readings.items():
        explained = open_rows & (geodesic_distance_deg(reading, true) <= SAME_DEG)
        yield column, explanation, explained
        open_rows = open_rows & ~explained
    yield column, complaint, open_rows


def _boxes(block: Block, around: Surroundings) -> Iterator[Complaint]:
    for name in ("face_box_xyxy", "head_box_xyxy"):
        if name not in block:
            continue
        box = block[name].astype(float)
        finite = np.isfinite(box).all(axis=1)
        left, top, right, bottom = np.where(finite[:, None], box, 0.0).T
        upside_down = (right < left) | (bottom < top)
        yield name, "inverted: right of left or bottom of top edge is before it", finite & upside_down
        empty = finite & ~upside_down & ((right == left) | (bottom == top))
        yield name, "empty: no width or no height", empty
        if around.picture_size is not None:
            height, width = around.picture_size
            away = (right <= 0) | (bottom <= 0) | (left >= width) | (top >= height)
            yield name, f"outside of the picture of {width} x {height} px", finite & ~upside_down & ~empty & away


def _points(block: Block, around: Surroundings) -> Iterator[Complaint]:
    for name in POINTS:
        if name not in block:
            continue
        points, codes = block[name].astype(float), block.get(f"{name}_visibility")
        if codes is not None:
            yield f"{name}_visibility", "a code other than 0, 1 and 2", (codes > VISIBLE).any(axis=1)
        with np.errstate(invalid="ignore"):
            yield name, "a point behind the camera", (points[..., 2] < 0).any(axis=1)
            if around.picture_size is None:
                continue
            height, width = around.picture_size
            x, y = points[..., 0], points[..., 1]
            outside = (x < 0) | (y < 0) | (x > width) | (y > height)
        if codes is None:
            yield name, f"a point outside of the picture of {width} x {height} px", outside.any(axis=1)
        else:
            wrong = outside & (codes >= HIDDEN)
            yield name, f"a point outside of the picture of {width} x {height} px, coded inside", wrong.any(axis=1)


def _cameras(block: Block) -> Iterator[Complaint]:
    if "translation_m" in block:
        yield "translation_m", "a head behind the camera or at it", block["translation_m"][:, 2] <= 0
    if "intrinsics" in block:
        focal = np.diagonal(block["intrinsics"], axis1=1, axis2=2)[:, :2]
        yield "intrinsics", "a focal length that is not positive", (focal <= 0).any(axis=1)

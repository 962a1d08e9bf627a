"""Checks of what a rendering plan is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.formats.sample import ROTATION_TOLERANCE
from synhead_tools.heads.bust import DETAILS
from synhead_tools.heads.expression_basis import ARKIT_NAMES
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS


def checked_rotmats(rotmats: Any) -> np.ndarray:
    """Return rotations (P, 3, 3) float64, read-only; PlanError names the first that is none."""
    matrices = np.array(rotmats, np.float64)
    if matrices.ndim != 3 or matrices.shape[1:] != (3, 3) or len(matrices) == 0:
        raise PlanError(f"plan has rotmats of shape {matrices.shape}; give (P, 3, 3) with P at least 1")
    if not np.isfinite(matrices).all():
        bad = int(np.argmax(~np.isfinite(matrices).all(axis=(1, 2))))
        raise PlanError(f"pose {bad} of the plan holds a value that is not finite; give rotation matrices")
    error = np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    bad = ~(error <= ROTATION_TOLERANCE) | ~(np.linalg.det(matrices) > 0)
    if bad.any():
        raise PlanError(f"pose {int(np.argmax(bad))} of the plan is no rotation; orthonormalise it first")
    matrices.setflags(write=False)
    return matrices


def checked_expressions(expressions: Any) -> str | np.ndarray:
    """Return the name of a law, or coefficients (E, 52) float32, read-only; PlanError names what is neither."""
    if isinstance(expressions, str):
        if expressions not in EXPRESSION_LAWS:
            raise PlanError(f"unknown expressions {expressions!r}; known: {', '.join(EXPRESSION_LAWS)}, or numbers")
        return expressions
    rows = np.array(expressions, np.float32)
    if rows.ndim != 2 or rows.shape[1] != len(ARKIT_NAMES) or len(rows) == 0:
        raise PlanError(f"expressions have shape {rows.shape}; give (E, {len(ARKIT_NAMES)}) with E at least 1")
    bad = ~((rows >= 0) & (rows <= 1))
    if bad.any():
        row, column = (int(index[0]) for index in np.nonzero(bad))
        raise PlanError(f"expression {row} has {ARKIT_NAMES[column]} = {rows[row, column]}; give values from 0 to 1")
    rows.setflags(write=False)
    return rows


def checked_ids(values: Any, default: np.ndarray, name: str) -> np.ndarray:
    """Return one int32 for each pose, read-only: `values`, or `default` where that is None."""
    ids = np.array(default if values is None else values).astype(np.int32)
    if ids.shape != default.shape:
        raise PlanError(f"plan has {name} of shape {ids.shape}; give one number per pose, {default.shape}")
    ids.setflags(write=False)
    return ids


def checked_names(values: Any, count: int, name: str) -> np.ndarray:
    """Return one S64 for each pose, read-only: bytes, or text that takes no more than 64 of them."""
    names = [value if isinstance(value, bytes) else str(value).encode() for value in np.asarray(values).tolist()]
    too_long = next((each for each in names if len(each) > 64), None)
    if too_long is not None:
        raise PlanError(f"{name} {too_long!r} takes {len(too_long)} bytes; give 64 at most")
    if len(names) != count:
        raise PlanError(f"plan has {len(names)} {name} for {count} poses; give one per pose")
    array = np.array(names, "S64")
    array.setflags(write=False)
    return array


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise PlanError unless `value` is from `low` to `high`."""
    if not low <= value <= high:
        raise PlanError(f"{name} is {value!r}; give a value from {low:g} to {high:g}")


def check_follow(body_follow: Any) -> None:
    """Raise PlanError unless it is a number from 0 to 1, or two of them, the smaller one first."""
    ends = body_follow if isinstance(body_follow, tuple) else (body_follow, body_follow)
    if len(ends) != 2 or not 0 <= ends[0] <= ends[1] <= 1:
        raise PlanError(f"body_follow is {body_follow!r}; give a number from 0 to 1, or two, the smaller one first")


def check_detail(detail: Any) -> None:
    """Raise PlanError unless it is ``auto`` or a level of detail."""
    if detail != "auto" and (isinstance(detail, bool) or detail not in DETAILS):
        raise PlanError(f"detail is {detail!r}; give auto or one of {', '.join(map(str, DETAILS))}")

"""What the labels of a dataset look like in numbers: ranges, histograms, coverage, counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from synhead_tools.formats.problems import BLOCK_ROWS, label_blocks
from synhead_tools.formats.row_checks import is_rotation
from synhead_tools.formats.running_summary import RunningSummary
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.axis_turns import is_proper
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.direction_cells import DirectionCells, view_directions
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.euler import angles_of_triples, euler_from_rotmat

BIN_DEG = 15.0
NEAR_LOCK_DEG = (1.0, 5.0)
BOX_EDGES_PX = (0, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, np.inf)
COUNTED = ("head_id", "expression", "sequence", "track_id")
VALUES_LIMIT = 10_000
"""A column with more different values than that is not counted by value."""


def label_statistics(
    source: SampleSource, convention: str | EulerConvention = "biwi+", block_rows: int = BLOCK_ROWS
) -> dict[str, Any]:
    """Ranges, histograms and counts of a dataset's labels.

    Parameters
    ----------
    source : SampleSource
    convention : str or EulerConvention
        In which rotations are stated; the dataset's own does not matter.
    block_rows : int
        Rows in memory at a time.

    Returns
    -------
    dict
        JSON values. ``angles_deg`` (by angle), ``from_frontal_deg`` (angle of the whole rotation) and ``boxes_px``
        (longer side, by column) are as `RunningSummary.result`; ``gimbal_lock`` counts rows near it in this
        convention; ``view_directions`` says how many cells of about 15 x 15 degrees have a row, of all and of those in
        front of the face; ``counts`` are rows by value. What the dataset has no columns for is left out.

    Raises
    ------
    ConventionError
        The convention has no angles.
    """
    convention = get_convention(convention)
    rotations, sides, values = _Rotations(convention), {}, {}
    for _, block in label_blocks(source, block_rows):
        if "rotmat" in block:
            rotations.add(block["rotmat"])
        for name in ("face_box_xyxy", "head_box_xyxy"):
            if name in block:
                sides.setdefault(name, RunningSummary(BOX_EDGES_PX)).add(_longer_sides(block[name]))
        for name in set(COUNTED) & set(block):
            counter = values.setdefault(name, Counter())
            if len(counter) <= VALUES_LIMIT:
                found, rows = np.unique(block[name], return_counts=True)
                counter.update(dict(zip(found.tolist(), rows.tolist(), strict=True)))
    result: dict[str, Any] = rotations.result() if "rotmat" in source.columns else {}
    if sides:
        result["boxes_px"] = {name: summary.result() for name, summary in sides.items()}
    counts = {name: _readable(values[name]) for name in COUNTED if name in values}
    if counts:
        result["counts"] = counts
    return result


class _Rotations:
    """Everything that follows from ``rotmat``."""

    def __init__(self, convention: EulerConvention) -> None:
        convention.require_angles()
        self._convention, self._cells = convention, DirectionCells(BIN_DEG)
        edges = np.arange(-180.0, 181.0, BIN_DEG)
        self._angles = {name: RunningSummary(edges) for name in convention.angles}
        self._frontal = RunningSummary(np.arange(0.0, 181.0, BIN_DEG))
        self._near = dict.fromkeys(NEAR_LOCK_DEG, 0)
        self._seen = np.zeros(len(self._cells), bool)
        self._unusable = 0

    def add(self, rotmat: np.ndarray) -> None:
        good = is_rotation(rotmat)
        self._unusable += int((~good).sum())
        rotmat = rotmat[good]
        if not len(rotmat):
            return
        angles = angles_of_triples(euler_from_rotmat(rotmat, self._convention), self._convention)
        for column, summary in zip(angles.T, self._angles.values(), strict=True):
            summary.add(column.round(9))  # a grid's -30 is not to fall below the edge of its bin
        self._frontal.add(geodesic_distance_deg(rotmat, np.eye(3)).round(9))
        distance = self._distance_to_lock_deg(angles)
        for limit in self._near:
            self._near[limit] += int((distance <= limit).sum())
        self._seen[self._cells.index(view_directions(rotmat))] = True

    def _distance_to_lock_deg(self, angles: np.ndarray) -> np.ndarray:
        middle = np.radians(angles[:, self._convention.angle_of_turn[1]])
        away = np.cos(middle) if not is_proper(self._convention.sequence) else np.sin(middle)
        return np.degrees(np.arcsin(np.abs(away)))

    def result(self) -> dict[str, Any]:
        middle = self._convention.angles[self._convention.angle_of_turn[1]]
        return {
            "angles_convention": self._convention.name,
            "angles_deg": {name: summary.result() for name, summary in self._angles.items()},
            "from_frontal_deg": self._frontal.result(),
            "gimbal_lock": {
                "angle": middle,
                "rows_within_deg": {f"{limit:g}": rows for limit, rows in self._near.items()},
            },
            "view_directions": {
                "cells": int(self._seen.sum()),
                "of": len(self._cells),
                "front_cells": int((self._seen & self._cells.front).sum()),
                "front_of": int(self._cells.front.sum()),
                "cell_deg": BIN_DEG,
            },
            "rows_without_rotation": self._unusable,
        }


def _longer_sides(box_xyxy: np.ndarray) -> np.ndarray:
    box = box_xyxy[np.isfinite(box_xyxy).all(axis=1)].astype(float)
    sides = (box[:, 2:] - box[:, :2]).max(axis=1)
    return sides[sides >= 0]


def _readable(counter: Counter) -> dict[str, int] | None:
    """Rows by value, in the order of the values; None if there are too many to tell."""
    if len(counter) > VALUES_LIMIT:
        return None
    return {
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value): rows
        for value, rows in sorted(counter.items())
    }

"""Restate the angles of a pose table in another Euler convention."""

from __future__ import annotations

import os

from synhead_tools.formats.pose_csv import read_pose_csv, write_pose_csv
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.euler import angles_of_triples, convert_euler, triples_of_angles


def convert_pose_csv(
    path: str | os.PathLike,
    out: str | os.PathLike,
    source: str | EulerConvention,
    target: str | EulerConvention,
    overwrite: bool = False,
) -> int:
    """Write the table at `path`, its pitch, yaw and roll restated, to `out`; all other columns stay as they are.

    Angles are degrees on both sides, whatever the unit of the conventions.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    LabelFormatError
        The table cannot be read; names row and column.
    OutputExistsError
        `out` is there and `overwrite` is false.
    """
    table = read_pose_csv(path)
    restated = convert_euler(triples_of_angles(table.angles_deg, source), source, target)
    write_pose_csv(out, table.with_angles(angles_of_triples(restated, target)), overwrite)
    return len(table.angles_deg)

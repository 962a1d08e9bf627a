"""A label file without pictures: rotations of any kind that `convert-euler` reads, as a dataset of labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.label_columns import LabelColumns
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

if TYPE_CHECKING:
    from synhead_tools.formats.label_tables.block import LabelTable

SUFFIXES = (".csv", ".tsv", ".parquet", ".pq", ".npz", ".h5", ".hdf5")
NAME_COLUMNS = ("target_id", "image", "images", "path", "file", "file_name", "name")
"""Columns that name the frame, the first one that is there."""

NAME_BYTES = 64
FRAME_COLUMN = "rotation_frame"
OWN_CONVENTION = "biwi+"


class LabelFile(LabelColumns):
    """Rotations of a label file; all in memory, 150 bytes a row.

    Columns: ``rotmat``, ``quat_xyzw``, ``euler_deg`` and, if a column names the frames, ``target_id``.

    Parameters
    ----------
    path : path
        CSV, TSV, Parquet, NPZ or HDF5 file.
    labels : None
        For the sake of the common signature; must be None.
    convention : str, optional
        Euler convention of the angles, if the file does not say it.

    Raises
    ------
    LabelFormatError
        The file cannot be read, a row is no rotation, or the convention of angles is not known.
    """

    needs_convention = True

    def __init__(
        self, path: str | os.PathLike, labels: str | os.PathLike | None = None, convention: str | None = None
    ) -> None:
        from synhead_tools.formats.label_pairs.truth import read_rotations
        from synhead_tools.formats.label_tables.open_table import open_table

        path = Path(path)
        if labels is not None:
            raise LabelFormatError(f"{path} holds labels itself; leave out {labels}")
        with open_table(path) as table:
            titles, stated = table.schema.names, table.facts.convention
            _check_rotation_frame(table, path)
        key = next((name for name in NAME_COLUMNS if name in titles), None)
        rotmat, names = read_rotations(path, convention, key=key)
        self.convention = convention or stated or OWN_CONVENTION
        columns = {"rotmat": rotmat, "quat_xyzw": quat_xyzw_from_rotmat(rotmat)}
        columns["euler_deg"] = euler_deg_from_rotmat(rotmat, self.convention)
        if names is not None:
            columns["target_id"] = np.array([name.encode()[-NAME_BYTES:] for name in names], f"S{NAME_BYTES}")
        super().__init__(path, columns)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a file called like a label file."""
        return path.suffix.lower() in SUFFIXES and path.is_file()

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {
            "dataset": self.path.name,
            "subset": f"{len(self)} rows",
            "convention": self.convention,
            "calibrated": None,  # nobody said so
            "crop": "no pictures",
            "frames": len(self),
            "target_labels_used": False,
        }


def _check_rotation_frame(table: LabelTable, path: Path) -> None:
    """Refuse rotations that say that they are not against the camera frame, as `synhead predict` may write them.

    Raises
    ------
    LabelFormatError
        A row's ``rotation_frame`` is another one.
    """
    names = table.schema.names
    if FRAME_COLUMN not in names:
        return
    for block in table.blocks():
        frames = block.batch.column(names.index(FRAME_COLUMN)).to_pylist()
        for number, frame in zip(block.numbers.tolist(), frames, strict=True):
            if str(frame).strip() != "camera":
                raise LabelFormatError(
                    f"{path}: row {number}: {FRAME_COLUMN} is {str(frame)[:40]!r}, not camera; predict with "
                    "--intrinsics or --fov, or drop the column if that makes no difference"
                )

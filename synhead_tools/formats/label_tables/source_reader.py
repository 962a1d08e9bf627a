"""Datasets that are folders, and MATLAB files of 300W-LP, as label tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import BLOCK_ROWS, ArrayTable, LabelBlock, TableFacts
from synhead_tools.formats.labels_parquet import arrow_type, to_arrow
from synhead_tools.formats.open import open_any
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import rotmat_from_euler

KEPT = (
    "head_id", "expression", "track_id", "frame_id", "sequence", "target_id", "rotmat", "face_box_xyxy",
    "head_box_xyxy",
)  # fmt: skip
"""Columns of a dataset that become columns of a label file: who, which frame, where, and the rotation."""


class SourceTable(ArrayTable):
    """Names, boxes and rotations of whatever dataset `open_any` knows; rows are counted from 0.

    Its rotations are matrices, and Euler angles are what is written unless something else is asked for.

    Parameters
    ----------
    path : path
        Of the dataset; named in messages.
    source : SampleSource, optional
        The dataset, if it is open already.
    """

    def __init__(self, path: Path, source: SampleSource | None = None) -> None:
        self._source = open_any(path) if source is None else source
        names = [name for name in KEPT if name in self._source.columns]
        if "rotmat" not in names:
            raise LabelFormatError(f"{path} has no rotations; give a dataset with labels")
        said = self._source.describe()
        camera = {True: "rgb", False: "depth"}.get(said.get("calibrated"))
        schema = pa.schema([pa.field(name, arrow_type(name)) for name in names])
        super().__init__(Path(path), schema, TableFacts(said.get("convention"), None, camera, (), "euler"))

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows, in order."""
        for start in range(0, len(self._source), BLOCK_ROWS):
            rows = np.arange(start, min(start + BLOCK_ROWS, len(self._source)))
            arrays = [to_arrow(self._source.read(field.name, rows), field.type) for field in self.schema]
            yield LabelBlock(pa.RecordBatch.from_arrays(arrays, schema=self.schema), rows)


class MatTable(ArrayTable):
    """The one label of a MATLAB file of 300W-LP or AFLW2000-3D, called by the file's name without suffix.

    Parameters
    ----------
    path : path
        A regular file.

    Raises
    ------
    LabelFormatError
        The file is missing, damaged, or has no pose.
    """

    def __init__(self, path: Path) -> None:
        from synhead_tools.formats.datasets.w300lp_mat import read_pose_mat

        self._rotmat = rotmat_from_euler(read_pose_mat(path)["Pose_Para"][:, :3], "300w-lp")
        self._name = np.array([os.fsencode(Path(path).stem)[-64:]], "S64")
        schema = pa.schema([pa.field(name, arrow_type(name)) for name in ("target_id", "rotmat")])
        super().__init__(Path(path), schema, TableFacts("300w-lp", None, None, (), "euler"))

    def blocks(self) -> Iterator[LabelBlock]:
        """The one row."""
        columns = (self._name, self._rotmat)
        arrays = [to_arrow(array, field.type) for array, field in zip(columns, self.schema, strict=True)]
        yield LabelBlock(pa.RecordBatch.from_arrays(arrays, schema=self.schema), np.arange(1))

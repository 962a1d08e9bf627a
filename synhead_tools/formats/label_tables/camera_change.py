"""Labels of one camera of BIWI restated for the other: R becomes R_ext R, with R_ext of ``rgb.cal``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.biwi_calibration import read_calibration
from synhead_tools.formats.datasets.biwi_layout import sequence_folders, sequence_name

CAMERAS = ("rgb", "depth")
_SEQUENCE_IN_NAME = r"(?:^|.*[/\\])(?P<sequence>\d\d)[/\\]frame_\d+.*"


@dataclass(frozen=True)
class CameraChange:
    """Rotations C that take labels of one camera to another, R becoming C R.

    Attributes
    ----------
    rotmats : mapping of int or None to array (3, 3)
        C by sequence of BIWI; under None one that is the same for all.
    camera : str
        Whose labels result: ``"rgb"`` or ``"depth"``.
    """

    rotmats: Mapping[int | None, np.ndarray]
    camera: str

    @classmethod
    def read(cls, path: str | os.PathLike, camera: str = "rgb") -> CameraChange:
        """Read an ``rgb.cal`` for all rows, or those of the sequences NN in BIWI's folder (``hpdb/NN/rgb.cal``).

        Parameters
        ----------
        path : path
            A file or a folder.
        camera : str
            ``"rgb"`` if labels are of the depth camera, as BIWI's are, ``"depth"`` for the way back.

        Raises
        ------
        LabelFormatError
            No calibration is there, or it cannot be read.
        """
        path = Path(path)
        if camera not in CAMERAS:
            raise LabelFormatError(f"unknown camera {camera!r}; known: {', '.join(CAMERAS)}")
        files = {None: path}
        if path.is_dir():
            folders = sequence_folders(path)
            files = {int(sequence_name(folder)): folder / "rgb.cal" for folder in folders}
            files = {sequence: file for sequence, file in files.items() if file.is_file()}
        if not files:
            raise LabelFormatError(f"{path}: no NN/rgb.cal found; give a file, or the folder of BIWI's sequences")
        rotmats = {sequence: read_calibration(file).rotmat for sequence, file in files.items()}
        if camera == "depth":
            rotmats = {sequence: rotmat.T for sequence, rotmat in rotmats.items()}
        return cls(rotmats, camera)

    def sequence_column(self, batch: pa.RecordBatch, where: str) -> int | None:
        """Which column tells the sequence: one called sequence, else the first of names like 01/frame_00003.

        None if it does not matter.

        Raises
        ------
        LabelFormatError
            There is no such column.
        """
        if None in self.rotmats:
            return None
        titles = [title.strip().lower() for title in batch.schema.names]
        if "sequence" in titles:
            return titles.index("sequence")
        for place, column in enumerate(batch.columns):
            if pa.types.is_string(column.type) and pc.any(pc.match_substring_regex(column, _SEQUENCE_IN_NAME)).as_py():
                return place
        raise LabelFormatError(
            f"{where}: no column tells the sequence, neither one called sequence nor names like 01/frame_00003.png; "
            "give the rgb.cal of one sequence"
        )

    def of_rows(self, batch: pa.RecordBatch, column: int | None) -> tuple[np.ndarray, dict[int, str]]:
        """C of each row, (N, 3, 3) or (3, 3), and why some rows have none, by place."""
        if column is None:
            return self.rotmats[None], {}
        sequences = _sequences(batch.column(column))
        rotmats, missing = np.tile(np.eye(3), (len(sequences), 1, 1)), {}
        for sequence in np.unique(sequences).tolist():
            rows = sequences == sequence
            if sequence in self.rotmats:
                rotmats[rows] = self.rotmats[sequence]
            else:
                named = f"no rgb.cal of sequence {sequence:02d}" if sequence >= 0 else "no sequence in it"
                missing.update(dict.fromkeys(np.flatnonzero(rows).tolist(), f"{named}; the camera is unknown"))
        return rotmats, missing


def _sequences(column: pa.Array) -> np.ndarray:
    """Numbers of sequences, -1 where there is none."""
    if pa.types.is_integer(column.type):
        return column.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    alone = pc.if_else(pc.match_substring_regex(texts, r"^\d{1,2}$"), texts, None)
    in_name = pc.struct_field(pc.extract_regex(texts, _SEQUENCE_IN_NAME), "sequence")
    return pc.fill_null(pc.coalesce(alone, in_name).cast(pa.int64()), -1).to_numpy(zero_copy_only=False)

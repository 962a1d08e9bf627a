"""Open whatever label file or dataset a path holds as a label table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import LabelTable
from synhead_tools.input_files import open_input

TELLING_FRAME = "01/frame_00003_rgb.png"
"""The frame by whose published labels Biwi+ files are known to be calibrated or not."""
_SIGNATURES = {b"PAR1": ".parquet", b"PK\x03\x04": ".npz", b"PK\x05\x06": ".npz", b"\x89HDF": ".h5"}
_SUFFIXES = {".parquet": ".parquet", ".pq": ".parquet", ".npz": ".npz", ".h5": ".h5", ".hdf5": ".h5", ".mat": ".mat"}


def open_table(path: str | os.PathLike, columns: Sequence[str] | None = None, decimal: str = ".") -> LabelTable:
    """Open a label file: Parquet, NPZ, HDF5 or MATLAB by what it begins with or is called, any other as CSV.

    Parameters
    ----------
    path : path
        A file, or a folder that `synhead_tools.formats.open.open_any` knows.
    columns : sequence of str, optional
        Rotation columns, if the user names them. Where they are numbers from 1, a CSV file whose first row has numbers
        there has no header.
    decimal : str
        Between whole and fraction of numbers in text.

    Raises
    ------
    LabelFormatError
        Nothing is there, or it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        from synhead_tools.formats.label_tables.source_reader import SourceTable

        return SourceTable(path)
    with open_input(path, LabelFormatError, "give a label file or a dataset") as file:
        signature = file.read(4)
    kind = _SUFFIXES.get(path.suffix.lower()) if path.suffix.lower() == ".mat" else _SIGNATURES.get(signature)
    kind = kind or _SUFFIXES.get(path.suffix.lower())
    if kind == ".parquet":
        from synhead_tools.formats.label_tables.parquet_reader import ParquetTable

        return ParquetTable(path)
    if kind == ".npz":
        from synhead_tools.formats.label_tables.npz_reader import NpzTable

        table = NpzTable(path)
        table.facts = replace(table.facts, camera=table.facts.camera or _camera_of_biwi_plus(table))
        return table
    if kind == ".h5":
        from synhead_tools.formats.label_tables.hdf5_reader import Hdf5Table

        return Hdf5Table(path)
    if kind == ".mat":
        from synhead_tools.formats.label_tables.source_reader import MatTable

        return MatTable(path)
    from synhead_tools.formats.label_tables.csv_reader import CsvTable

    by_number = columns is not None and all(name.strip().isdecimal() for name in columns)
    return CsvTable(path, [int(name) - 1 for name in columns] if by_number else None, decimal)


def _camera_of_biwi_plus(table: LabelTable) -> str | None:
    """Camera of a Biwi+ file, where the frame that tells is in it; None for all other tables."""
    if not {"images", "pyr", "bbox"} <= set(table.schema.names):
        return None
    from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels

    try:
        labels = BiwiPlusLabels(table.path)
    except LabelFormatError:
        return None  # something like it; the table says what is wrong, if anything is
    if labels.row_of(TELLING_FRAME) is None:
        return None
    return "rgb" if labels.calibrated else "depth"

"""Convert a label file of any kind and length into another, a block at a time."""

from __future__ import annotations

import os
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools.errors import LabelFormatError, OutputExistsError
from synhead_tools.formats.atomic import atomic_file
from synhead_tools.formats.label_tables.bad_labels import row_error
from synhead_tools.formats.label_tables.block import LabelTable
from synhead_tools.formats.label_tables.conversion import Conversion, LabelOptions
from synhead_tools.formats.label_tables.open_table import open_table
from synhead_tools.formats.label_tables.rejects import REJECTS_SUFFIX, Rejects
from synhead_tools.formats.label_tables.table_writer import TableWriter, open_writer, output_suffix, titled

ON_ERROR = ("stop", "skip")


@dataclass(frozen=True)
class ConvertedLabels:
    """What a conversion did.

    Attributes
    ----------
    out : Path
    rows : int
        Rows written.
    source, target : str
        Conventions.
    assumed : bool
        Whether nobody said the source's.
    rejected : int
        Rows set aside.
    rejects : Path or None
        The file they are in.
    left_out : tuple of str
        Parts of the input that the output does not have, and why.
    """

    out: Path
    rows: int
    source: str
    target: str
    assumed: bool
    rejected: int = 0
    rejects: Path | None = None
    left_out: tuple[str, ...] = ()


def convert_labels_file(
    path: str | os.PathLike,
    out: str | os.PathLike,
    source: str | None = None,
    target: str = "biwi+",
    *,
    on_error: str = "stop",
    overwrite: bool = False,
    **options: Any,
) -> ConvertedLabels:
    """Restate the rotation labels of a file or dataset in another convention, kind or camera.

    Memory is bounded whatever the number of rows. Either the whole output is there in the end, or nothing.

    Parameters
    ----------
    path : path
        CSV or TSV with or without header, Parquet, NPZ, HDF5 (shards among them), a ``.mat`` file of 300W-LP, or a
        folder that `synhead_tools.formats.open.open_any` knows.
    out : path
        What to write; ``.csv``, ``.tsv``, ``.parquet``, ``.npz``, ``.h5`` or ``.hdf5``. All other columns are kept.
        Numbers in text are the shortest that read back exactly. All but text carry convention and unit.
    source, target : str
        Euler conventions, as names or spec strings. The source's is what the file states, else ``synhead``.
    on_error : str
        ``"stop"`` at the first bad row, or ``"skip"`` bad rows: they go to OUT + ``.rejects.csv``. Files of which
        nobody can tell where rows end stop in any case.
    overwrite : bool
        Replace what is there.
    **options
        The other fields of `LabelOptions`: columns, unit, to_unit, write, scalar_first, decimal, camera.

    Returns
    -------
    ConvertedLabels

    Raises
    ------
    LabelFormatError
        The input cannot be read, a row is bad (names file and row), no row is good, or what is asked for does not fit.
    OutputExistsError
        `out` is there and `overwrite` is false, or it is the input itself.
    ConventionError, UnknownNameError
        A convention is none.
    """
    path, out = Path(path), Path(out)
    options = LabelOptions(source, target, **options)
    if on_error not in ON_ERROR:
        raise LabelFormatError(f"on_error is {on_error!r}; give one of {', '.join(ON_ERROR)}")
    suffix, before = output_suffix(out), _state(path)
    _refuse_own_input(path, out)
    with (
        closing(open_table(path, options.columns, options.decimal)) as table,
        Rejects(out, table.schema, overwrite) if on_error == "skip" else nullcontext() as rejects,
        atomic_file(out, overwrite) as file,
    ):
        conversion = Conversion(table, options, suffix)
        schema = titled(conversion.output.schema, suffix, conversion.metadata, out)
        delimiter = table.delimiter if suffix == path.suffix.lower() else None
        with closing(open_writer(file, out, schema, conversion.metadata, delimiter, conversion.header)) as writer:
            rows = _convert_blocks(table, conversion, writer, rejects)
            conversion.check_unit()
            writer.finish()
        if _state(path) != before:
            raise LabelFormatError(f"{path} was changed while it was read; wait until it is complete")
        if rejects is not None:
            rejects.commit()
    return ConvertedLabels(
        out, rows, conversion.source, conversion.target, conversion.assumed, rejects.rows if rejects else 0,
        rejects.path if rejects and rejects.rows else None, conversion.left_out,
    )  # fmt: skip


def _convert_blocks(table: LabelTable, conversion: Conversion, writer: TableWriter, rejects: Rejects | None) -> int:
    """Write every block restated; returns the number of rows."""
    rows = 0
    for block in table.blocks():
        batch, bad_rows = conversion.restate(block)
        if bad_rows and rejects is None:
            raise row_error(table, bad_rows[0])
        if bad_rows:
            rejects.add(bad_rows)
        writer.write(batch)
        rows += batch.num_rows
    if rows:
        return rows
    if rejects is not None and rejects.first is not None:
        raise LabelFormatError(f"none of {rejects.rows} rows is good; the first: {row_error(table, rejects.first)}")
    raise LabelFormatError(f"{table.path} has no rows; expected rows of labels")


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does."""
    if not path.is_file():
        return None  # a folder, or what the reader refuses
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _refuse_own_input(path: Path, out: Path) -> None:
    for output in (out, out.with_name(out.name + REJECTS_SUFFIX)):
        if path.exists() and output.exists() and path.samefile(output):
            raise OutputExistsError(f"{output} is the input itself; choose another name")

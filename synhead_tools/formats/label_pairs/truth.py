"""True rotations: matrices, quaternions, Euler angles of a known convention, or landmarks to find them from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_pairs.rows import keys_of_dataset, place_of, read_rows, refuse_first, rotation_columns
from synhead_tools.formats.label_tables.bad_labels import row_error
from synhead_tools.formats.label_tables.block import BadRow, LabelBlock, LabelTable
from synhead_tools.formats.label_tables.open_table import open_table
from synhead_tools.formats.label_tables.rotation_columns import HEAD_TO_CAMERA, RotationColumns
from synhead_tools.formats.label_tables.rotation_values import values_of, written_places
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.rotation_labels import find_bad_labels, rotmat_from_labels

LANDMARKS = 68


def read_rotations(
    path: str | os.PathLike,
    convention: str | None = None,
    columns: Sequence[str] | None = None,
    key: str | None = None,
    decimal: str = ".",
) -> tuple[np.ndarray, list[str] | None]:
    """Read rotations.

    Parameters
    ----------
    path : path
        A label file or a dataset.
    convention : str, optional
        Of Euler angles, or of matrices and quaternions in another frame; what the file says if left out.
    columns, key, decimal
        As for `synhead_tools.formats.label_pairs.triples.read_triples`; four columns are a quaternion, nine a matrix.

    Returns
    -------
    rotmat : array, shape (N, 3, 3)
        R_head_to_camera.
    keys : list of str or None

    Raises
    ------
    LabelFormatError
        The file cannot be read, holds Euler angles of unknown convention, or a row is no rotation; names the row.
    """
    path = Path(path)
    with open_table(path, columns, decimal) as table:
        rotation = rotation_columns(table, columns)
        known = _convention_of(table, rotation, convention)
        places = written_places(rotation, known, str(path))

        def rotmat_of_block(block: LabelBlock) -> np.ndarray:
            values = values_of(block.batch, rotation, places, decimal)
            bad, reasons = find_bad_labels(values, rotation.kind, known)
            refuse_first(table, block, rotation, places, values, bad, "".join(reasons[:1]), decimal)
            return rotmat_from_labels(values, rotation.kind, known)

        return read_rows(table, rotmat_of_block, key)


def read_landmarks(
    path: str | os.PathLike, column: str | None = None, key: str | None = None, in_picture: bool = False
) -> tuple[np.ndarray, list[str] | None]:
    """Read 68 landmarks per frame.

    Parameters
    ----------
    path : path
        A label file with an array of them, or the folder of a dataset with ``landmarks68``, whose third coordinate has
        another unit and cannot be used.
    column : str, optional
        Title of the array; ``landmarks68`` if left out.
    key : str, optional
        Column that names the frame.
    in_picture : bool
        Leave out the third coordinate.

    Returns
    -------
    points : array, shape (N, 68, 3) or (N, 68, 2)
        NaN where a landmark is not known.
    keys : list of str or None

    Raises
    ------
    LabelFormatError
        The file cannot be read, or holds no such array.
    """
    path, column = Path(path), column or "landmarks68"
    if path.is_dir():
        source = open_any(path)
        if column not in source.columns:
            raise LabelFormatError(f"{path} has no column {column!r}; it has {', '.join(source.columns)}")
        if not in_picture:
            raise LabelFormatError(f"{path}: {column} are pixels in the picture; take them as 2d")
        return np.asarray(source.read(column), float)[..., :2], keys_of_dataset(source, key, path)
    with open_table(path) as table:
        place = place_of(table, column)
        kind = table.schema.field(place).type
        width = kind.list_size if pa.types.is_fixed_size_list(kind) else 0
        if width not in ((2 * LANDMARKS, 3 * LANDMARKS) if in_picture else (3 * LANDMARKS,)):
            held = f"{width} numbers" if width else f"{kind}"
            raise LabelFormatError(f"{path}: {column!r} holds {held} per row; expected an array of 68 landmarks")

        def points_of_block(block: LabelBlock) -> np.ndarray:
            lists = block.batch.column(place)
            if lists.null_count:
                empty = int(np.argmin(lists.is_valid().to_numpy(zero_copy_only=False)))
                raise row_error(table, BadRow(int(block.numbers[empty]), f"no {column}; drop the row", ()))
            numbers = lists.flatten().cast(pa.float64(), safe=False)
            points = numbers.to_numpy(zero_copy_only=False).reshape(len(block.numbers), LANDMARKS, -1)
            return points[..., :2] if in_picture else points

        return read_rows(table, points_of_block, key)


def _convention_of(table: LabelTable, rotation: RotationColumns, given: str | None) -> EulerConvention:
    """Convention of the rotations, in the unit of the numbers: titles, file and spec say it, in this order; degrees."""
    name = given or rotation.convention or table.facts.convention
    if name is None and rotation.kind == "euler":
        raise LabelFormatError(
            f"{table.path} holds Euler angles and does not say their convention; name it (--truth-convention or "
            "--labels-convention)"
        )
    known = get_convention(name or HEAD_TO_CAMERA)
    in_spec = known.unit if given and given.count(":") >= 2 else None
    return replace(known, unit=rotation.unit or table.facts.unit or in_spec or "deg")

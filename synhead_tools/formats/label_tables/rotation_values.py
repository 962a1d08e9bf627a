"""The numbers of rotation columns, as `synhead_tools.geometry.rotation_labels` takes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.rotation_columns import RotationColumns
from synhead_tools.formats.label_tables.text_numbers import numbers_of_text
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.rotation_labels import WIDTHS


def written_places(rotation: RotationColumns, convention: EulerConvention, where: str) -> tuple[int, ...]:
    """Columns of a rotation in the order in which the convention writes its numbers.

    Raises
    ------
    LabelFormatError
        The columns are other angles than the convention has.
    """
    if rotation.kind != "euler" or rotation.is_array:
        return rotation.places
    angles = rotation.angles or convention.angles
    if set(angles) != set(convention.angles):
        raise LabelFormatError(
            f"{where}: the columns are {', '.join(angles)}, but {convention.name} has {', '.join(convention.angles)}; "
            "choose another convention"
        )
    return tuple(rotation.places[angles.index(name)] for name in convention.order)


def values_of(batch: pa.RecordBatch, rotation: RotationColumns, places: tuple[int, ...], decimal: str) -> np.ndarray:
    """Numbers (N, k) of the rotation columns `places`; NaN where a cell is empty or no number.

    Raises
    ------
    LabelFormatError
        A column holds something other than numbers or text.
    """
    width = WIDTHS[rotation.kind]
    if rotation.is_array:
        values = _numbers_of_lists(batch.column(places[0]), width, batch.schema.names[places[0]])
        return np.roll(values, -1, axis=1) if rotation.scalar_first else values
    values = np.empty((batch.num_rows, width))
    for index, place in enumerate(places):
        values[:, index] = _numbers(batch.column(place), decimal, batch.schema.names[place])
    return values


def _numbers(column: pa.Array, decimal: str, title: str) -> np.ndarray:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return numbers_of_text(column, decimal)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    raise LabelFormatError(f"column {title!r} holds {column.type}, not numbers")


def _numbers_of_lists(column: pa.Array, width: int, title: str) -> np.ndarray:
    """Rows of `width` numbers, also where matrices are lists of lists; a row of another length is NaN."""
    rows, owner = len(column), np.arange(len(column))
    while _is_list(column.type):
        if column.null_count:
            present = column.is_valid()
            owner, column = owner[present.to_numpy(zero_copy_only=False)], column.filter(present)
        owner = owner[pc.list_parent_indices(column).to_numpy(zero_copy_only=False)]
        column = pc.list_flatten(column)
    numbers = _numbers(column, ".", title)
    whole = np.bincount(owner, minlength=rows) == width
    values = np.full((rows, width), np.nan)
    values[whole] = numbers[whole[owner]].reshape(-1, width)
    return values


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)

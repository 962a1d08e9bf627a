"""Euler triples without a convention."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_pairs.rows import keys_of_dataset, read_rows, refuse_first, rotation_columns
from synhead_tools.formats.label_tables.block import LabelBlock
from synhead_tools.formats.label_tables.open_table import open_table
from synhead_tools.formats.label_tables.rotation_values import values_of
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.conventions import get_convention


@dataclass(frozen=True, eq=False)
class LabelTriples:
    """Three columns of numbers that are Euler angles in some convention.

    Attributes
    ----------
    values : array, shape (N, 3)
    order : tuple of str or None
        Which angle each column is, if titles say so.
    unit : str or None
        ``"deg"`` or ``"rad"``, if that is said.
    titles : tuple of str
        Of the three columns, or of the one array.
    keys : list of str or None
        What names the frames, if asked for.
    """

    values: np.ndarray
    order: tuple[str, str, str] | None
    unit: str | None
    titles: tuple[str, ...]
    keys: list[str] | None


def read_triples(
    path: str | os.PathLike, columns: Sequence[str] | None = None, key: str | None = None, decimal: str = "."
) -> LabelTriples:
    """Read Euler triples as they are written.

    Parameters
    ----------
    path : path
        A label file, or the folder of a dataset, whose ``euler_deg`` is read.
    columns : sequence of str, optional
        The three columns, or the one array, by title or by number from 1; found by their titles if left out. Nothing
        says which angles columns are that are not called pitch, yaw, roll or alpha, beta, gamma.
    key : str, optional
        Column that names the frame, by title or number.
    decimal : str
        Between whole and fraction of numbers in text.

    Raises
    ------
    LabelFormatError
        The file cannot be read, holds no triples, or a row of it is none; names the row.
    """
    path = Path(path)
    if path.is_dir():
        return _triples_of_dataset(path, columns, key)
    with open_table(path, columns, decimal) as table:
        rotation = rotation_columns(table, columns)
        if rotation.kind != "euler":
            titles = ", ".join(table.schema.names[place].strip() for place in rotation.places)
            raise LabelFormatError(f"{path}: {titles}: no Euler angles; say which columns hold them (--columns)")

        def values_of_block(block: LabelBlock) -> np.ndarray:
            values = values_of(block.batch, rotation, rotation.places, decimal)
            bad = ~np.isfinite(values).all(axis=1)
            refuse_first(table, block, rotation, rotation.places, values, bad, "is not finite; drop the row", decimal)
            return values

        values, keys = read_rows(table, values_of_block, key)
        # the title of an array says whose it is, and so in which order it is written
        own = get_convention(rotation.convention) if rotation.is_array and rotation.convention else None
        titles = tuple(table.schema.names[place].strip() for place in rotation.places)
        unit = rotation.unit or table.facts.unit
        return LabelTriples(values, rotation.angles or (own.order if own else None), unit, titles, keys)


def _triples_of_dataset(path: Path, columns: Sequence[str] | None, key: str | None) -> LabelTriples:
    if columns is not None:
        raise LabelFormatError(f"{path} is a dataset with one set of angles; leave out the columns")
    source = open_any(path)
    if "euler_deg" not in source.columns:
        raise LabelFormatError(f"{path} has no Euler angles; it has {', '.join(source.columns)}")
    order = get_convention(source.describe()["convention"]).order
    values = np.asarray(source.read("euler_deg"), float)
    return LabelTriples(values, order, "deg", ("euler_deg",), keys_of_dataset(source, key, path))

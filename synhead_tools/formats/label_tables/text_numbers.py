"""Numbers of cells and cells of numbers, exactly, a column at a time."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DECIMALS = (".", ",")
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_WHOLE_LIMIT = 1e15


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number, NaN and infinity included, with this sign between whole and fraction."""
    return not np.isnan(_number(cell, decimal)) or cell.strip().lower() in ("nan", "-nan", "+nan")


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell would be a number if its comma were a point."""
    return _COMMA_NUMBER.fullmatch(cell.strip()) is not None


def numbers_of_text(texts: pa.Array, decimal: str = ".") -> np.ndarray:
    """Read a column of text as float64, correctly rounded; NaN where a cell is no number.

    Parameters
    ----------
    texts : Array of string
    decimal : str
        ``"."`` or ``","``. With a comma, a cell with a point is no number: the point may separate thousands.
    """
    if decimal == ".":
        for prepare in (lambda cells: cells, pc.utf8_trim_whitespace):
            try:
                return prepare(texts).cast(pa.float64()).to_numpy(zero_copy_only=False)
            except pa.ArrowInvalid:
                continue
    elif not pc.any(pc.match_substring(texts, ".")).as_py():
        pointed = numbers_of_text(pc.replace_substring(texts, ",", "."))
        if not np.isnan(pointed).any():
            return pointed
    return np.array([_number(cell, decimal) for cell in texts.to_pylist()], float)


def text_of_numbers(numbers: np.ndarray) -> pa.Array:
    """Write float64 as text: the shortest decimal that reads back as the same number; -0.0 as 0.0."""
    numbers = np.ascontiguousarray(numbers, float) + 0.0
    texts = pa.array(numbers).cast(pa.string())
    with np.errstate(invalid="ignore"):
        whole = (numbers == np.rint(numbers)) & (np.abs(numbers) < _WHOLE_LIMIT)
    if not whole.any():
        return texts
    pointed = pc.binary_join_element_wise(texts, ".0", "")  # 3 would read back as an integer elsewhere
    return pc.if_else(pa.array(whole), pointed, texts)


def _number(cell: str | None, decimal: str) -> float:
    if cell is None or "_" in cell or not cell.isascii():  # float() reads 1_0 as 10
        return np.nan
    if decimal == ",":
        if "." in cell:
            return np.nan
        cell = cell.replace(",", ".")
    try:
        return float(cell)
    except ValueError:
        return np.nan

"""Small text files that hold matrices as rows of numbers, with blank lines anywhere between the rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.input_files import read_input

BYTES_LIMIT = 16_384

ROUNDING = 1e-3
"""Largest deviation of R R^T from the identity that is taken for rounding of text."""


@dataclass(frozen=True)
class Block:
    """One matrix of a file: what it is, for messages, and its shape.

    Attributes
    ----------
    name : str
    rows, columns : int
    """

    name: str
    rows: int
    columns: int


def read_matrices(
    path: str | os.PathLike, blocks: Sequence[Block], advice: str
) -> tuple[list[np.ndarray], list[list[int]]]:
    """Read a file that holds `blocks` in this order and nothing else.

    Parameters
    ----------
    path : path
    blocks : sequence of Block
    advice : str
        What to do about a file that is not so; ends the messages.

    Returns
    -------
    matrices : list of array, shape (rows, columns)
        float64, all finite.
    lines : list of list of int
        Line of the file, from 1, on which each row of each matrix stands.

    Raises
    ------
    LabelFormatError
        The file is missing, no text, or not of these rows; names the line.
    """
    path = Path(path)
    rows = _rows_of_words(path, advice)
    wanted = [block for block in blocks for _ in range(block.rows)]
    values = []
    for block, (line, words) in zip(wanted, rows, strict=False):
        if len(words) != block.columns:
            raise LabelFormatError(
                f"{path}: line {line}: {len(words)} numbers; expected {block.columns} of the {block.name}; {advice}"
            )
        values.append([_number(word, line, path) for word in words])
    if len(rows) < len(wanted):
        raise LabelFormatError(f"{path} ends before the {wanted[len(rows)].name} is complete; {advice}")
    if len(rows) > len(wanted):
        raise LabelFormatError(f"{path}: line {rows[len(wanted)][0]}: more rows than {len(wanted)}; {advice}")
    matrices, lines, place = [], [], 0
    for block in blocks:
        matrices.append(np.array(values[place : place + block.rows], float))
        lines.append([line for line, _ in rows[place : place + block.rows]])
        place += block.rows
    return matrices, lines


def check_rotation_rows(rotmat: np.ndarray, lines: list[int], path: str | os.PathLike) -> None:
    """Check that a matrix (3, 3) read from `lines` is a rotation up to `ROUNDING`.

    Raises
    ------
    LabelFormatError
        A row is not of length one, two are not perpendicular, or the matrix mirrors; names the lines.
    """
    gram = rotmat @ rotmat.T
    error = np.abs(gram - np.eye(3))
    for row in range(3):
        if not error[row, row] <= ROUNDING:
            raise LabelFormatError(
                f"{path}: line {lines[row]}: row of length {np.sqrt(gram[row, row]):.6g} in a matrix that must be a "
                "rotation; drop the frame"
            )
    for first, second in ((0, 1), (0, 2), (1, 2)):
        if not error[first, second] <= ROUNDING:
            raise LabelFormatError(
                f"{path}: lines {lines[first]} and {lines[second]}: rows that are not perpendicular in a matrix that "
                "must be a rotation; drop the frame"
            )
    if np.linalg.det(rotmat) < 0:
        raise LabelFormatError(
            f"{path}: lines {lines[0]} to {lines[2]}: the matrix mirrors (determinant -1) and is no rotation; "
            "drop the frame"
        )


def _rows_of_words(path: Path, advice: str) -> list[tuple[int, list[str]]]:
    data = read_input(path, BYTES_LIMIT, LabelFormatError, advice)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LabelFormatError(f"{path} is not a text file; {advice}") from None
    lines = text.replace("\r\n", "\n").split("\n")
    return [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]


def _number(word: str, line: int, path: Path) -> float:
    try:
        value = float(word)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or "_" in word:
        raise LabelFormatError(f"{path}: line {line}: {word[:40]!r} is not a finite number with a decimal point")
    return value

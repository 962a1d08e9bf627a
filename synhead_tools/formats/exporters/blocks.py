"""Reading a dataset of any size for an export: what it must have, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters.pictures import PictureStyle, over_background
from synhead_tools.formats.sample import DENSE_COLUMNS, PICTURE_COLUMNS, ROTATION_TOLERANCE, SampleSource, can_composite
from synhead_tools.geometry.conventions import get_convention

BLOCK_ROWS = 64
"""As many pictures as shards store together."""
BLOCK_BYTES_LIMIT = 64 << 20

Progress = Callable[[int, int], None]
"""Told samples done and samples in all."""


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


def require_columns(dataset: SampleSource, names: Iterable[str], format_name: str) -> None:
    """Check that a dataset has what a format needs.

    Raises
    ------
    ExportError
        Names the first column that is missing.
    """
    for name in names:
        if name not in dataset.columns:
            kind = dataset.describe().get("dataset", "the dataset")
            raise ExportError(
                f"{kind} has no column {name!r}, which {format_name} needs; it has {', '.join(dataset.columns)}"
            )


def label_columns(dataset: SampleSource) -> list[str]:
    """Columns that are neither pictures nor meshes, without ``euler_deg``, which every export states anew."""
    return [name for name in dataset.columns if name not in DENSE_COLUMNS and name != "euler_deg"]


def written_convention(dataset: SampleSource, wanted: str | None) -> str:
    """The Euler convention to write: `wanted`, else the dataset's own, else ``biwi+``.

    Raises
    ------
    UnknownNameError, ConventionError
        There is no such convention.
    """
    name = wanted or dataset.describe().get("convention") or "biwi+"
    return get_convention(name).name


def sample_names(rows: np.ndarray, total: int) -> list[str]:
    """File names without suffix: the row number in the dataset, in six digits or as many as the last one needs."""
    width = max(6, len(str(total - 1)))
    return [f"{row:0{width}d}" for row in rows.tolist()]


def blocks(
    dataset: SampleSource, columns: Iterable[str], pictures: PictureStyle, progress: Progress = no_progress
) -> Iterator[tuple[list[str], dict[str, np.ndarray]]]:
    """Yield names and columns of a few samples after another, in the dataset's order.

    Parameters
    ----------
    dataset : SampleSource
    columns : iterable of str
        What to read; ``image`` comes over the background that `pictures` states.
    pictures : PictureStyle
    progress : callable
        Told when a block has been dealt with.

    Raises
    ------
    ExportError
        A background is wanted for a dataset without ``alpha``, or with one baked in; or a ``rotmat`` is no rotation,
        which its Euler angles would hide.
    """
    wanted = list(dict.fromkeys(columns))
    if pictures.background is not None:
        if "alpha" not in dataset.columns:
            raise ExportError("the dataset has no column 'alpha', so nothing can be put behind; leave out background")
        if not can_composite(dataset):
            raise ExportError("the dataset's pictures were composed over a background already; leave out background")
        wanted = list(dict.fromkeys([*wanted, "alpha"]))
    total, step = len(dataset), _rows_per_block(dataset, wanted)
    for start in range(0, total, step):
        rows = np.arange(start, min(start + step, total))
        block = {name: dataset.read(name, rows) for name in wanted}
        if "rotmat" in block:
            _check_rotations(block["rotmat"], start)
        if pictures.background is not None:
            block["image"] = over_background(block["image"], block["alpha"], pictures.background)
        yield sample_names(rows, total), block
        progress(int(rows[-1]) + 1, total)


def _check_rotations(rotmat: np.ndarray, start: int) -> None:
    gram_error = np.abs(rotmat @ np.swapaxes(rotmat, -1, -2) - np.eye(3)).max(axis=(-1, -2))
    with np.errstate(invalid="ignore"):  # NaN is no rotation either
        good = (gram_error <= ROTATION_TOLERANCE) & (np.linalg.det(rotmat) > 0)
    if not good.all():
        row = start + int(np.argmin(good))
        raise ExportError(f"sample {row}: rotmat is not a rotation (orthonormal, determinant +1); mend or drop it")


def check_finite(values: np.ndarray, names: list[str], what: str) -> None:
    """Check that n samples' values are numbers.

    Raises
    ------
    ExportError
        Names the first sample that has NaN or infinity.
    """
    good = np.isfinite(values).reshape(len(names), -1).all(axis=1)
    if not good.all():
        raise ExportError(f"sample {int(names[int(np.argmin(good))])}: {what} is not finite; mend or drop it")


def _rows_per_block(dataset: SampleSource, columns: Iterable[str]) -> int:
    first = np.arange(1)
    row_bytes = sum(dataset.read(name, first).nbytes for name in columns if name in PICTURE_COLUMNS)
    return max(1, min(BLOCK_ROWS, BLOCK_BYTES_LIMIT // max(row_bytes, 1)))


def json_value(value: Any) -> Any:
    """One sample's value of a column as JSON has it: numbers, nested lists, text; null where a number is unknown.

    float32 becomes the shortest text that reads back as the same float32.
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float32:
        value = value.astype("U32").astype(float)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and not np.isfinite(value).all():
        return [json_value(part) for part in value]
    plain = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain

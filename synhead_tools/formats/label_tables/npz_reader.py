"""NPZ files as label tables, read a block at a time."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.block import (
    COLUMNS_LIMIT,
    LIST_WIDTH_LIMIT,
    ArrayTable,
    LabelBlock,
    TableFacts,
    rows_per_block,
)
from synhead_tools.formats.label_tables.npy_member import NpyMember
from synhead_tools.input_files import open_input

TEXT_BYTES_LIMIT = 1 << 16
FACTS = ("convention", "unit", "camera")


class NpzTable(ArrayTable):
    """The arrays of an NPZ file that have a row per sample; rows are counted from 0.

    How many samples there are is what most arrays agree on. Arrays of another length, of more than `LIST_WIDTH_LIMIT`
    numbers per row (pictures), of Python objects or of another type are left out and listed in ``facts.left_out``.
    Texts without dimensions called convention, unit and camera are what our own writer says of the columns.

    Parameters
    ----------
    path : path
        A regular file.

    Raises
    ------
    LabelFormatError
        The file is missing, damaged, or an array's header does not fit its size.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._file = open_input(self.path, LabelFormatError, "give an .npz file")
        try:
            with self._errors_named():
                self._archive = zipfile.ZipFile(self._file)
                members = self._members()
                facts = {member.name: member.scalar_text() for member in members if member.name in FACTS}
            self._columns, left_out = _of_one_length(members, self.path)
        except BaseException:
            self._file.close()
            raise
        fields = [_field(member) for member in self._columns]
        stated = {name: text for name, text in facts.items() if text is not None}
        super().__init__(self.path, pa.schema(fields), TableFacts.from_metadata(stated, left_out))

    def blocks(self) -> Iterator[LabelBlock]:
        """All rows, in order.

        Raises
        ------
        LabelFormatError
            The file is damaged.
        """
        row_bytes = sum(member.row_values * member.dtype.itemsize for member in self._columns)
        rows = rows_per_block(row_bytes)
        start = 0
        with self._errors_named():
            for arrays in zip(*(member.blocks(rows) for member in self._columns), strict=True):
                columns = [_to_arrow(array, field.type) for array, field in zip(arrays, self.schema, strict=True)]
                numbers = np.arange(start, start + len(arrays[0]))
                start += len(arrays[0])
                yield LabelBlock(pa.RecordBatch.from_arrays(columns, schema=self.schema), numbers)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _members(self) -> list[NpyMember]:
        infos = [info for info in self._archive.infolist() if info.filename.endswith(".npy")]
        if len(infos) > COLUMNS_LIMIT:
            raise LabelFormatError(f"{len(infos)} arrays, more than {COLUMNS_LIMIT}; do not trust it")
        if len({info.filename for info in infos}) < len(infos):
            raise LabelFormatError("two arrays have one name; do not trust it")
        return [NpyMember(self._archive, info) for info in infos]

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except LabelFormatError as error:
            text = str(error)
            raise (error if text.startswith(str(self.path)) else LabelFormatError(f"{self.path}: {text}")) from None
        except OSError as error:
            raise LabelFormatError(f"{self.path} cannot be read ({error.strerror or error}); fetch it anew") from None
        except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LabelFormatError(f"{self.path} is not a sound .npz file ({reason}); fetch it anew") from None


def _of_one_length(members: list[NpyMember], path: Path) -> tuple[list[NpyMember], tuple[str, ...]]:
    """Arrays of the length that most have, the longest of equals, and what the others are."""
    labels = [member for member in members if member.is_label]
    if not labels:
        raise LabelFormatError(f"{path} holds no arrays of numbers or text; give label arrays with a row per sample")
    counts = Counter(member.shape[0] for member in labels)
    length = max(counts, key=lambda candidate: (counts[candidate], candidate))
    columns, left_out = [], []
    for member in members:
        if member.name in FACTS and member.shape == ():
            continue
        reason = _why_not(member, length)
        if reason is None:
            columns.append(member)
        else:
            left_out.append(f"{member.name} ({reason})")
    return columns, tuple(left_out)


def _why_not(member: NpyMember, length: int) -> str | None:
    if not member.shape:
        return "one value for all rows"
    if not member.is_label:
        return f"type {member.dtype}"
    if member.shape[0] != length:
        return f"{member.shape[0]} rows instead of {length}"
    if member.row_values > LIST_WIDTH_LIMIT or (member.dtype.kind in "US" and len(member.shape) > 1):
        return f"shape {member.shape}"
    return f"texts of {member.dtype.itemsize} bytes" if member.dtype.itemsize > TEXT_BYTES_LIMIT else None


def _field(member: NpyMember) -> pa.Field:
    kind = pa.string() if member.dtype.kind in "US" else pa.from_numpy_dtype(member.dtype.newbyteorder("="))
    if len(member.shape) == 1:
        return pa.field(member.name, kind)
    shape = ",".join(map(str, member.shape[1:]))
    return pa.field(member.name, pa.list_(kind, member.row_values), metadata={"shape": shape})


def _to_arrow(array: np.ndarray, kind: pa.DataType) -> pa.Array:
    if array.dtype.kind == "S":
        return pa.array(array, pa.binary()).cast(pa.string())
    if array.dtype.kind == "U":
        return pa.array(array, pa.string())
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, kind.list_size) if pa.types.is_fixed_size_list(kind) else flat

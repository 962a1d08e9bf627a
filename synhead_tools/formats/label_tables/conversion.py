"""What is asked of a conversion, and how the blocks of one label table are restated accordingly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.bad_labels import bad_rows_of, described
from synhead_tools.formats.label_tables.block import BadRow, LabelBlock, LabelTable
from synhead_tools.formats.label_tables.camera_change import CameraChange
from synhead_tools.formats.label_tables.rotation_columns import (
    HEAD_TO_CAMERA,
    RotationColumns,
    choose_rotation,
    find_rotation,
)
from synhead_tools.formats.label_tables.rotation_output import OutputColumns
from synhead_tools.formats.label_tables.rotation_values import values_of, written_places
from synhead_tools.formats.label_tables.table_writer import (
    ARRAY_SUFFIXES,
    PARQUET_SUFFIXES,
    TEXT_SUFFIXES,
    writable_columns,
)
from synhead_tools.geometry.conventions import EulerConvention, get_convention
from synhead_tools.geometry.conventions.convention import ANGLES
from synhead_tools.geometry.rotation_labels import KINDS, convert_labels, find_bad_labels

ASSUMED = "synhead"
"""What a table is taken to be in that does not say so."""
UNITS = ("deg", "rad")
RADIANS_ROWS = 10
"""So many rows of degrees none of which exceeds pi are taken for radians."""


@dataclass(frozen=True)
class LabelOptions:
    """What is asked for.

    Attributes
    ----------
    source : str or None
        Convention of the input; what the file says, else `ASSUMED`, by default.
    target : str
        Convention to write.
    columns : tuple of str or None
        Rotation columns by title, or by number from 1; see `rotation_columns.choose_rotation`.
    unit : str or None
        ``"deg"`` or ``"rad"``, of angles that do not state theirs; also affirms that small degrees are degrees.
    to_unit : str or None
        Unit to write; that of the input by default.
    write : str or None
        A kind of `KINDS`, or ``"all"``; the kinds that the input has by default.
    scalar_first : bool
        Whether a quaternion given by `columns` begins with its scalar.
    decimal : str
        Between whole and fraction of the input's numbers: ``"."`` or ``","``.
    camera : CameraChange or None
        Which camera to go over to.
    """

    source: str | None = None
    target: str = "biwi+"
    columns: tuple[str, ...] | None = None
    unit: str | None = None
    to_unit: str | None = None
    write: str | None = None
    scalar_first: bool = False
    decimal: str = "."
    camera: CameraChange | None = None

    def __post_init__(self) -> None:
        for name, allowed in (
            ("unit", (None, *UNITS)),
            ("to_unit", (None, *UNITS)),
            ("write", (None, "all", *KINDS)),
            ("decimal", (".", ",")),
        ):
            if getattr(self, name) not in allowed:
                listed = ", ".join(str(value) for value in allowed if value is not None)
                raise LabelFormatError(f"{name} is {getattr(self, name)!r}; give one of {listed}")
        if self.scalar_first and self.columns is None:
            raise LabelFormatError("say which columns are the quaternion that begins with its scalar")


class Conversion:
    """Restates the blocks of a table.

    Parameters
    ----------
    table : LabelTable
    options : LabelOptions
    suffix : str
        Of the output.

    Attributes
    ----------
    source, target : str
        Conventions as they are called.
    assumed : bool
        Whether the source's is only assumed.
    output : OutputColumns
    metadata : dict of str to str
        What the output's columns mean.
    left_out : tuple of str
        What the output does not have, and why.
    header : bool
        Whether the titles of the output, if it is text, are written.

    Raises
    ------
    LabelFormatError
        The table has no rotations, or what is asked for does not fit it.
    ConventionError, UnknownNameError
        A convention is none.
    """

    def __init__(self, table: LabelTable, options: LabelOptions, suffix: str) -> None:
        self._table, self._options = table, options
        self._where = f"{table.path}: row 1" if table.delimiter else str(table.path)
        self._rotation = rotation = _rotation_of(table, options, self._where)
        self._unit = self._unit_of_input()
        self._set_source()
        kinds = _kinds(options.write, rotation, table.facts.usual_kind)
        usual_unit = self._unit if rotation.kind == "euler" else "deg"
        to_unit = options.to_unit or _unit_in_spec(options.target) or usual_unit
        target = replace(get_convention(options.target), unit=to_unit)
        if "euler" in kinds:
            target.require_angles()
        self.target, self._target, self._kinds = options.target, target, kinds
        self._places = written_places(rotation, self._source, self._where)
        arrays_fit = rotation.is_array or len(kinds) > 1
        as_arrays = suffix in ARRAY_SUFFIXES or (suffix in PARQUET_SUFFIXES and arrays_fit)
        has_titles = table.has_header or suffix in TEXT_SUFFIXES
        writable = writable_columns(table.schema, suffix)
        self.output = OutputColumns(table.schema, rotation, kinds, target, as_arrays, has_titles, writable)
        self.header = table.has_header or not self.output.in_place
        self.left_out = (*table.facts.left_out, *self.output.left_out)
        self.metadata = self._metadata()
        self._sequence_column: int | None = None
        self._largest, self._rows, self._numbers = 0.0, 0, [0, 0]

    def restate(self, block: LabelBlock) -> tuple[pa.RecordBatch, list[BadRow]]:
        """Output rows of the good ones among some input rows, and the others in order."""
        batch = block.batch
        values = values_of(batch, self._rotation, self._places, self._options.decimal)
        bad, found = find_bad_labels(values, self._rotation.kind, self._source)
        found = dict(zip(np.flatnonzero(bad).tolist(), found, strict=True))
        camera_rotmat, reasons = self._cameras(block)
        reasons |= described(batch, self._rotation, self._places, values, found, self._options.decimal)
        rejected = list(block.bad_rows)
        if reasons:
            rejected += bad_rows_of(batch, block.numbers, reasons)
            rejected.sort(key=lambda row: row.number)
            good = np.ones(len(values), bool)
            good[list(reasons)] = False
            batch, values = batch.filter(pa.array(good)), values[good]
            camera_rotmat = camera_rotmat[good] if np.ndim(camera_rotmat) == 3 else camera_rotmat
        self._largest = max(self._largest, float(np.abs(values).max(initial=0.0)))
        if len(values):
            numbers = block.numbers[good] if reasons else block.numbers
            self._numbers = [self._numbers[0] if self._rows else int(numbers[0]), int(numbers[-1])]
        self._rows += len(values)
        converted = {
            kind: convert_labels(values, self._rotation.kind, self._source, kind, self._target, camera_rotmat)
            for kind in self._kinds
        }
        return self.output.batch(batch, converted), rejected

    def check_unit(self) -> None:
        """Refuse what was read as degrees but looks like radians, once all rows are known.

        Raises
        ------
        LabelFormatError
            No angle of many rows exceeds pi, and nobody affirmed that these are degrees.
        """
        declared = self._options.unit or self._table.facts.unit
        if self._rotation.kind != "euler" or self._unit != "deg" or declared == "deg" or self._rows < RADIANS_ROWS:
            return
        if 0 < self._largest <= math.pi:
            first, last = self._numbers
            raise LabelFormatError(
                f"{self._table.path}: no angle of rows {first} to {last} exceeds 3.1416 degrees, so they look like "
                "radians; say which they are (--unit rad or --unit deg)"
            )

    def _unit_of_input(self) -> str:
        rotation, options = self._rotation, self._options
        if rotation.kind != "euler" and options.unit:
            raise LabelFormatError(f"{self._table.path}: a {rotation.kind} has no unit; leave out {options.unit!r}")
        if rotation.unit and options.unit and rotation.unit != options.unit:
            raise LabelFormatError(
                f"{self._where}: the titles say {rotation.unit}, not {options.unit}; leave the unit out, or mend them"
            )
        stated = rotation.unit or options.unit or self._table.facts.unit or _unit_in_spec(options.source) or "deg"
        if stated not in UNITS:
            raise LabelFormatError(f"{self._table.path} states the unit {stated[:40]!r}; known: deg, rad")
        return stated

    def _set_source(self) -> None:
        rotation, facts = self._rotation, self._table.facts
        stated = rotation.convention or facts.convention
        name = self._options.source or stated or ASSUMED
        self.assumed = self._options.source is None and stated is None
        self._source: EulerConvention = replace(get_convention(name), unit=self._unit)
        self.source = (facts.convention or "R_head_to_camera") if name == HEAD_TO_CAMERA else name

    def _metadata(self) -> dict[str, str]:
        camera, known = self._options.camera, self._table.facts.camera
        if camera and known == camera.camera:
            raise LabelFormatError(f"{self._table.path}: labels are of the {known} camera already")
        facts = {"convention": self.target, "unit": self._target.unit, "camera": camera.camera if camera else known}
        return {name: text for name, text in facts.items() if text is not None}

    def _cameras(self, block: LabelBlock) -> tuple[np.ndarray | None, dict[int, str]]:
        camera = self._options.camera
        if camera is None or not len(block.numbers):
            return None, {}
        if self._sequence_column is None:
            self._sequence_column = camera.sequence_column(block.batch, str(self._table.path))
        return camera.of_rows(block.batch, self._sequence_column)


def _rotation_of(table: LabelTable, options: LabelOptions, where: str) -> RotationColumns:
    if options.columns is not None:
        return choose_rotation(table.schema, options.columns, options.scalar_first, where, table.has_header)
    if table.has_header:
        return find_rotation(table.schema, where)
    if len(table.schema) != 3:
        raise LabelFormatError(
            f"{where}: {len(table.schema)} numbers and no header; name the columns {', '.join(ANGLES)}, or give their "
            "numbers"
        )
    return choose_rotation(table.schema, ("1", "2", "3"), False, where, has_header=False)


def _kinds(write: str | None, rotation: RotationColumns, usual: str | None) -> tuple[str, ...]:
    if write == "all":
        return KINDS
    return (write,) if write else (usual,) if usual else rotation.kinds


def _unit_in_spec(convention: str | None) -> str | None:
    """The unit that a spec string such as ``xyz:+--:rad`` states; named conventions are for numbers in any unit."""
    if not isinstance(convention, str) or convention.count(":") < 2:
        return None
    return get_convention(convention).unit

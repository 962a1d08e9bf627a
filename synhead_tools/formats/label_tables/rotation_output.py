"""The columns that are written: those of the input, with the rotation restated in its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa

from synhead_tools.formats.label_tables.rotation_columns import (
    MATRIX_PARTS,
    QUATERNION_PARTS,
    RotationColumns,
    angle_and_unit,
)
from synhead_tools.formats.label_tables.rotation_values import written_places
from synhead_tools.geometry.conventions import EulerConvention
from synhead_tools.geometry.rotation_labels import WIDTHS

_UNIT_AT_END = re.compile(r"[ _]?[(\[]?(?:deg|rad|°)[a-z]*[)\]]?\s*$", re.IGNORECASE)


class OutputColumns:
    """What each column of the output is made of.

    Three, four or nine columns of one number each stay where they are and keep their titles, if the output has the
    same angles; else new ones take the place of the first: pitch_deg, yaw_deg, roll_deg (in the target's written
    order), qx, qy, qz, qw, or r00 to r22. As arrays they are euler_deg or euler_rad, quat_xyzw and rotmat; matrices and
    quaternions of a convention with another frame than the camera's carry its name, as in rotmat_openface.

    Parameters
    ----------
    schema : Schema
        Of the input.
    rotation : RotationColumns
        Of the input.
    kinds : sequence of str
        Kinds to write.
    target : EulerConvention
        Convention to write, in the unit to write.
    as_arrays : bool
        Whether rotations are written as one column each.
    has_titles : bool
        Whether the input's titles are worth keeping.
    writable : collection of int
        Columns of the input that the output can hold.

    Attributes
    ----------
    schema : Schema
        Of the output.
    in_place : bool
        Whether the columns are those of the input.
    left_out : tuple of str
        Columns that the output cannot hold, or that would state the same rotation once more.
    """

    def __init__(
        self,
        schema: pa.Schema,
        rotation: RotationColumns,
        kinds: Sequence[str],
        target: EulerConvention,
        as_arrays: bool,
        has_titles: bool,
        writable: Collection[int],
    ) -> None:
        others = [place for place in range(len(schema)) if place not in rotation.restated]
        kept = [place for place in others if place in writable]
        self.left_out = tuple(f"{schema.names[p]} ({schema.field(p).type})" for p in others if p not in writable)
        fields = {place: schema.field(place) for place in kept}
        self.in_place = not as_arrays and has_titles and _may_stay(rotation, kinds, target)
        sources: dict[int, tuple[str, int | None]] = {}
        if self.in_place:
            for part, place in enumerate(written_places(rotation, target, "")):
                title = schema.names[place]
                title = _with_unit(title, target.unit) if rotation.kind == "euler" else title
                fields[place], sources[place] = pa.field(title, pa.float64()), (rotation.kind, part)
            self._sources = [sources.get(place, place) for place in sorted(fields)]
            self.schema = pa.schema([fields[place] for place in sorted(fields)])
            return
        new = [column for kind in kinds for column in _new_columns(kind, target, as_arrays)]
        first = sum(place < min(rotation.restated) for place in kept)
        before, after = ([(place, fields[place]) for place in part] for part in (kept[:first], kept[first:]))
        self._sources = [source for source, _ in (*before, *new, *after)]
        self.schema = pa.schema([field for _, field in (*before, *new, *after)])
        self.left_out += tuple(
            f"{schema.names[place]} (states the same rotation)"
            for place, kind in rotation.others
            if kind not in kinds or kind == rotation.kind
        )

    def batch(self, rows: pa.RecordBatch, values: Mapping[str, np.ndarray]) -> pa.RecordBatch:
        """The output of some input rows, given their rotations (N, k) of each kind."""
        arrays = []
        for source, field in zip(self._sources, self.schema, strict=True):
            if isinstance(source, int):
                arrays.append(rows.column(source))
                continue
            kind, part = source
            numbers = values[kind] + 0.0  # -0.0 would be written as such
            flat = pa.array(np.ascontiguousarray(numbers if part is None else numbers[:, part]).reshape(-1))
            arrays.append(flat if part is not None else pa.FixedSizeListArray.from_arrays(flat, field.type.list_size))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _may_stay(rotation: RotationColumns, kinds: Sequence[str], target: EulerConvention) -> bool:
    """Whether the input's columns can hold the output under their titles."""
    if rotation.is_array or rotation.names_say_convention or list(kinds) != [rotation.kind]:
        return False
    return rotation.kind != "euler" or set(rotation.angles or target.angles) == set(target.angles)


def _new_columns(kind: str, target: EulerConvention, as_array: bool) -> list[tuple[tuple[str, int | None], pa.Field]]:
    if as_array:
        own_frame = target.frame == "opencv" and not target.transposed
        title = f"euler_{target.unit}" if kind == "euler" else kind if own_frame else f"{kind}_{target.name}"
        shape = {b"shape": b"3,3"} if kind == "rotmat" else None
        return [((kind, None), pa.field(title, pa.list_(pa.float64(), WIDTHS[kind]), metadata=shape))]
    titles = {
        "euler": [f"{name}_{target.unit}" for name in target.order],
        "quat_xyzw": [f"q{part}" for part in QUATERNION_PARTS],
        "rotmat": [f"r{part}" for part in MATRIX_PARTS],
    }[kind]
    return [((kind, part), pa.field(title, pa.float64())) for part, title in enumerate(titles)]


def _with_unit(title: str, unit: str) -> str:
    """`title` stating `unit`; degrees need not be stated."""
    stated = angle_and_unit(title)[1]
    if stated == unit or (stated is None and unit == "deg"):
        return title
    return f"{_UNIT_AT_END.sub('', title) if stated else title.rstrip()}_{unit}"

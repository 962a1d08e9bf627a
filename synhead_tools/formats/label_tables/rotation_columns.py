"""Which columns of a label file hold the rotation, by what they are called or as the user says.

Titles that are understood, upper or lower case:

- ``pitch``, ``yaw``, ``roll`` (``alpha``, ``beta``, ``gamma`` for proper Euler angles), with the unit behind them or
  without: ``pitch_deg``, ``yaw (rad)``, ``Roll [deg]``; OpenFace's ``pose_Rx``, ``pose_Ry``, ``pose_Rz``, which are
  radians in the convention ``openface``;
- a quaternion: ``qx``, ``quat_x``, ``rotation.x`` and the like, with one prefix for all four;
- a matrix: ``r00`` to ``r22``, ``r11`` to ``r33``, ``m00``, ``rot_00`` and the like: row, then column;
- arrays: ``euler_deg``, ``euler_rad``, ``quat_xyzw``, ``quat_wxyz``, ``rotmat``, and ``pyr`` and ``ypr`` of Biwi+ files
  (conventions ``biwi+`` and ``hopenet``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.text_numbers import is_number
from synhead_tools.geometry.conventions import CONVENTIONS
from synhead_tools.geometry.conventions.convention import ANGLES, PROPER_ANGLES
from synhead_tools.geometry.rotation_labels import WIDTHS

HEAD_TO_CAMERA = "xyz:+++"
"""A convention whose matrices and quaternions are R_head_to_camera, as arrays called rotmat and quat_xyzw are."""
QUATERNION_PARTS = "xyzw"
MATRIX_PARTS = tuple(f"{row}{column}" for row in range(3) for column in range(3))
ADVICE = "name them pitch, yaw, roll, or say which columns they are (--columns)"

_ANGLE = re.compile(
    rf"({'|'.join(ANGLES + PROPER_ANGLES)})[ _]?(?:[(\[]?(?:(deg|rad)(?:rees?|ians?)?|(°))[)\]]?)?", re.IGNORECASE
)
_OPENFACE = {"pose_rx": "pitch", "pose_ry": "yaw", "pose_rz": "roll"}
_QUATERNION = re.compile(r"((?:.*[_. ])?(?:q|quat|quaternion|rot|rotation|orientation)[_.]?)([xyzw])")
_MATRIX = re.compile(r"((?:.*[_. ])?(?:r|m|rot|rotmat|rotation|matrix)[_.]?)([0-3])[_.]?([0-3])")
_ARRAYS = {
    "rotmat": ("rotmat", None, HEAD_TO_CAMERA),
    "quat_xyzw": ("quat_xyzw", None, HEAD_TO_CAMERA),
    "quat_wxyz": ("quat_xyzw", None, HEAD_TO_CAMERA),
    "pyr": ("euler", None, "biwi+"),
    "ypr": ("euler", None, "hopenet"),
    "euler_deg": ("euler", "deg", None),
    "euler_rad": ("euler", "rad", None),
}
"""Kind, unit and convention of arrays by title, the most exact first."""


@dataclass(frozen=True)
class RotationColumns:
    """Where the rotation of a row stands.

    Attributes
    ----------
    kind : str
        ``"euler"``, ``"quat_xyzw"`` or ``"rotmat"``.
    places : tuple of int
        Columns, from 0: as many as the kind has numbers, or one that is an array.
    angles : tuple of str or None
        Which angle each of three columns is. None: columns are pitch, yaw, roll (or alpha, beta, gamma) in this order,
        an array is in the convention's written order.
    unit, convention : str or None
        As the titles say; None where they do not.
    scalar_first : bool
        Whether a quaternion array begins with its scalar; columns are always listed scalar last.
    others : tuple of (int, str)
        Further columns that state the same rotation, which have to be written anew or left out, and their kinds.
    """

    kind: str
    places: tuple[int, ...]
    angles: tuple[str, str, str] | None = None
    unit: str | None = None
    convention: str | None = None
    scalar_first: bool = False
    others: tuple[tuple[int, str], ...] = ()

    @property
    def is_array(self) -> bool:
        """Whether one column holds all numbers."""
        return len(self.places) == 1

    @property
    def restated(self) -> tuple[int, ...]:
        """All columns that state the rotation, these among them."""
        return tuple(sorted([*self.places, *(place for place, _ in self.others)]))

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds in which the file states the rotation, this one among them."""
        stated = {self.kind, *(kind for _, kind in self.others)}
        return tuple(kind for kind in WIDTHS if kind in stated)

    @property
    def names_say_convention(self) -> bool:
        """Whether a title belongs to one convention, so that it must not stay when the convention changes."""
        return self.convention is not None


def find_rotation(schema: pa.Schema, where: str) -> RotationColumns:
    """Rotation columns of a table, by their titles.

    Raises
    ------
    LabelFormatError
        There are none, or more than one set.
    """
    titles = [title.strip() for title in schema.names]
    found = [*_own_arrays(schema, titles), *_by_title(titles, where)]
    if len(found) == 1:
        return found[0]
    if not found:
        _refuse_incomplete(titles, where)
    listed = " and ".join(_shown([titles[place] for place in rotation.places]) for rotation in found)
    raise LabelFormatError(f"{where}: rotations in {listed}; say which columns to convert (--columns)")


def choose_rotation(
    schema: pa.Schema, chosen: Sequence[str], scalar_first: bool, where: str, has_header: bool = True
) -> RotationColumns:
    """Rotation columns as the user says.

    Parameters
    ----------
    schema : Schema
    chosen : sequence of str
        Titles, or numbers from 1: three columns are pitch, yaw, roll (or alpha, beta, gamma) in this order, unless
        their titles say which is which; four a quaternion, nine a matrix row by row; one is an array of so many.
    scalar_first : bool
        Whether a quaternion begins with its scalar.
    where : str
        Named in messages.
    has_header : bool
        Whether titles may be given.

    Raises
    ------
    LabelFormatError
        No such column, or another number of them.
    """
    places = tuple(_place_of(name, schema, where, has_header) for name in chosen)
    if len(set(places)) < len(places):
        raise LabelFormatError(f"{where}: a column is named twice in {', '.join(chosen)}")
    width = array_width(schema.field(places[0]).type) if len(places) == 1 else len(places)
    kind = {size: kind for kind, size in WIDTHS.items()}.get(width)
    if kind is None:
        counted = f"an array of {width}" if len(places) == 1 and width else f"{len(places)} columns"
        raise LabelFormatError(
            f"{where}: {counted} cannot be a rotation; give 3 (Euler angles), 4 (quaternion) or 9 (matrix)"
        )
    if len(places) == 1:
        own = _own_array(schema.names[places[0]], places[0])
        if own is not None and own.kind == kind:
            return replace(own, scalar_first=own.scalar_first or scalar_first)
    if kind != "euler" or len(places) == 1:
        if len(places) == 4 and scalar_first:
            places, scalar_first = (*places[1:], places[0]), False
        return RotationColumns(kind, places, scalar_first=scalar_first)
    said = [angle_and_unit(schema.names[place]) if has_header else (None, None) for place in places]
    names = tuple(name for name, _ in said)
    by_name = set(names) in (set(ANGLES), set(PROPER_ANGLES))  # what a title says counts, in whatever order
    unit = _common_unit([unit for _, unit in said], where)
    return RotationColumns("euler", places, names if by_name else None, unit)


def angle_and_unit(title: str) -> tuple[str | None, str | None]:
    """Which angle a title names, and in which unit; None where it does not say."""
    match = _ANGLE.fullmatch(title.strip())
    if not match:
        return None, None
    name, unit, degree_sign = match.groups()
    return name.lower(), "deg" if degree_sign else unit and unit.lower()


def array_width(kind: pa.DataType) -> int:
    """Numbers per row of an array column, 0 if it is none or they may differ."""
    return kind.list_size if pa.types.is_fixed_size_list(kind) else 0


def _own_arrays(schema: pa.Schema, titles: list[str]) -> list[RotationColumns]:
    """The most exact of the arrays that state the rotation, if any; all of them say the same."""
    nested = [place for place in range(len(schema)) if pa.types.is_nested(schema.field(place).type)]
    arrays = [array for array in (_own_array(titles[place], place) for place in nested) if array]
    order = list(_ARRAYS)
    arrays.sort(key=lambda array: order.index(_stem(titles[array.places[0]])))
    if not arrays:
        return []
    return [replace(arrays[0], others=tuple((array.places[0], array.kind) for array in arrays[1:]))]


def _own_array(title: str, place: int) -> RotationColumns | None:
    """What an array of this title is; ``rotmat_openface`` is a matrix in the frame of `openface`."""
    stem = _stem(title)
    if stem not in _ARRAYS:
        return None
    kind, unit, convention = _ARRAYS[stem]
    convention = title.strip()[len(stem) + 1 :].lower() or convention
    return RotationColumns(kind, (place,), None, unit, convention, stem == "quat_wxyz")


def _stem(title: str) -> str:
    title = title.strip().lower()
    for stem in ("rotmat", "quat_xyzw"):
        if title.startswith(f"{stem}_") and title[len(stem) + 1 :] in CONVENTIONS:
            return stem
    return title


def _by_title(titles: list[str], where: str) -> list[RotationColumns]:
    """Sets of columns of one number each."""
    found = []
    for names in (ANGLES, PROPER_ANGLES):
        angles = [angle_and_unit(title) for title in titles]
        places = [[place for place, (angle, _) in enumerate(angles) if angle == name] for name in names]
        twice = [name for name, hits in zip(names, places, strict=True) if len(hits) > 1]
        if twice and all(places):
            counted = f"{len(places[names.index(twice[0])])} columns called {twice[0]} among {_shown(titles)}"
            raise LabelFormatError(f"{where}: {counted}; name each of {', '.join(names)} once")
        if all(places):
            columns = tuple(hits[0] for hits in places)
            unit = _common_unit([angles[place][1] for place in columns], where)
            found.append(RotationColumns("euler", columns, names, unit))
    lower = [title.lower() for title in titles]
    if all(lower.count(name) == 1 for name in _OPENFACE):
        columns = tuple(lower.index(name) for name in _OPENFACE)
        found.append(RotationColumns("euler", columns, ANGLES, "rad", "openface"))
    for pattern, kind in ((_QUATERNION, "quat_xyzw"), (_MATRIX, "rotmat")):
        sets = _prefixed(lower, pattern, kind)
        found += [RotationColumns(kind, columns) for columns in sets]
    return found


def _prefixed(titles: list[str], pattern: re.Pattern, kind: str) -> list[tuple[int, ...]]:
    """Columns whose titles are one prefix and the parts of a quaternion or matrix, each part once."""
    places: dict[tuple[str, str], int] = {}
    for place, title in enumerate(titles):
        match = pattern.fullmatch(title)
        if match:
            prefix, *parts = match.groups()
            places.setdefault((prefix, "".join(parts)), place)
    prefixes = dict.fromkeys(prefix for prefix, _ in places)
    names = [tuple(QUATERNION_PARTS)] if kind == "quat_xyzw" else [MATRIX_PARTS, _from_one()]
    return [
        tuple(places[prefix, part] for part in parts)
        for prefix in prefixes
        for parts in names
        if all((prefix, part) in places for part in parts)
    ]


def _from_one() -> tuple[str, ...]:
    return tuple(f"{row}{column}" for row in range(1, 4) for column in range(1, 4))


def _common_unit(units: list[str | None], where: str) -> str | None:
    stated = set(units) - {None}
    if len(stated) > 1 or (stated and None in units):
        raise LabelFormatError(f"{where}: the titles of the angles state different units; give all the same")
    return stated.pop() if stated else None


def _place_of(name: str, schema: pa.Schema, where: str, has_header: bool) -> int:
    titles = [title.strip() for title in schema.names] if has_header else []
    for candidates, wanted in ((titles, name.strip()), ([title.lower() for title in titles], name.strip().lower())):
        if candidates.count(wanted) > 1:
            raise LabelFormatError(f"{where}: {candidates.count(wanted)} columns called {name}; give numbers from 1")
        if wanted in candidates:
            return candidates.index(wanted)
    if name.strip().isdecimal() and 1 <= int(name) <= len(schema):
        return int(name) - 1
    listed = _shown(titles) if has_header else f"numbers 1 to {len(schema)}"
    raise LabelFormatError(f"{where}: no column {name.strip()[:40]!r}; there are {listed}")


def _refuse_incomplete(titles: list[str], where: str) -> None:
    if sum(is_number(title) for title in titles) >= len(ANGLES):
        raise LabelFormatError(f"{where}: no header; say which columns, by their numbers from 1 (--columns)")
    angles = [angle_and_unit(title)[0] for title in titles]
    missing = [name for name in ANGLES if name not in angles]
    called = f"no column called {missing[0]}" if missing else "no rotation"
    raise LabelFormatError(f"{where}: {called} among {_shown(titles)}; {ADVICE}")


def _shown(titles: Sequence[str]) -> str:
    listed = ", ".join(titles)
    return listed if len(listed) <= 200 else f"{listed[:200]}..."

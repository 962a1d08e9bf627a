"""Reading a ``head.toml``: every key and value is checked, and what is wrong is named."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.axes import UNITS, axis_vector
from synhead_tools.heads.foreign.raw_mesh import CUTOUT, OPAQUE
from synhead_tools.heads.foreign.recipe import (
    AUTO,
    FILE_NAME,
    LONGEST_NAME_BYTES,
    ORIGINS,
    POINT_COUNTS,
    REGION_NAMES,
    ForeignRecipe,
    LandmarkRule,
    PartRule,
)
from synhead_tools.input_files import read_input

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPE_BYTES_LIMIT = 1 << 20
LONGEST_TEXT = 2000


def read_foreign_recipe(path: str | Path, mesh: str | None = None) -> ForeignRecipe:
    """Read a ``head.toml``.

    Parameters
    ----------
    path : path
    mesh : str or None
        Name of the mesh file in the place of the one told.

    Raises
    ------
    HeadError
        The file is missing, is no TOML, or a key is unknown, missing or wrong; the message names file and key.
    """
    data = read_input(path, RECIPE_BYTES_LIMIT, HeadError, "give a head.toml as docs/heads.md describes it")
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise HeadError(f"{path} is no TOML: {str(error):.200}; mend it") from None
    return recipe_from_values(values | ({} if mesh is None else {"mesh": mesh}), str(path))


def is_foreign_recipe(path: str | Path) -> bool:
    """Whether a TOML file tells about a foreign mesh; a file that is none, or cannot be read, does not."""
    try:
        data = read_input(path, RECIPE_BYTES_LIMIT, HeadError, "")
        return "mesh" in tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # among them ours: whoever reads the file as something else will say it
        return Path(path).name == FILE_NAME


def recipe_from_values(values: dict[str, Any], where: str) -> ForeignRecipe:
    """Check the values of a ``head.toml`` and return the recipe; `where` names it in messages.

    Raises
    ------
    HeadError
        A key is unknown, missing or wrong.
    """
    _check_keys(values, ForeignRecipe, where)
    if not isinstance(values.get("mesh"), str):
        raise HeadError(f"{where}: key 'mesh' is missing; give the name of the mesh file")
    values = dict(values)
    for key in ("name", "licence", "unit"):
        if key in values:
            values[key] = _text(values[key], key, where)
    if values.get("unit", AUTO) not in (AUTO, *UNITS):
        raise HeadError(f"{where}: unit = {values['unit']!r:.40} is unknown; known: {', '.join((AUTO, *UNITS))}")
    for key in ("left", "up", "front"):
        if key in values:
            axis_vector(values[key], f"{where}: {key}")
            values[key] = values[key] if isinstance(values[key], str) else tuple(map(float, values[key]))
    values["origin"] = _origin(values.get("origin", AUTO), where)
    _check_type(values.get("textures", True), bool, "textures", where)
    values["parts"] = _part_rules(values.get("parts", {}), where)
    values["landmarks"] = _landmark_rule(values.get("landmarks", {}), where)
    source = _table(values.get("source", {}), "source", where)
    values["source"] = tuple((key, _text(value, f"source.{key}", where)) for key, value in source.items())
    check_name(values.get("name"), where)
    return ForeignRecipe(**values)


def check_name(name: str | None, where: str) -> None:
    """Check that a head's name fits the column ``head_id``."""
    if name is not None and not 1 <= len(name.encode("utf-8")) <= LONGEST_NAME_BYTES:
        raise HeadError(f"{where}: name {name!r:.60} takes {len(name.encode())} bytes; give 1 to {LONGEST_NAME_BYTES}")


def _check_keys(values: dict[str, Any], kind: type, where: str) -> None:
    known = [entry.name for entry in fields(kind)]
    for key in values:
        if key not in known:
            raise HeadError(f"{where}: unknown key {key!r:.60}; known: {', '.join(known)}")


def _check_type(value: Any, kind: type, key: str, where: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise HeadError(f"{where}: {key} = {value!r:.60} is no {kind.__name__}; mend it")


def _table(value: Any, key: str, where: str) -> dict[str, Any]:
    _check_type(value, dict, key, where)
    return value


def _text(value: Any, key: str, where: str) -> str:
    _check_type(value, str, key, where)
    text = " ".join(value.split())
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise HeadError(f"{where}: {key} is {text[:40]!r}; give 1 to {LONGEST_TEXT} printable characters")
    return text


def _origin(value: Any, where: str) -> str | tuple[float, float, float]:
    if isinstance(value, str) and value in ORIGINS:
        return value
    if isinstance(value, (list, tuple)):
        return _point(value, f"{where}: origin")
    raise HeadError(f"{where}: origin = {value!r:.60} is unknown; give three numbers, or one of {', '.join(ORIGINS)}")


def _point(value: Any, what: str) -> tuple[float, float, float]:
    good = isinstance(value, (list, tuple)) and len(value) == 3
    if not good or not all(isinstance(n, (int, float)) and not isinstance(n, bool) and abs(n) < 1e9 for n in value):
        raise HeadError(f"{what} has {value!r:.60}, not three numbers; mend it")
    return tuple(float(number) for number in value)


def _part_rules(table: Any, where: str) -> tuple[tuple[str, PartRule], ...]:
    rules = []
    for name, values in _table(table, "parts", where).items():
        what = f"{where}: parts.{name!r:.60}"
        _check_type(values, dict, "", what)
        _check_keys(values, PartRule, what)
        if values.get("region") not in (None, *REGION_NAMES):
            raise HeadError(f"{what}: region = {values['region']!r:.40} is unknown; known: {', '.join(REGION_NAMES)}")
        if values.get("alpha", AUTO) not in (AUTO, OPAQUE, CUTOUT):
            raise HeadError(f"{what}: alpha = {values['alpha']!r:.40} is unknown; known: {AUTO}, {OPAQUE}, {CUTOUT}")
        cutoff = values.get("alpha_cutoff", 0.5)
        if isinstance(cutoff, bool) or not isinstance(cutoff, (int, float)) or not 0 <= cutoff <= 1:
            raise HeadError(f"{what}: alpha_cutoff = {cutoff!r:.40} must be from 0 to 1")
        for key in ("two_sided", "shown"):
            _check_type(values.get(key, True), bool, key, what)
        rules.append((name, PartRule(**values)))
    return tuple(rules)


def _landmark_rule(table: Any, where: str) -> LandmarkRule:
    values = dict(_table(table, "landmarks", where))
    _check_keys(values, LandmarkRule, where)
    for key, count in POINT_COUNTS.items():
        if key not in values:
            continue
        rows, what = values[key], f"{where}: landmarks.{key}"
        if not isinstance(rows, list) or len(rows) != count:
            have = len(rows) if isinstance(rows, list) else repr(rows)[:40]
            raise HeadError(f"{what} has {have} entries; give {count}")
        if key.startswith("points"):
            values[key] = tuple(_point(row, what) for row in rows)
        elif all(isinstance(row, int) and not isinstance(row, bool) and 0 <= row < 2**31 for row in rows):
            values[key] = tuple(rows)
        else:
            raise HeadError(f"{what} must be whole numbers from 0 on")
    for count in (5, 68):
        if f"points{count}" in values and f"vertices{count}" in values:
            raise HeadError(f"{where}: landmarks has points{count} and vertices{count}; give one of them")
    for key in ("part", "file"):
        if key in values:
            values[key] = _text(values[key], f"landmarks.{key}", where)
    return LandmarkRule(**values)

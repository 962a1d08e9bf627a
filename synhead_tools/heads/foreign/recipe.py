"""``head.toml``: what has to be told about a foreign mesh before it is a head."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

from synhead_tools.heads.foreign.axes import Axis
from synhead_tools.heads.regions import Region

FILE_NAME = "head.toml"
LONGEST_NAME_BYTES = 16

AUTO = "auto"
ORIGINS = (AUTO, "eyes", "fit", "centroid")
UNKNOWN_LICENCE = "unknown"
REGION_NAMES = tuple(region.name.lower() for region in Region if region != Region.BACKGROUND)
POINT_COUNTS = {"points5": 5, "points68": 68, "vertices5": 5, "vertices68": 68}


@dataclass(frozen=True)
class PartRule:
    """What is told about one part.

    Attributes
    ----------
    region : str or None
        Name of its region; None guesses from the part's name.
    alpha : str
        ``opaque``, ``cutout``, or ``auto``: as the file says.
    alpha_cutoff : float or None
    two_sided : bool or None
    shown : bool
        Whether the part belongs to the head at all.
    """

    region: str | None = None
    alpha: str = AUTO
    alpha_cutoff: float | None = None
    two_sided: bool | None = None
    shown: bool = True


@dataclass(frozen=True)
class LandmarkRule:
    """Where the landmarks are: points in the file's axes and unit, or numbers of the file's vertices from 0.

    Attributes
    ----------
    points5, points68 : tuple of 3-tuples or None
        In the orders of `synhead_tools.heads.head.Head`.
    vertices5, vertices68 : tuple of int or None
    part : str or None
        The part whose vertices are counted, where the file has several that count each for itself.
    file : str or None
        A JSON file beside, with ``points5`` or ``landmarks68`` in the mesh's axes and unit.
    """

    points5: tuple[tuple[float, float, float], ...] | None = None
    points68: tuple[tuple[float, float, float], ...] | None = None
    vertices5: tuple[int, ...] | None = None
    vertices68: tuple[int, ...] | None = None
    part: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class ForeignRecipe:
    """Everything told about a foreign mesh.

    Attributes
    ----------
    mesh : str
        Name of the mesh file, beside the recipe.
    name : str or None
        Of the head, at most 16 bytes; None takes it from the file.
    licence : str
    unit : str
        ``mm``, ``cm``, ``dm``, ``m``, or ``auto``: the one that makes it a head's size.
    left, up, front : axis or None
        See `synhead_tools.heads.foreign.axes.file_to_head`; those not told are guessed.
    origin : str or tuple of 3 floats
        What lies midway between the eyeballs: a point in the file's axes and unit; ``eyes``, from the landmarks;
        ``fit``, of the base head laid into the mesh; ``centroid`` of the surface; or ``auto``, ``eyes`` where there
        are landmarks and else ``fit``.
    textures : bool
        Whether materials and pictures are read.
    parts : tuple of (str, PartRule)
    landmarks : LandmarkRule
    source : tuple of (str, str)
        Where the mesh comes from, for people.
    """

    mesh: str
    name: str | None = None
    licence: str = UNKNOWN_LICENCE
    unit: str = AUTO
    left: Axis | None = None
    up: Axis | None = None
    front: Axis | None = None
    origin: str | tuple[float, float, float] = AUTO
    textures: bool = True
    parts: tuple[tuple[str, PartRule], ...] = ()
    landmarks: LandmarkRule = field(default_factory=LandmarkRule)
    source: tuple[tuple[str, str], ...] = ()

    def rule(self, part: str) -> PartRule:
        """Return what is told about a part."""
        return dict(self.parts).get(part, PartRule())

    def to_toml(self) -> str:
        """Return the canonical TOML text: keys in the order of the class, tables last; what is not told is left out."""
        plain = ("mesh", "name", "licence", "unit", "left", "up", "front", "origin", "textures")
        lines = [f"{key} = {_toml(getattr(self, key))}" for key in plain if getattr(self, key) is not None]
        for name, rule in self.parts:
            lines += ["", f"[parts.{_toml(name)}]", *_toml_lines(rule)]
        if _toml_lines(self.landmarks):
            lines += ["", "[landmarks]", *_toml_lines(self.landmarks)]
        if self.source:
            lines += ["", "[source]", *(f"{_toml(key)} = {_toml(value)}" for key, value in self.source)]
        return "\n".join(lines) + "\n"


def _toml_lines(rule: PartRule | LandmarkRule) -> list[str]:
    values = {entry.name: getattr(rule, entry.name) for entry in fields(rule)}
    plain = {entry.name: entry.default for entry in fields(rule)}
    return [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None and value != plain[key]]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, int) else repr(float(value))

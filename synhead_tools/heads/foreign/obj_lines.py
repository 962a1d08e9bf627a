"""The lines of a Wavefront OBJ file as arrays, with every number checked where it stands."""

from __future__ import annotations

import io
import os
from array import array
from dataclasses import dataclass, field

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.raw_mesh import MAX_TRIANGLES, MAX_VERTICES

_MAX_CORNERS = 4096


@dataclass
class ObjLines:
    """What the lines say, in their order; flat arrays, for files have millions of them.

    Attributes
    ----------
    where : str
    vertices, uv, normals : array of float
        Three, two and three numbers each.
    colours : array of float
        Red, green, blue of the vertices that have them.
    corners : array of int
        Vertex, uv and normal of each corner of each triangle, from 0; -1 where there is none.
    materials, things : dict of str to int
        Names after ``usemtl``, and after ``o`` or ``g``, with their numbers; "" before the first.
    triangle_material, triangle_thing : array of int
        Their numbers, one per triangle.
    libraries : list of str
        Names after ``mtllib``.
    """

    where: str
    vertices: array = field(default_factory=lambda: array("d"))
    uv: array = field(default_factory=lambda: array("d"))
    normals: array = field(default_factory=lambda: array("d"))
    colours: array = field(default_factory=lambda: array("d"))
    corners: array = field(default_factory=lambda: array("q"))
    materials: dict[str, int] = field(default_factory=lambda: {"": 0})
    things: dict[str, int] = field(default_factory=lambda: {"": 0})
    triangle_material: array = field(default_factory=lambda: array("q"))
    triangle_thing: array = field(default_factory=lambda: array("q"))
    libraries: list[str] = field(default_factory=list)

    def corner_array(self) -> np.ndarray:
        """Return `corners` as (T, 3, 3) int64: triangle, corner, (vertex, uv, normal).

        Raises
        ------
        HeadError
            A corner names something that is not there.
        """
        corners = np.frombuffer(self.corners, np.int64).reshape(-1, 3, 3) if self.corners else np.zeros((0, 3, 3), int)
        there = (len(self.vertices) // 3, len(self.uv) // 2, len(self.normals) // 3)
        for column, (what, count) in enumerate(zip(("v", "vt", "vn"), there, strict=True)):
            highest = int(corners[..., column].max(initial=-1))
            if highest >= count:
                raise HeadError(f"{self.where}: a face names {what} number {highest + 1} of {count}; export it anew")
        return corners


def read_obj_lines(data: bytes, where: str) -> ObjLines:
    """Read the lines of an OBJ file.

    Raises
    ------
    HeadError
        A line cannot be understood; the message gives its number.
    """
    lines = ObjLines(where)
    material = thing = 0
    # a backslash at the end of a line joins it with the next; the line numbers in messages then lag behind
    for number, raw in enumerate(io.BytesIO(data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")), 1):
        words = raw.split()
        kind = words[0] if words else b"#"
        try:
            if kind == b"v":
                _add_vertex(lines, words)
            elif kind == b"vt":
                lines.uv.extend((float(words[1]), float(words[2]) if len(words) > 2 else 0.0))
            elif kind == b"vn":
                lines.normals.extend((float(words[1]), float(words[2]), float(words[3])))
            elif kind == b"f":
                _add_polygon(lines, words, material, thing)
            elif kind == b"usemtl":
                material = lines.materials.setdefault(_rest(raw), len(lines.materials))
            elif kind in (b"o", b"g"):
                thing = lines.things.setdefault(_rest(raw), len(lines.things))
            elif kind == b"mtllib":
                lines.libraries.append(_rest(raw))
        except HeadError as error:
            raise HeadError(f"{where}, line {number}: {error}") from None
        except (ValueError, IndexError, OverflowError):
            shown = ascii(raw[:60].decode("latin-1").strip())
            raise HeadError(f"{where}, line {number}: {shown} cannot be understood; export the mesh anew") from None
    return lines


def _rest(raw: bytes) -> str:
    words = raw.split(maxsplit=1)
    return os.fsdecode(words[1].strip()) if len(words) > 1 else ""


def _add_vertex(lines: ObjLines, words: list[bytes]) -> None:
    lines.vertices.extend((float(words[1]), float(words[2]), float(words[3])))
    if len(words) == 7:
        lines.colours.extend((float(words[4]), float(words[5]), float(words[6])))
    if len(lines.vertices) > 3 * MAX_VERTICES:
        raise HeadError(f"more than {MAX_VERTICES} vertices; simplify the mesh")


def _add_polygon(lines: ObjLines, words: list[bytes], material: int, thing: int) -> None:
    """Add the triangles of a fan from the polygon's first corner."""
    if not 4 <= len(words) <= _MAX_CORNERS:
        raise HeadError(f"a face has {len(words) - 1} corners; give 3 to {_MAX_CORNERS - 1}")
    so_far = (len(lines.vertices) // 3, len(lines.uv) // 2, len(lines.normals) // 3)
    first, second, *others = [_corner(word, so_far) for word in words[1:]]
    for third in others:
        lines.corners.extend(first + second + third)
        second = third
        lines.triangle_material.append(material)
        lines.triangle_thing.append(thing)
    if len(lines.triangle_thing) > MAX_TRIANGLES:
        raise HeadError(f"more than {MAX_TRIANGLES} triangles; simplify the mesh")


def _corner(word: bytes, so_far: tuple[int, int, int]) -> tuple[int, int, int]:
    """Indices from 0 of ``v``, ``v/vt``, ``v//vn`` or ``v/vt/vn``: -1 where there is none.

    Numbers count from 1, or if negative back from the last one so far.
    """
    parts = [int(part) if part else None for part in word.split(b"/")]
    if len(parts) > 3 or parts[0] is None:
        raise ValueError
    indices = [-1, -1, -1]
    for place, number in enumerate(parts):
        if number is None:
            continue
        index = number - 1 if number > 0 else so_far[place] + number
        if number == 0 or index < 0:
            raise HeadError(f"a face names number {number} with {so_far[place]} there so far; export the mesh anew")
        indices[place] = index
    return tuple(indices)

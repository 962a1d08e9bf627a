"""Wavefront OBJ with its materials.

Read here and not by trimesh, which (5.2) counts relative vertex numbers from the end of the file instead of from
their line, forgets the vertices' numbers, and goes on without pictures that it cannot find.
"""

from __future__ import annotations

from array import array

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.mtl import Material, read_mtl
from synhead_tools.heads.foreign.obj_lines import ObjLines, read_obj_lines
from synhead_tools.heads.foreign.pictures import PictureShelf
from synhead_tools.heads.foreign.raw_mesh import MAX_PARTS, RawMesh, RawPart

MAX_BYTES = 1 << 28


def read_obj(data: bytes, where: str, files: FolderFiles, textures: bool = True) -> RawMesh:
    """Return the mesh of an OBJ file.

    Parts are its materials; without any, its objects or groups. Polygons are cut into fans of triangles. Vertices may
    carry colours behind their coordinates.

    Parameters
    ----------
    data : bytes
    where : str
        Names the file in messages.
    files : FolderFiles
        Where the material file and the pictures it names are.
    textures : bool
        Whether to read material files at all.

    Raises
    ------
    HeadError
        A line that cannot be understood, or a file that it names and that cannot be read.
    """
    lines = read_obj_lines(data, where)
    corners = lines.corner_array()
    by_material = len(lines.materials) > 1
    names = list(lines.materials if by_material else lines.things)
    group = np.array(lines.triangle_material if by_material else lines.triangle_thing, np.int64)
    used = np.unique(group).tolist()
    if len(used) > MAX_PARTS:
        raise HeadError(f"{where} has {len(used)} materials or objects, more than {MAX_PARTS}; join some")
    shelf = PictureShelf()
    materials: dict[str, Material] = {}
    for library in lines.libraries if textures else ():
        materials |= read_mtl(library, where, files, shelf)
    vertices, colours = _rows(lines.vertices, 3), _vertex_colours(lines)
    parts = tuple(
        _part(names[number], corners[group == number], lines, vertices, colours, materials.get(names[number]))
        for number in used
    )
    missing = [names[n] for n in used if names[n] not in materials] if textures and by_material else []
    notes = (f"no material file describes {', '.join(missing)}: drawn grey",) if missing else ()
    return RawMesh(parts, tuple(shelf.pictures), vertices, notes=notes)


def _rows(numbers: array, width: int) -> np.ndarray:
    return np.array(numbers, np.float64).reshape(-1, width)


def _vertex_colours(lines: ObjLines) -> np.ndarray | None:
    """Colours (V, 4) uint8 if every vertex has one; written from 0 to 1, by some from 0 to 255."""
    if not lines.colours or len(lines.colours) < len(lines.vertices):
        return None
    rgb = np.nan_to_num(_rows(lines.colours, 3))
    rgb = np.clip(rgb if rgb.max() > 1 else rgb * 255, 0, 255).round().astype(np.uint8)
    return np.concatenate([rgb, np.full((len(rgb), 1), 255, np.uint8)], axis=1)


def _unique_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different rows (U, 3) of integers from -1 on, sorted, and the number of each row's own.

    `numpy.unique` does it too, by comparing rows; numbers are compared ten times as fast.
    """
    _, first, key = np.unique(rows[:, 0] + 1, return_index=True, return_inverse=True)
    for column in (1, 2):
        width = int(rows[:, column].max()) + 2
        _, first, key = np.unique(key * width + rows[:, column] + 1, return_index=True, return_inverse=True)
    return rows[first], key


def _part(
    name: str, corners: np.ndarray, lines: ObjLines, vertices: np.ndarray, colours: np.ndarray | None,
    material: Material | None,
) -> RawPart:  # fmt: skip
    """A part with one vertex for each (vertex, uv, normal) that its corners name."""
    unique, index = _unique_rows(corners.reshape(-1, 3))
    has_uv, has_normals = unique[:, 1].min() >= 0, unique[:, 2].min() >= 0
    material = material or Material()
    plain = colours is None or material.picture is not None
    return RawPart(
        name=name or "mesh",
        vertices=vertices[unique[:, 0]],
        triangles=index.reshape(-1, 3),
        normals=_rows(lines.normals, 3)[unique[:, 2]] if has_normals else None,
        uv=_rows(lines.uv, 2)[unique[:, 1]] * [1, -1] + [0, 1] if has_uv else None,  # v runs up in OBJ
        corner_rgba=None if plain else colours[corners[:, :, 0]],
        rgb=material.rgb if plain and material.picture is None else (1.0, 1.0, 1.0),
        picture=material.picture if has_uv else None,
        alpha_mode=material.alpha_mode,
    )

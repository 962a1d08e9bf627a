"""PLY and STL through trimesh, which knows their dialects, after a look at what their headers promise."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.mtl import GREY, PICTURE_BYTES_LIMIT
from synhead_tools.heads.foreign.pictures import PictureShelf
from synhead_tools.heads.foreign.raw_mesh import MAX_TRIANGLES, MAX_VERTICES, RawMesh, RawPart

MAX_BYTES = 1 << 29

_HEADER_BYTES = 1 << 16
_PLY_BYTES = {
    "char": 1, "int8": 1, "uchar": 1, "uint8": 1, "short": 2, "int16": 2, "ushort": 2, "uint16": 2, "float16": 2,
    "int": 4, "int32": 4, "uint": 4, "uint32": 4, "float": 4, "float32": 4, "double": 8, "float64": 8, "int64": 8,
    "uint64": 8,
}  # fmt: skip
_LIMITS = {"vertex": MAX_VERTICES, "face": MAX_TRIANGLES}


def read_ply(data: bytes, where: str, files: FolderFiles, textures: bool = True) -> RawMesh:
    """Return the mesh of a PLY file: one part, with the picture its header names, or colours of vertices or faces.

    Parameters
    ----------
    data : bytes
    where : str
        Names the file in messages.
    files : FolderFiles
        Where the picture is.
    textures : bool
        Whether to read it.

    Raises
    ------
    HeadError
        The header promises more than there is, or something that cannot be understood.
    """
    header = _check_ply_header(data, where)
    picture_name = header.picture
    mesh = _load(data, "ply", where)
    shelf = PictureShelf()
    uv = getattr(mesh.visual, "uv", None)
    textured = textures and picture_name is not None and uv is not None
    picture = (
        shelf.add(picture_name, files.read(picture_name, where, PICTURE_BYTES_LIMIT), picture_name)
        if textured
        else None
    )
    colours = None if textured else _corner_colours(mesh)
    part = RawPart(
        name="mesh",
        vertices=np.array(mesh.vertices, np.float64),
        triangles=np.array(mesh.faces, np.int64),
        # where the file has none, trimesh makes them up
        normals=np.array(mesh.vertex_normals, np.float64) if header.has_normals else None,
        uv=np.array(uv, np.float64) * [1, -1] + [0, 1] if textured else None,  # trimesh's v runs up
        corner_rgba=colours,
        rgb=GREY if colours is None and not textured else (1.0, 1.0, 1.0),
        picture=picture,
    )
    # where texture coordinates cut vertices apart, the file's numbers are lost
    return RawMesh((part,), tuple(shelf.pictures), part.vertices if len(part.vertices) == header.vertices else None)


def read_stl(data: bytes, where: str, files: FolderFiles, textures: bool = True) -> RawMesh:
    """Return the mesh of an STL file, in one grey part; corners at one place become one vertex.

    The parameters are those of `read_ply`; an STL file names no other files.

    Raises
    ------
    HeadError
        The header promises more than there is.
    """
    _check_stl_header(data, where)
    mesh = _load(data, "stl", where)
    corners = np.array(mesh.vertices, np.float64)[np.array(mesh.faces, np.int64)].reshape(-1, 3)
    vertices, index = np.unique(corners, axis=0, return_inverse=True)
    return RawMesh((RawPart("mesh", vertices, index.reshape(-1, 3), rgb=GREY),))


def _load(data: bytes, kind: str, where: str) -> Any:
    import trimesh

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            mesh = trimesh.load(io.BytesIO(data), file_type=kind, process=False, force="mesh", skip_materials=True)
        if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
            raise HeadError(f"{where} has no triangles; a head needs a surface, not points")
    except HeadError:
        raise
    except Exception as error:  # whatever a damaged file leads to
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise HeadError(f"{where} is damaged or of a dialect that is not known ({said:.120}); export it anew") from None
    return mesh


def _corner_colours(mesh: Any) -> np.ndarray | None:
    """Colours (T, 3, 4) uint8 of the triangles' corners; None where the file has none."""
    if mesh.visual.kind == "face":
        return np.repeat(np.array(mesh.visual.face_colors, np.uint8)[:, None], 3, axis=1)
    if mesh.visual.kind == "vertex":
        return np.array(mesh.visual.vertex_colors, np.uint8)[np.array(mesh.faces)]
    return None


@dataclass(frozen=True)
class _PlyHeader:
    vertices: int
    has_normals: bool
    picture: str | None


def _check_ply_header(data: bytes, where: str) -> _PlyHeader:
    """Read a header; refuse what cannot be in the file."""
    end = data.find(b"end_header", 0, _HEADER_BYTES)
    if not data.startswith(b"ply") or end < 0:
        raise HeadError(f"{where} is no PLY file, or its header has no end; export it anew")
    counts, row_bytes, names, element, picture, binary = {}, {}, set(), "", None, True
    for line in data[:end].decode("utf-8", "surrogateescape").splitlines()[1:]:
        words = line.split() or ["comment"]
        if words[0] == "format":
            binary = "ascii" not in words
        elif words[0] == "element" and len(words) == 3 and words[2].isdecimal() and len(words[2]) < 20:
            element = words[1]
            counts[element], row_bytes[element] = int(words[2]), 0
        elif words[0] == "property" and element and all(word in _PLY_BYTES for word in _types(words)):
            # of a list at least its length is there; as text each value takes a digit and a blank
            row_bytes[element] += _PLY_BYTES[_types(words)[0]] if binary else 2
            names |= {words[-1]} if element == "vertex" else set()
        elif words[0] == "comment":
            found = line.lower().find("texturefile")
            picture = line[found + len("texturefile") :].strip() if found >= 0 else picture
        elif words[0] != "obj_info":
            raise HeadError(f"{where}: {ascii(line[:60])} in the header cannot be understood; export it anew")
    for element, count in counts.items():
        if count > _LIMITS.get(element, MAX_VERTICES):
            raise HeadError(f"{where} says it has {count} rows of {element!r:.40}; simplify the mesh")
        if count and not row_bytes[element]:
            raise HeadError(f"{where}: {element!r:.40} has no properties; export the mesh anew")
    promised = sum(count * row_bytes[element] for element, count in counts.items())
    if promised > len(data) - end:
        raise HeadError(f"{where} is cut short: its header promises {promised} bytes, {len(data) - end} follow")
    if not counts.get("vertex") or not counts.get("face"):
        raise HeadError(f"{where} has no triangles; a head needs a surface, not points")
    return _PlyHeader(counts["vertex"], {"nx", "ny", "nz"} <= names, picture)


def _types(words: list[str]) -> list[str]:
    return words[2:4] if len(words) == 5 and words[1] == "list" else words[1:2] if len(words) == 3 else ["?"]


def _check_stl_header(data: bytes, where: str) -> None:
    count = struct.unpack("<I", data[80:84])[0] if len(data) >= 84 else -1
    if len(data) == 84 + 50 * count:
        if not 0 < count <= MAX_TRIANGLES:
            raise HeadError(f"{where} has {count} triangles; give 1 to {MAX_TRIANGLES}")
    elif data.lstrip()[:5].lower() != b"solid" or b"facet" not in data[:4096].lower():
        promised = f": its header promises {count} triangles" if count >= 0 else ""
        raise HeadError(f"{where} is no STL file, or cut short{promised}; export it anew")
    elif data.count(b"vertex") > 3 * MAX_TRIANGLES:
        raise HeadError(f"{where} has more than {MAX_TRIANGLES} triangles; simplify the mesh")

"""A mesh file as its reader understood it: parts in the file's own axes and unit, pictures, and which files it took."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

#: More than this is no head. A scan of a tenth of it has everything that a picture shows.
MAX_VERTICES = 4_000_000
MAX_TRIANGLES = 4_000_000
MAX_PARTS = 64

OPAQUE, CUTOUT = "opaque", "cutout"

_OPTIONAL = ("normals", "uv", "corner_rgba")


@dataclass(frozen=True, eq=False)
class RawPart:
    """Triangles that share a material.

    Attributes
    ----------
    name : str
        Unlike that of every other part.
    vertices : (V, 3) float64
    triangles : (T, 3) int64
        Counter-clockwise seen from outside, so far as the file is right.
    normals : (V, 3) float64 or None
    uv : (V, 2) float64 or None
        u right, v down from the picture's top-left corner; outside of 0..1 the picture repeats.
    corner_rgba : (T, 3, 4) uint8 or None
        sRGB colours of the triangles' corners.
    rgb : tuple of 3 floats
        Linear colour that multiplies picture and corner colours, 0 to 1.
    picture : int or None
        Number of the part's picture in `RawMesh.pictures`.
    alpha_mode : str or None
        ``opaque``, ``cutout``, or None where the file does not say.
    alpha_cutoff : float
    two_sided : bool
    specular, gloss : float or None
        Highlight at normal incidence and Blinn-Phong exponent, where the file has something like them.
    """

    name: str
    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray | None = None
    uv: np.ndarray | None = None
    corner_rgba: np.ndarray | None = None
    rgb: tuple[float, float, float] = (1.0, 1.0, 1.0)
    picture: int | None = None
    alpha_mode: str | None = None
    alpha_cutoff: float = 0.5
    two_sided: bool = False
    specular: float | None = None
    gloss: float | None = None


@dataclass(frozen=True, eq=False)
class RawMesh:
    """A whole mesh file.

    Attributes
    ----------
    parts : tuple of RawPart
    pictures : tuple of (H, W, 4) uint8 arrays
        sRGB colour and straight alpha.
    points : (N, 3) float64 or None
        Vertices by the numbers the file knows them by, counted from 0; None where it has no such numbers.
    files : dict of str to str
        Every file that was read, by its name beside the mesh, with its SHA-256.
    notes : tuple of str
        What was left out or guessed, for people.
    """

    parts: tuple[RawPart, ...]
    pictures: tuple[np.ndarray, ...] = ()
    points: np.ndarray | None = None
    files: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def pack_raw_mesh(mesh: RawMesh, file: BinaryIO) -> None:
    """Write a mesh to a binary file; `unpack_raw_mesh` takes it back."""
    arrays, parts = {}, []
    for number, part in enumerate(mesh.parts):
        values = dict(vars(part))
        for name in ("vertices", "triangles", *_OPTIONAL):
            array = values.pop(name)
            if array is not None:
                arrays[f"{number}/{name}"] = array
        parts.append(values)
    arrays |= {f"picture/{number}": picture for number, picture in enumerate(mesh.pictures)}
    if mesh.points is not None:
        arrays["points"] = mesh.points
    facts = {"parts": parts, "pictures": len(mesh.pictures), "files": mesh.files, "notes": mesh.notes}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez(file, **arrays)


def unpack_raw_mesh(file: BinaryIO | bytes) -> RawMesh:
    """Inverse of `pack_raw_mesh`."""
    with np.load(io.BytesIO(file) if isinstance(file, bytes) else file, allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        parts = []
        for number, values in enumerate(facts["parts"]):
            given = {name: arrays[f"{number}/{name}"] for name in ("vertices", "triangles")}
            given |= {name: arrays[f"{number}/{name}"] for name in _OPTIONAL if f"{number}/{name}" in arrays}
            parts.append(RawPart(**{**values, "rgb": tuple(values["rgb"])}, **given))
        return RawMesh(
            parts=tuple(parts),
            pictures=tuple(arrays[f"picture/{number}"] for number in range(facts["pictures"])),
            points=arrays.get("points"),
            files=facts["files"],
            notes=tuple(facts["notes"]),
        )

"""The dense face mesh: the same thousand vertices and triangles on every head made from a recipe.

Its vertices are vertices of MakeHuman's base mesh, where subdivision puts them, and the two pupils. It reaches from
the hairline to below the chin and from ear to ear, and is a disc without holes: each eye is covered by a fan of
triangles from the rims of the lids to the pupil, the mouth by a strip between the lips, deep inside.

Numbers and triangles never change: networks that were trained with the mesh depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import load_geometry, read_arrays
from synhead_tools.heads.bust import bust_topology
from synhead_tools.heads.eyeballs import pupils
from synhead_tools.heads.head import Head

_FILE = "face_mesh.npz"
_UV_SCALE = 65535.0
_PUPILS = 2


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """What is the same for all heads.

    Attributes
    ----------
    hm08_vertices : (M,) int64
        Number of each vertex in MakeHuman's base mesh hm08, ascending; the last two, -1 and -2, are the subject's
        right and left pupil.
    base_vertices : (M,) int64
        Number of each vertex in `synhead_tools.heads.assets.Geometry`; of no meaning for the pupils.
    triangles : (T, 3) int64
        Counter-clockwise seen from outside.
    mirror : (M,) int64
        The vertex at the mirrored place; ``mirror[mirror]`` is the order itself.
    landmarks68, points5 : (68,) int64, (5,) int64
        Vertices of the 68 points in iBUG order, and of right pupil, left pupil, nose tip, right and left mouth
        corner: all are vertices of the mesh, none is an approximation.
    vertex_region, triangle_region : (M,) uint8, (T,) uint8
        `synhead_tools.heads.regions.Region`: skin, nose, lip, eyelid or eye. Borders follow edges of the mesh.
    uv : (M, 2) float64
        The mesh laid flat, one-to-one, in 0..1: u right (towards the subject's left), v down. Mirrored vertices have
        u and 1 - u. Not the coordinates of the skin's texture.
    mean_m : (M, 3) float64
        An average face: half woman, half man, a third each of the ancestries, 40 years; head frame, metres.
    """

    hm08_vertices: np.ndarray
    base_vertices: np.ndarray
    triangles: np.ndarray
    mirror: np.ndarray
    landmarks68: np.ndarray
    points5: np.ndarray
    vertex_region: np.ndarray
    triangle_region: np.ndarray
    uv: np.ndarray
    mean_m: np.ndarray


@lru_cache(maxsize=1)
def load_face_mesh() -> FaceMesh:
    """Read the mesh (5 ms, then cached); do not write into its arrays, they are shared.

    Raises
    ------
    HeadError
        The file is missing or is not the one this version was written for.
    """
    data = read_arrays(_FILE)
    vertices, triangles = len(data["hm08_vertices"]), len(data["triangles"])
    shapes = {
        "base_vertices": (vertices,), "triangles": (triangles, 3), "mirror": (vertices,), "landmarks68": (68,),
        "points5": (5,), "vertex_region": (vertices,), "triangle_region": (triangles,), "uv": (vertices, 2),
        "mean_m": (vertices, 3),
    }  # fmt: skip
    limits = dict.fromkeys(("triangles", "mirror", "landmarks68", "points5"), vertices)
    limits["base_vertices"] = len(load_geometry().vertices_dm)
    for name, shape in shapes.items():
        array, limit = data[name], limits.get(name)
        fits = limit is None or (array.dtype.kind in "iu" and array.size and 0 <= array.min() <= array.max() < limit)
        if array.shape != shape or not fits:
            raise HeadError(f"head data {data.path}: {name} does not fit the other arrays; get the file anew")
    numbers = ("hm08_vertices", "base_vertices", "triangles", "mirror", "landmarks68", "points5")
    return FaceMesh(
        vertex_region=data["vertex_region"],
        triangle_region=data["triangle_region"],
        uv=data["uv"] / _UV_SCALE,
        mean_m=data["mean_m"].astype(np.float64),
        **{name: data[name].astype(np.int64) for name in numbers},
    )


def face_mesh_points(base_vertices: np.ndarray, vertices_dm: np.ndarray, neutral_dm: np.ndarray) -> np.ndarray:
    """Return the mesh's vertices (M, 3) on a head, in frame and unit of its base vertices.

    Parameters
    ----------
    base_vertices : (M,) int array
        `FaceMesh.base_vertices`.
    vertices_dm, neutral_dm : (V, 3) arrays
        Base vertices with and without expression, mesh frame, decimetres.
    """
    on_skin = _rows(tuple(base_vertices[:-_PUPILS].tolist())) @ vertices_dm
    return np.concatenate([on_skin, np.stack(pupils(vertices_dm, neutral_dm))])


@lru_cache(maxsize=2)
def _rows(base_vertices: tuple[int, ...]) -> csr_matrix:
    return bust_topology().subdivide[list(base_vertices)]


def face_mesh_of(head: Head) -> np.ndarray:
    """Return the mesh's vertices (M, 3) on a head in its frame, metres.

    Raises
    ------
    HeadError
        An imported head: its surface has no such vertices.
    """
    if head.face_mesh_m is None:
        raise HeadError(f"head {head.name!r} has no face mesh; only heads made from recipes have one")
    return head.face_mesh_m

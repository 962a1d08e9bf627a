"""The dense face mesh of a stored sample, which no dataset stores: it follows from head, expression and pose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.projection import camera_points, project_points
from synhead_tools.heads.expressions import express
from synhead_tools.heads.face_mesh import face_mesh_of
from synhead_tools.heads.head import Head
from synhead_tools.heads.library import load_head

_NEEDED = ("head_id", "rotmat", "translation_m", "intrinsics")


@dataclass(frozen=True, eq=False)
class SampleMesh:
    """Where the vertices of `synhead_tools.heads.face_mesh` are in one sample.

    Attributes
    ----------
    camera_m : (1024, 3) float64
        Camera frame (x right, y down, z forward), metres.
    image : (1024, 3) float64
        x and y in pixels, (0, 0) the corner of the top-left one, and depth in metres, as ``landmarks68`` has them.
    """

    camera_m: np.ndarray
    image: np.ndarray


def sample_mesh(
    source: SampleSource, row: int, heads: Mapping[str, Head] | Callable[[str], Head] = load_head
) -> SampleMesh:
    """Return the dense mesh of one sample of a dataset.

    Its triangles, regions and the numbers of the landmarks are those of
    `synhead_tools.heads.face_mesh.load_face_mesh`; `synhead_tools.rendering.visibility.point_visibility` says with the
    sample's ``depth_m`` which of its vertices are seen.

    Parameters
    ----------
    source : SampleSource
        A rendered dataset, also one whose pictures were turned since.
    row : int
        Number of the sample.
    heads : mapping or callable
        Head of each ``head_id``; `synhead_tools.heads.library.load_head` knows the bundled ones.

    Raises
    ------
    ShardError
        The dataset lacks a column that is needed, or has no such row.
    HeadError
        The head is not known, or was imported and has no face mesh.
    """
    missing = [name for name in _NEEDED if name not in source.columns]
    if missing:
        raise ShardError(f"the dataset has no column {missing[0]}; a mesh needs {', '.join(_NEEDED)}")
    head_id, rotmat, translation_m, intrinsics = (source.read(name, [row])[0] for name in _NEEDED)
    name = head_id.decode("utf-8")
    head = heads(name) if callable(heads) else heads[name]
    points_m = face_mesh_of(head)
    if "expression_coefficients" in source.columns:
        points_m = face_mesh_of(express(head, source.read("expression_coefficients", [row])[0]))
    points_px, depth_m = project_points(points_m, rotmat, translation_m, intrinsics)
    image = np.concatenate([points_px, depth_m[:, None]], axis=1)
    return SampleMesh(camera_points(points_m, rotmat, translation_m), image)

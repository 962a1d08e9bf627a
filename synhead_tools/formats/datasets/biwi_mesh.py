"""Subject meshes of the BIWI Kinect Head Pose Database: ``NN.obj``.

Measured on frame 01/frame_00003: the mesh stands in the axes of the head frame already (x towards the subject's left,
y down, z into the head), its origin is the head centre of the pose files, and R x + t puts it on the depth image with
a median error of 1.3 mm over the face. Read as a Y-up mesh file it would miss by 114 mm.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.input_files import read_input

BYTES_LIMIT = 16 << 20
LINE_BYTES_LIMIT = 1000
VERTICES_LIMIT = 200_000
FACES_LIMIT = 400_000
"""Thirty times what the published meshes have (6,918 vertices, 13,676 faces)."""

_ADVICE = "restore the mesh of the subject"


def read_subject_mesh(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read vertices and faces of an OBJ file; all else in it is passed over, and no other file is ever opened.

    Parameters
    ----------
    path : path
        Lines ``v x y z`` in millimetres and ``f a b c``, each index alone or followed by ``/`` and others.

    Returns
    -------
    vertices_m : array, shape (V, 3)
        Head frame axes, about BIWI's head centre, metres.
    faces : array of int, shape (F, 3)
        Vertex numbers from 0.

    Raises
    ------
    LabelFormatError
        No vertices or faces, too many, a coordinate that is no number, a face that is no triangle, or an index that is
        out of range or relative; names the line.
    """
    path = Path(path)
    vertices, faces, lines = [], [], []
    data = read_input(path, BYTES_LIMIT, LabelFormatError, _ADVICE)
    for number, line in enumerate(io.BytesIO(data), start=1):
        if len(line) > LINE_BYTES_LIMIT:
            raise LabelFormatError(f"{path}: line {number}: {len(line)} bytes in one line; {_ADVICE}")
        words = line.split()
        if words[:1] == [b"v"]:
            vertices.append(_vertex_mm(words, number, path))
        elif words[:1] == [b"f"]:
            faces.append(_face(words, number, path))
            lines.append(number)
        if len(vertices) > VERTICES_LIMIT or len(faces) > FACES_LIMIT:
            raise LabelFormatError(f"{path}: line {number}: too many vertices or faces for a head; {_ADVICE}")
    if not vertices or not faces:
        raise LabelFormatError(f"{path} has {len(vertices)} vertices and {len(faces)} faces; {_ADVICE}")
    bad = (np.array(faces) > len(vertices)).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise LabelFormatError(
            f"{path}: line {lines[row]}: vertex {max(faces[row])} of {len(vertices)} does not exist; {_ADVICE}"
        )
    return np.array(vertices) / 1000.0, np.array(faces, np.int32) - 1


def _vertex_mm(words: list[bytes], line: int, path: Path) -> list[float]:
    try:
        vertex = [float(word) for word in words[1:4]]
    except ValueError:
        vertex = []
    if len(vertex) != 3 or not np.isfinite(vertex).all():
        raise LabelFormatError(f"{path}: line {line}: a vertex is three finite numbers; {_ADVICE}")
    return vertex


def _face(words: list[bytes], line: int, path: Path) -> list[int]:
    corners = [word.split(b"/", 1)[0] for word in words[1:]]
    # the length is bounded before int() sees it: a thousand digits are no index
    if len(corners) != 3 or not all(corner.isdigit() and len(corner) < 10 and int(corner) for corner in corners):
        raise LabelFormatError(f"{path}: line {line}: a face is three vertex numbers from 1; {_ADVICE}")
    return [int(corner) for corner in corners]

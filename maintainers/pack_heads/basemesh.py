"""The base mesh and its morph targets, read from MakeHuman's text files."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import numpy as np

SCALE_PAIRS = ((5399, 11998), (791, 881), (962, 5320))  # what MakeHuman's head clothes scale by: x, y, z
LEFT_EYE = range(14598, 14670)
RIGHT_EYE = range(14670, 14742)
LANDMARKS_68 = (
    5427, 5735, 5759, 5406, 5241, 740, 927, 993, 5171, 7687, 7629, 7460, 11850, 12005, 12356, 12332, 12026,  # jaw
    255, 206, 176, 174, 166, 6943, 6950, 6952, 6981, 7024,  # brows
    132, 131, 201, 297, 358, 285, 343, 7054, 7119,  # nose
    1090, 1081, 1099, 1104, 1096, 1094, 7796, 7791, 7773, 7782, 7786, 7788,  # eyes
    425, 5354, 460, 455, 7219, 11956, 7185, 7235, 7245, 492, 490, 480,  # outer lips
    530, 532, 474, 7277, 7275, 7280, 523, 535,  # inner lips
)  # fmt: skip


@dataclass(frozen=True)
class BaseMesh:
    """The quads of the body with positions (dm, y up), texture coordinates (v up) and UV islands, largest first."""

    vertices: np.ndarray
    uv: np.ndarray
    faces: np.ndarray
    face_uv: np.ndarray
    island: np.ndarray


def parse_obj(text: str) -> BaseMesh:
    """Read the group ``body`` of the base mesh; helper vertices stay in `vertices`."""
    vertices, uv, faces, face_uv, group = [], [], [], [], ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "vt":
            uv.append([float(word) for word in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f" and group == "body":
            corners = np.array([word.split("/")[:2] for word in words[1:]], dtype=int) - 1
            faces.append(corners[:, 0])
            face_uv.append(corners[:, 1])
    quads, quads_uv = np.array(faces), np.array(face_uv)
    return BaseMesh(np.array(vertices), np.array(uv), quads, quads_uv, uv_islands(quads_uv, len(uv)))


def uv_islands(face_uv: np.ndarray, count: int) -> np.ndarray:
    """Return each face's UV island number; 0 is the island with most faces."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.repeat(face_uv[:, 0], 3), face_uv[:, 1:].ravel()
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    label = connected_components(graph, directed=False)[1][face_uv[:, 0]]
    order = np.argsort(-np.bincount(label), kind="stable")
    return np.argsort(order, kind="stable")[label]


def parse_target(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return vertex indices and displacements (dm) of one ``.target`` or ``.target.gz`` file."""
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    rows = [line.split() for line in text.decode().splitlines() if not line.startswith("#")]
    values = np.array([[float(word) for word in row] for row in rows if len(row) == 4]).reshape(-1, 4)
    return values[:, 0].astype(int), values[:, 1:]


def target_name(member: str) -> str:
    """Return our name of a target: ``nose/nose-hump-incr``, ``expression/jawOpen``."""
    name = member.removesuffix(".gz").removesuffix(".target")
    return name.replace("faceunits01/targets/faceunits/", "expression/").replace("mpfb2/targets/", "")

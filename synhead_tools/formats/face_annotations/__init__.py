"""Readers of annotated faces, many to a picture. To add one: a module with a function like the others', and one line.

Each is ``read(path) -> FaceAnnotations``, and its module has ``recognises(start: bytes) -> bool``, which tells by the
first bytes of a file whether it is its own.
"""

from __future__ import annotations

from synhead_tools.registry import Table

_HERE = "synhead_tools.formats.face_annotations"

FACE_ANNOTATIONS = Table(
    "format of face annotations",
    {
        "wider-face": f"{_HERE}.wider_face:read_wider_face",
        "landmark-xml": f"{_HERE}.landmark_xml:read_landmark_xml",
    },
)

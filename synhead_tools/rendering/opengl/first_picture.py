"""The process in which OpenGL is tried: it draws a small picture, looks at it, and says what drew it.

Started by `synhead_tools.rendering.opengl.probe` as ``python -m synhead_tools.rendering.opengl.first_picture egl 0``.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.heads.head import Head, Part
from synhead_tools.rendering.opengl.probe import ANSWER
from synhead_tools.rendering.scene import Camera, Lighting


def _answer(platform: str, device: int | None) -> str:
    """Draw a square that fills the middle of the picture, and describe what drew it."""
    from synhead_tools.rendering.opengl.backend import EglBackend, OsmesaBackend

    backend = EglBackend(device=device) if platform == "egl" else OsmesaBackend()
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    normals = np.tile(np.float32((0, 0, -1)), (4, 1))
    uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    triangles = np.array([(0, 3, 1), (1, 3, 2)], np.int32)
    regions, texture = np.full(2, 1, np.uint8), np.full((2, 2, 4), 255, np.uint8)
    square = Part("square", corners, normals, uv, triangles, regions, texture)
    head = Head("square", (square,), None, None, "", "0" * 64)
    camera = Camera(16, 16, [[16, 0, 8], [0, 16, 8], [0, 0, 1]])
    frame = backend.render(head, np.eye(3), np.array([0, 0, 4.0]), camera, Lighting((), (1, 1, 1), (1, 1, 1)))
    inside = np.zeros((16, 16), bool)
    inside[4:12, 4:12] = True
    if not np.array_equal(frame.alpha == 255, inside) or not np.array_equal((frame.image == 255).all(axis=2), inside):
        raise BackendError("it draws a wrong picture")
    context = backend._painter.context
    return json.dumps({"description": backend.description, "software": context.software})


def _main(platform: str, device: str) -> None:
    try:
        answer = _answer(platform, int(device) if device else None)
    except BackendError as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    else:
        sys.stdout.write(f"{ANSWER}{answer}\n")
        status = 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # drivers have been seen to crash while they are unloaded


if __name__ == "__main__":
    _main(*sys.argv[1:3])

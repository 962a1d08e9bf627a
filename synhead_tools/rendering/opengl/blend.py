"""Semi-transparent parts on the OpenGL device: drawn last, far to near, without a trace in depth or regions.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

import numpy as np
from OpenGL import GL

from synhead_tools.rendering.opengl.head import GlPart


def begin_blending() -> None:
    """Draw over what is there, into the colours alone; colours are premultiplied by alpha."""
    GL.glDepthMask(False)
    GL.glColorMaski(1, False, False, False, False)
    GL.glEnablei(GL.GL_BLEND, 0)
    GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)


def end_blending() -> None:
    """Draw into everything again."""
    GL.glDepthMask(True)
    GL.glColorMaski(1, True, True, True, True)
    GL.glDisablei(GL.GL_BLEND, 0)


def far_to_near(parts: list[GlPart], rotation: np.ndarray, position_m: np.ndarray) -> list[GlPart]:
    """Put parts, and the triangles of each, into the order in which a picture of this pose is drawn.

    Parameters
    ----------
    parts : list of GlPart
        Of mode ``blend``.
    rotation, position_m : (3, 3), (3,) float64
        Pose, head frame to camera frame.

    Returns
    -------
    list of GlPart
        The farthest first, by its mean z; their triangles are on the device in their new order.
    """
    distances = []
    for part in parts:
        vertices = part.drawn.vertices_m.astype(np.float64)
        z = vertices[:, 0] * rotation[2, 0] + vertices[:, 1] * rotation[2, 1] + vertices[:, 2] * rotation[2, 2]
        of_triangle = z[part.drawn.triangles].sum(axis=1) / 3 + position_m[2]
        distances.append(-of_triangle.mean())
        order = np.argsort(-of_triangle, kind="stable")
        indices = np.ascontiguousarray(part.drawn.triangles[order], np.uint32)
        GL.glBindVertexArray(part.primitive._vaid)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, part.primitive._buffers[-1])
        GL.glBufferData(GL.GL_ELEMENT_ARRAY_BUFFER, indices.nbytes, indices, GL.GL_STREAM_DRAW)
    return [parts[k] for k in np.argsort(distances, kind="stable")]

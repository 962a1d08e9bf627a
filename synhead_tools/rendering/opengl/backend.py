"""The ``egl`` and ``osmesa`` renderers: what ``cpu`` draws, through OpenGL; on a graphics card where EGL has one.

A scene is described by pyrender's objects (meshes, materials, textures, cameras) and drawn by our lean shaders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import Frame, check_pose, check_samples_per_axis
from synhead_tools.rendering.opengl.context import open_context
from synhead_tools.rendering.opengl.probe import require_opengl
from synhead_tools.rendering.opengl.shaders import MAX_FRAMES

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.scene import Camera, Lighting


class EglBackend:
    """OpenGL through EGL: the graphics card, or Mesa's software where there is none.

    Its pictures differ from those of ``cpu`` by a few levels at edges and in textures, and from driver to driver;
    on one machine they are the same from run to run.

    Parameters
    ----------
    samples_per_axis : int
        1, 2 or 3: 1, 4 or 9 samples per pixel.
    device : int, optional
        Index of the EGL device (`synhead_tools.rendering.opengl.devices.egl_devices`); if None, SYNHEAD_EGL_DEVICE of
        the environment says, else it is the first hardware device, else the first.
    frames_per_draw : int, optional
        Pictures that `render_batch` draws at once, 1 to 16; by default 16 on a card that can draw into layers, else 1
        (software gains nothing by it).

    Raises
    ------
    BackendError
        OpenGL does not work here; the message says why and what to install.
    """

    name = "egl"

    def __init__(
        self, samples_per_axis: int = 2, device: int | None = None, frames_per_draw: int | None = None
    ) -> None:
        self.samples_per_axis = check_samples_per_axis(samples_per_axis)
        require_opengl(self.name, device)
        context = open_context(self.name, device)
        # after the context: OpenGL's functions are bound to its platform when they are imported
        from synhead_tools.rendering.opengl.painter import Painter

        if frames_per_draw is None:
            frames_per_draw = MAX_FRAMES if context.layered and not context.software else 1
        if not 1 <= frames_per_draw <= (MAX_FRAMES if context.layered else 1):
            most = MAX_FRAMES if context.layered else "1 (this driver has no GL_ARB_shader_viewport_layer_array)"
            raise BackendError(f"frames_per_draw is {frames_per_draw!r}; give 1 to {most}")
        self._painter = Painter(context, samples_per_axis, frames_per_draw)
        self.frames_per_draw = frames_per_draw
        self.description = f"{context.description}, {samples_per_axis}x{samples_per_axis} samples"

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render one head at one pose; see `synhead_tools.rendering.backend.Backend`."""
        return self.render_batch([head], [rotmat], [translation_m], camera, [lighting])[0]

    def render_batch(
        self,
        heads: Sequence[Head],
        rotmats: Sequence[np.ndarray],
        translations_m: Sequence[np.ndarray],
        camera: Camera,
        lightings: Sequence[Lighting],
    ) -> list[Frame]:
        """Render several pictures of one camera; see `synhead_tools.rendering.batch.render_batch`."""
        from synhead_tools.rendering.opengl.view import View

        poses = [check_pose(*pose) for pose in zip(rotmats, translations_m, strict=True)]
        views = [View(head, *pose, light) for head, pose, light in zip(heads, poses, lightings, strict=True)]
        return list(self._painter.paint(views, camera))

    def close(self) -> None:
        """Take what this backend put on the device off it; the context serves the process until it ends."""
        self._painter.close()


class OsmesaBackend(EglBackend):
    """OpenGL through Mesa's OSMesa, in software: for machines without EGL. Mesa dropped it in version 25.1.

    Parameters
    ----------
    samples_per_axis : int
        1, 2 or 3: 1, 4 or 9 samples per pixel.
    frames_per_draw : int, optional
        As of `EglBackend`.

    Raises
    ------
    BackendError
        OpenGL does not work here; the message says why and what to install.
    """

    name = "osmesa"

    def __init__(self, samples_per_axis: int = 2, frames_per_draw: int | None = None) -> None:
        super().__init__(samples_per_axis, None, frames_per_draw)

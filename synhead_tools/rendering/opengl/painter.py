"""Heads drawn with the lean shaders: several at once into layers where the driver can, else one by one.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from OpenGL import GL

from synhead_tools.errors import BackendError
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import Frame
from synhead_tools.rendering.cpu.coverage import coverage_thresholds
from synhead_tools.rendering.cpu.mipmap import FULL
from synhead_tools.rendering.cpu.pack import packed_as
from synhead_tools.rendering.opengl import shaders
from synhead_tools.rendering.opengl.blend import begin_blending, end_blending, far_to_near
from synhead_tools.rendering.opengl.head import MODES, GlHead, GlPart
from synhead_tools.rendering.opengl.program import Program
from synhead_tools.rendering.opengl.target import Target, layers_that_fit
from synhead_tools.rendering.opengl.view import View, fill_block, projection_of
from synhead_tools.rendering.opengl.watchdog import Watchdog

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.opengl.context import GlContext
    from synhead_tools.rendering.scene import Camera

#: Heads, and sizes of pictures, kept on the device.
MAX_HEADS, MAX_TARGETS = 16, 4
#: Seconds to wait for pictures of a card, and of Mesa's software.
STALL_S, SOFTWARE_STALL_S = 120.0, 900.0
_TRIANGLE_BITS = 24


class Painter:
    """Draws heads on one context; what it puts on the device it keeps until it is closed.

    Parameters
    ----------
    context : GlContext
    samples : int
        Samples per pixel along each axis.
    frames : int
        Pictures in one draw, 1 to `synhead_tools.rendering.opengl.shaders.MAX_FRAMES`; 1 where the driver cannot draw
        into layers. A picture's bytes do not depend on how many are drawn with it, since all take one program.
    """

    def __init__(self, context: GlContext, samples: int, frames: int) -> None:
        context.enter()
        self.context, self.samples, self.frames = context, samples, frames
        self._program = Program(*shaders.head_shaders(samples, frames, int(Region.NECK)))
        self._program.bind_block("Frames", 0)
        self._resolve = Program(*shaders.resolve_shaders(samples))
        self._block = int(GL.glGenBuffers(1))
        self._empty_array = int(GL.glGenVertexArrays(1))
        self._heads: dict[int, GlHead] = {}
        self._targets: dict[tuple[int, int, int], Target] = {}
        self.stall_s = SOFTWARE_STALL_S if context.software else STALL_S
        self._watchdog = Watchdog(2 * self.stall_s)

    def paint(self, views: Sequence[View], camera: Camera) -> Iterator[Frame]:
        """Draw pictures of one camera, in their order."""
        size = (camera.width_px, camera.height_px)
        step = layers_that_fit(*size, self.samples, self.frames)
        for first in range(0, len(views), step):
            yield from self._paint_together(views[first : first + step], camera, step if len(views) > 1 else 1)

    def close(self) -> None:
        """Take everything off the device; the context stays."""
        self.context.enter()
        with self._watchdog:
            for thing in (*self._heads.values(), *self._targets.values()):
                thing.delete()
            for program in (self._program, self._resolve):
                GL.glDeleteProgram(program.number)
            GL.glDeleteBuffers(1, [self._block])
            GL.glDeleteVertexArrays(1, [self._empty_array])
        self._watchdog.close()
        self._heads.clear()
        self._targets.clear()

    def _paint_together(self, views: Sequence[View], camera: Camera, layers: int) -> Iterator[Frame]:
        self.context.enter()
        block = np.zeros((self.frames, shaders.FRAME_ROWS, 4), np.float32)
        for rows, view in zip(block, views, strict=False):
            fill_block(rows, view)
        with self._watchdog:
            target = self._target(camera.width_px, camera.height_px, layers)
            target.begin()
            self._begin(block, camera)
            try:
                first = 0
                for _, group in groupby(views, key=lambda view: [id(part) for part in view.head.parts]):
                    alike = list(group)
                    self._draw_alike(alike, first)
                    first += len(alike)
            finally:
                _end()
            GL.glBindVertexArray(self._empty_array)
            target.resolve(self._resolve, len(views))
            image, shown = target.read(len(views), self.stall_s)
        for number in range(len(views)):
            yield _frame(image[number], shown[number])

    def _begin(self, block: np.ndarray, camera: Camera) -> None:
        """Set everything, since others draw with this context too."""
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glDepthFunc(GL.GL_LESS)
        for capability in (GL.GL_BLEND, GL.GL_MULTISAMPLE, GL.GL_SCISSOR_TEST):
            GL.glDisable(capability)
        GL.glPolygonMode(GL.GL_FRONT_AND_BACK, GL.GL_FILL)
        GL.glFrontFace(GL.GL_CW)  # rows run from the top, which mirrors every triangle
        GL.glCullFace(GL.GL_BACK)
        GL.glBindBuffer(GL.GL_UNIFORM_BUFFER, self._block)
        GL.glBufferData(GL.GL_UNIFORM_BUFFER, block.nbytes, block, GL.GL_STREAM_DRAW)
        GL.glBindBufferBase(GL.GL_UNIFORM_BUFFER, 0, self._block)
        self._program.use()
        self._program.set_int("base_colour", 0)
        self._program.set_int("facts", 1)
        self._program.set_mat4("projection", projection_of(camera))

    def _draw_alike(self, views: list[View], first: int) -> None:
        """Draw one shape at several poses into the layers from `first` on."""
        shape = views[0].head
        head = self._head(packed_as(shape))
        head.put_shape(shape)
        GL.glActiveTexture(GL.GL_TEXTURE1)
        GL.glBindTexture(GL.GL_TEXTURE_BUFFER, head.facts)
        self._program.set_int("first_frame", first)
        for part in head.solid:
            self._set_part(part)
            part.draw(len(views))
        if not head.blended:
            return
        begin_blending()
        for layer, view in enumerate(views):
            self._program.set_int("first_frame", first + layer)
            for part in far_to_near(head.blended, view.rotation, view.position_m):
                self._set_part(part)
                part.draw(1)
        end_blending()

    def _set_part(self, part: GlPart) -> None:
        program, looks = self._program, part.drawn
        (GL.glEnable if part.closed else GL.glDisable)(GL.GL_CULL_FACE)
        GL.glActiveTexture(GL.GL_TEXTURE0)
        part.primitive.material.baseColorTexture._bind()
        program.set_int("first_triangle", part.first_triangle)
        program.set_int("mode", part.mode)
        program.set_float("levels", float(part.levels - 1))
        program.set_vec3("tint", looks.tint)
        program.set_vec3("wrap", part.wrap)
        program.set_float("specular", float(looks.specular))
        program.set_float("alpha_squared", 2.0 / (max(float(looks.gloss), 0.0) + 2.0))
        if part.mode == MODES["cutout"]:
            thresholds = np.zeros(36, np.float32)
            table = coverage_thresholds(np.array([looks.alpha_cutoff]), self.samples**2)[0] / FULL
            thresholds[: table.size] = table.ravel()
            program.set_floats("thresholds", thresholds)

    def _head(self, head: Head) -> GlHead:
        if id(head) not in self._heads:
            if sum(len(part.triangles) for part in head.parts) >= 1 << _TRIANGLE_BITS:
                raise BackendError(f"head {head.name!r} has too many triangles for OpenGL; take --backend cpu")
            while len(self._heads) >= MAX_HEADS:
                self._heads.pop(next(iter(self._heads))).delete()
            self._heads[id(head)] = GlHead(head)
            GL.glBindVertexArray(0)
        return self._heads[id(head)]

    def _target(self, width_px: int, height_px: int, layers: int) -> Target:
        key = (width_px, height_px, layers)
        if key not in self._targets:
            while len(self._targets) >= MAX_TARGETS:
                self._targets.pop(next(iter(self._targets))).delete()
            self._targets[key] = Target(width_px, height_px, self.samples, layers)
        return self._targets[key]


def _end() -> None:
    GL.glFrontFace(GL.GL_CCW)
    GL.glDepthMask(True)
    GL.glColorMask(True, True, True, True)
    GL.glDisable(GL.GL_BLEND)


def _frame(image: np.ndarray, shown: np.ndarray) -> Frame:
    triangle = (shown[..., 0] & ((1 << _TRIANGLE_BITS) - 1)).astype(np.int32) - 1
    return Frame(
        image=np.ascontiguousarray(image[..., :3]),
        alpha=image[..., 3].copy(),
        region=(shown[..., 0] >> _TRIANGLE_BITS).astype(np.uint8),
        depth_m=shown[..., 1].copy().view(np.float32),
        triangle_id=triangle,
    )

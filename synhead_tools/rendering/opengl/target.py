"""What is drawn into: layers of samples, the pixels they are averaged to, and how these are read back.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

import ctypes
import time

import numpy as np
from OpenGL import GL
from OpenGL.raw.GL.VERSION.GL_1_5 import glGetBufferSubData

from synhead_tools.errors import BackendError
from synhead_tools.rendering.opengl.program import Program

#: Bytes on the device per sample: colour 4, triangle and distance 8, depth 4.
SAMPLE_BYTES = 16
#: Device memory for the samples of one draw.
MAX_SAMPLE_BYTES = 256 << 20
_SECOND_NS = 1_000_000_000


class Target:
    """Room for several pictures of one size.

    Parameters
    ----------
    width_px, height_px : int
        Size of a picture.
    samples : int
        Samples per pixel along each axis.
    layers : int
        Pictures.

    Raises
    ------
    BackendError
        The device has no room for pictures as large as these.
    """

    def __init__(self, width_px: int, height_px: int, samples: int, layers: int) -> None:
        self.width_px, self.height_px, self.samples, self.layers = width_px, height_px, samples, layers
        limit = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE))
        if max(width_px, height_px) * samples > limit:
            raise BackendError(
                f"pictures of {width_px} x {height_px} px with {samples} x {samples} samples need textures of more "
                f"than the {limit} texels this OpenGL has; take fewer samples, smaller pictures or --backend cpu"
            )
        self._textures = [int(n) for n in GL.glGenTextures(5)]
        self._colours, self._codes, self._depth, self._image, self._shown = self._textures
        self._framebuffers = [int(n) for n in GL.glGenFramebuffers(2)]
        self._pixel_buffer = int(GL.glGenBuffers(1))
        size = (width_px * samples, height_px * samples, layers)
        _store_layers(self._colours, GL.GL_RGBA8, size, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE)
        _store_layers(self._codes, GL.GL_RG32UI, size, GL.GL_RG_INTEGER, GL.GL_UNSIGNED_INT)
        _store_layers(self._depth, GL.GL_DEPTH_COMPONENT32F, size, GL.GL_DEPTH_COMPONENT, GL.GL_FLOAT)
        pixels = (width_px, height_px * layers)
        _store(self._image, GL.GL_RGBA8UI, pixels, GL.GL_RGBA_INTEGER, GL.GL_UNSIGNED_BYTE)
        _store(self._shown, GL.GL_RG32UI, pixels, GL.GL_RG_INTEGER, GL.GL_UNSIGNED_INT)
        _attach(self._framebuffers[0], (self._colours, self._codes), self._depth)
        _attach(self._framebuffers[1], (self._image, self._shown))

    def begin(self) -> None:
        """Clear the samples and make them what is drawn into."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._framebuffers[0])
        GL.glViewport(0, 0, self.width_px * self.samples, self.height_px * self.samples)
        GL.glColorMask(True, True, True, True)
        GL.glDepthMask(True)
        GL.glClearBufferfv(GL.GL_COLOR, 0, np.zeros(4, np.float32))
        GL.glClearBufferuiv(GL.GL_COLOR, 1, np.zeros(4, np.uint32))
        GL.glClearBufferfv(GL.GL_DEPTH, 0, np.ones(1, np.float32))

    def resolve(self, program: Program, count: int) -> None:
        """Average the samples of the first `count` pictures."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._framebuffers[1])
        GL.glViewport(0, 0, self.width_px, self.height_px * count)
        for capability in (GL.GL_DEPTH_TEST, GL.GL_BLEND, GL.GL_CULL_FACE):
            GL.glDisable(capability)
        program.use()
        for unit, (name, texture) in enumerate((("colours", self._colours), ("codes", self._codes))):
            GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
            GL.glBindTexture(GL.GL_TEXTURE_2D_ARRAY, texture)
            program.set_int(name, unit)
        program.set_int("height", self.height_px)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)

    def read(self, count: int, limit_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Wait for the first `count` pictures and copy them into memory, in one go.

        Parameters
        ----------
        count : int
        limit_s : float
            Seconds to wait for the device.

        Returns
        -------
        image : (count, H, W, 4) uint8
            Red, green, blue, coverage.
        shown : (count, H, W, 2) uint32
            Region << 24 | triangle + 1; bits of z as float32.

        Raises
        ------
        BackendError
            The device has not finished in time.
        """
        rows = self.height_px * count
        image = np.empty((count, self.height_px, self.width_px, 4), np.uint8)
        shown = np.empty((count, self.height_px, self.width_px, 2), np.uint32)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, self._pixel_buffer)
        GL.glBufferData(GL.GL_PIXEL_PACK_BUFFER, image.nbytes + shown.nbytes, None, GL.GL_STREAM_READ)
        what = (
            (GL.GL_COLOR_ATTACHMENT0, GL.GL_RGBA_INTEGER, GL.GL_UNSIGNED_BYTE, 0),
            (GL.GL_COLOR_ATTACHMENT1, GL.GL_RG_INTEGER, GL.GL_UNSIGNED_INT, image.nbytes),
        )
        try:
            for attachment, form, kind, offset in what:
                GL.glReadBuffer(attachment)
                GL.glReadPixels(0, 0, self.width_px, rows, form, kind, offset)
            _wait(limit_s)
            for array, offset in ((image, 0), (shown, image.nbytes)):
                # PyOpenGL 3.1.0's own wrapper of this function writes past the array
                glGetBufferSubData(GL.GL_PIXEL_PACK_BUFFER, offset, array.nbytes, ctypes.c_void_p(array.ctypes.data))
        finally:
            GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
        return image, shown

    def delete(self) -> None:
        """Take everything off the device."""
        GL.glDeleteFramebuffers(2, self._framebuffers)
        GL.glDeleteTextures(self._textures)
        GL.glDeleteBuffers(1, [self._pixel_buffer])


def layers_that_fit(width_px: int, height_px: int, samples: int, wanted: int) -> int:
    """How many pictures, up to `wanted` and at least 1, one `Target` should hold."""
    by_memory = MAX_SAMPLE_BYTES // (width_px * height_px * samples**2 * SAMPLE_BYTES)
    by_height = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE)) // height_px
    return max(1, min(wanted, by_memory, by_height))


def _store_layers(texture: int, inside: int, size: tuple[int, int, int], form: int, kind: int) -> None:
    GL.glBindTexture(GL.GL_TEXTURE_2D_ARRAY, texture)
    GL.glTexImage3D(GL.GL_TEXTURE_2D_ARRAY, 0, inside, *size, 0, form, kind, None)
    _read_as_it_is(GL.GL_TEXTURE_2D_ARRAY)


def _store(texture: int, inside: int, size: tuple[int, int], form: int, kind: int) -> None:
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, inside, *size, 0, form, kind, None)
    _read_as_it_is(GL.GL_TEXTURE_2D)


def _read_as_it_is(kind: int) -> None:
    for name in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
        GL.glTexParameteri(kind, name, GL.GL_NEAREST)
    GL.glTexParameteri(kind, GL.GL_TEXTURE_MAX_LEVEL, 0)


def _attach(framebuffer: int, colours: tuple[int, int], depth: int | None = None) -> None:
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, framebuffer)
    for number, texture in enumerate(colours):
        GL.glFramebufferTexture(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0 + number, texture, 0)
    if depth is not None:
        GL.glFramebufferTexture(GL.GL_FRAMEBUFFER, GL.GL_DEPTH_ATTACHMENT, depth, 0)
    GL.glDrawBuffers(2, [GL.GL_COLOR_ATTACHMENT0, GL.GL_COLOR_ATTACHMENT1])
    status = GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER)
    if status != GL.GL_FRAMEBUFFER_COMPLETE:
        raise BackendError(f"the OpenGL driver refuses the framebuffer (status {int(status):#x}); update the driver")


def _wait(limit_s: float) -> None:
    """Wait until the device has done what it was told."""
    fence, begin = GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0), time.monotonic()
    try:
        while time.monotonic() - begin < limit_s:
            state = GL.glClientWaitSync(fence, GL.GL_SYNC_FLUSH_COMMANDS_BIT, _SECOND_NS)
            if state in (GL.GL_ALREADY_SIGNALED, GL.GL_CONDITION_SATISFIED):
                return
            if state == GL.GL_WAIT_FAILED:
                break
    finally:
        GL.glDeleteSync(fence)
    raise BackendError(
        f"the OpenGL device gave no picture within {limit_s:g} s (several processes on one card can hang its driver); "
        "run again with --resume and --workers 1"
    )

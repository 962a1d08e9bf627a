"""The one OpenGL context of a process: made once, without a screen, and used by the thread that made it."""

from __future__ import annotations

import os
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools.errors import BackendError
from synhead_tools.rendering.opengl.devices import choose_device, egl_devices
from synhead_tools.rendering.opengl.platform import REMEDY, import_pyrender

#: What Mesa's renderers without hardware call themselves.
_SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swrast")
_LAYER_EXTENSION = "GL_ARB_shader_viewport_layer_array"


@dataclass
class GlContext:
    """An OpenGL context.

    Attributes
    ----------
    platform : str
        ``egl`` or ``osmesa``.
    device : int or None
        Index of the EGL device.
    renderer, version : str
        GL_RENDERER and GL_VERSION.
    software : bool
        Whether the renderer is known to be no hardware.
    layered : bool
        Whether a vertex shader may choose the layer it draws into.
    surface : object
        pyrender's platform object, which holds the context.
    process, thread : int
        Who made it.
    """

    platform: str
    device: int | None
    renderer: str
    version: str
    software: bool
    layered: bool
    surface: Any
    process: int
    thread: int

    @property
    def description(self) -> str:
        """Platform, GL_RENDERER and GL_VERSION, for the manifest."""
        return f"{_place(self.platform, self.device)}, {self.renderer}, OpenGL {self.version}"

    def enter(self) -> None:
        """Make the context current.

        Raises
        ------
        BackendError
            This is another process, forked from the one that made the context (a driver's threads do not survive a
            fork, and drawing would hang), or another thread.
        """
        if os.getpid() != self.process:
            raise BackendError(
                "this process was forked from one that draws with OpenGL, and would hang; start it by spawn "
                "(multiprocessing.get_context('spawn')), or fork before OpenGL is opened"
            )
        if threading.get_ident() != self.thread:
            raise BackendError("OpenGL was opened by another thread; draw in that one")
        self.surface.make_current()


_context: GlContext | None = None


def open_context(platform: str, device: int | None = None) -> GlContext:
    """Return the process's OpenGL context, made at the first call and kept until the process ends.

    It is never closed: ending one context ends the display that all contexts of a process share.

    Parameters
    ----------
    platform : str
        ``egl`` or ``osmesa``.
    device : int, optional
        For ``egl``; see `synhead_tools.rendering.opengl.devices.choose_device`.

    Raises
    ------
    BackendError
        OpenGL does not work here, or this process already has a context of another platform or device.
    """
    global _context
    if platform == "egl":
        device = choose_device(device)
    elif device is not None:
        raise BackendError(f"device {device} is asked for, but {platform} has none; leave it out, or take egl")
    if _context is None:
        _context = _make_context(platform, device)
        _warn_of_software(_context)
    _context.enter()
    if (_context.platform, _context.device) != (platform, device):
        raise BackendError(
            f"this process draws on {_context.description}; draw on {_place(platform, device)} in another process"
        )
    return _context


def nvidia_without_egl() -> bool:
    """Whether there is an NVIDIA card whose driver EGL does not list: the usual fault of a container."""
    return Path("/dev/nvidiactl").exists() and all(device.software for device in egl_devices())


def _place(platform: str, device: int | None) -> str:
    return platform if device is None else f"{platform} device {device}"


def _make_context(platform: str, device: int | None) -> GlContext:
    # Threads of Mesa's software take as long as none at these sizes, and would fight those of other workers.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    import_pyrender(platform)
    try:
        surface = _make_surface(platform, device)
        surface.init_context()
        surface.make_current()
        renderer, version, extensions = _what_it_is()
    except Exception as error:  # from the depths of PyOpenGL: asserts, its own errors, AttributeError
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BackendError(f"{_place(platform, device)} gives no OpenGL ({reason}); {REMEDY[platform]}") from error
    software = any(name in renderer.lower() for name in _SOFTWARE_NAMES)
    numbers = tuple(int(n) for n in version.split()[0].split(".")[:2])
    layered = _LAYER_EXTENSION in extensions and numbers >= (4, 1)
    owner = (os.getpid(), threading.get_ident())
    return GlContext(platform, device, renderer, version, software, layered, surface, *owner)


def _make_surface(platform: str, device: int | None) -> Any:
    if platform == "osmesa":
        from pyrender.platforms.osmesa import OSMesaPlatform

        return OSMesaPlatform(16, 16)
    from pyrender.platforms.egl import EGLPlatform, get_device_by_index

    return EGLPlatform(16, 16, device=get_device_by_index(device))


def _what_it_is() -> tuple[str, str, set[str]]:
    from OpenGL import GL

    renderer, version = (GL.glGetString(name).decode("ascii", "replace") for name in (GL.GL_RENDERER, GL.GL_VERSION))
    count = int(GL.glGetIntegerv(GL.GL_NUM_EXTENSIONS))
    return renderer, version, {GL.glGetStringi(GL.GL_EXTENSIONS, i).decode("ascii", "replace") for i in range(count)}


def _warn_of_software(context: GlContext) -> None:
    """Warn where hardware was asked for, or is here, and software draws: some hundred times slower."""
    if not context.software or context.platform != "egl":
        return
    known = egl_devices()
    asked = context.device < len(known) and not known[context.device].software
    if asked or nvidia_without_egl():
        warnings.warn(
            f"OpenGL draws with {context.renderer}, not with the graphics card: EGL does not see its driver "
            "(NVIDIA: 10_nvidia.json is missing, or NVIDIA_DRIVER_CAPABILITIES lacks graphics)",
            stacklevel=2,
        )

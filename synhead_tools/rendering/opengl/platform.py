"""Getting pyrender imported with an OpenGL that needs no screen, and with the versions of today around it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

import numpy as np

from synhead_tools.errors import BackendError

#: Oldest PyOpenGL that works on Python 3.12 and later.
_PYOPENGL_FLOOR = (3, 1, 7)
#: What mends a platform that does not work.
REMEDY = {
    "egl": "apt-get install libegl1 libgl1-mesa-dri (NVIDIA containers: NVIDIA_DRIVER_CAPABILITIES=all)",
    "osmesa": "apt-get install libosmesa6 (Mesa 25.1 and later have none: take egl)",
}


def import_pyrender(platform: str) -> ModuleType:
    """Import pyrender on an OpenGL platform. Once imported, PyOpenGL stays with it until the process ends.

    Parameters
    ----------
    platform : str
        ``egl`` or ``osmesa``.

    Returns
    -------
    module

    Raises
    ------
    BackendError
        pyrender, or the system library that OpenGL needs, is not here, or OpenGL was imported on another platform.
    """
    refuse_old_pyopengl()
    _refuse_another(platform)
    os.environ["PYOPENGL_PLATFORM"] = platform
    if not hasattr(np, "infty"):
        vars(np)["infty"] = np.inf  # numpy 2 dropped the name that pyrender 0.1.45 uses
    try:
        if platform == "osmesa":
            _mend_osmesa()
        import pyrender
    except Exception as error:  # PyOpenGL fails in many ways: ImportError, AttributeError, OSError, its own
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BackendError(
            f"OpenGL cannot be imported on {platform} ({reason}); pip install pyrender; {REMEDY[platform]}"
        ) from error
    return pyrender


def osmesa_library() -> str | None:
    """Return the name of the OSMesa library, or None where it is not installed."""
    return ctypes.util.find_library("OSMesa")


def _refuse_another(platform: str) -> None:
    """PyOpenGL binds its functions to one library when it is imported."""
    loaded = sys.modules.get("OpenGL.platform")
    if loaded is None:
        return
    name = type(loaded.PLATFORM).__module__.rpartition(".")[2]
    if name != platform:
        raise BackendError(f"OpenGL was imported on {name} in this process; draw on {platform} in another process")


def refuse_old_pyopengl() -> None:
    """Raise BackendError where PyOpenGL is too old for this Python: 3.1.0, which pyrender pins, from 3.12 on."""
    try:
        found = version("PyOpenGL")
    except PackageNotFoundError:
        return  # the import says so
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if sys.version_info >= (3, 12) and numbers < _PYOPENGL_FLOOR:
        raise BackendError(
            f"PyOpenGL {found} does not work on Python {sys.version_info.major}.{sys.version_info.minor}; "
            "pip install 'PyOpenGL>=3.1.9' (pip will warn of pyrender's pin), or use --backend cpu"
        )


def _mend_osmesa() -> None:
    """Give PyOpenGL 3.1.0 what pyrender wants of OSMesa, and a context number that stays the same.

    PyOpenGL makes a new pointer object at every question for the current context. pyrender's cache of shader programs
    is keyed on it, so that every frame would compile its shaders anew and leak some 3 MB.
    """
    import OpenGL.osmesa as osmesa
    from OpenGL import platform

    library = platform.PLATFORM.OSMesa
    current = ctypes.CDLL(library._name).OSMesaGetCurrentContext
    current.restype, current.argtypes = ctypes.c_void_p, []
    for owner in (platform, platform.PLATFORM):
        owner.GetCurrentContext = owner.CurrentContextIsValid = current
    if hasattr(osmesa, "OSMesaCreateContextAttribs"):
        return
    create = library.OSMesaCreateContextAttribs
    create.restype = getattr(osmesa, "OSMesaContext", ctypes.c_void_p)
    create.argtypes = [ctypes.POINTER(ctypes.c_int), ctypes.c_void_p]

    def _create_context(attributes: list[int], share: object) -> object:
        return create((ctypes.c_int * len(attributes))(*map(int, attributes)), share)

    osmesa.OSMesaCreateContextAttribs = _create_context
    names = (
        "FORMAT",
        "RGBA",
        "DEPTH_BITS",
        "PROFILE",
        "CORE_PROFILE",
        "CONTEXT_MAJOR_VERSION",
        "CONTEXT_MINOR_VERSION",
    )
    values = (0x22, 0x1908, 0x30, 0x33, 0x34, 0x36, 0x37)
    for name, value in zip(names, values, strict=True):
        if not hasattr(osmesa, f"OSMESA_{name}"):
            setattr(osmesa, f"OSMESA_{name}", value)

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

_INSTALL_EGL = "apt-get install libegl1 libgl1-mesa-dri libgles2"


def import_pyrender() -> ModuleType:
    """Import pyrender with PYOPENGL_PLATFORM chosen: as the environment says, else EGL, else OSMesa.

    Returns
    -------
    module

    Raises
    ------
    BackendError
        pyrender, or the system library that OpenGL needs, is not here; the message says how to install it.
    """
    _refuse_old_pyopengl()
    os.environ.setdefault("PYOPENGL_PLATFORM", choose_platform())
    if not hasattr(np, "infty"):
        vars(np)["infty"] = np.inf  # numpy 2 dropped the name that pyrender 0.1.45 uses
    try:
        if os.environ["PYOPENGL_PLATFORM"] == "osmesa":
            _mend_osmesa()
        import pyrender
    except Exception as error:  # PyOpenGL fails in many ways: ImportError, AttributeError, OSError, its own
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BackendError(
            f"the pyrender backend cannot start ({reason}); pip install pyrender, {_INSTALL_EGL}"
        ) from error
    return pyrender


def _refuse_old_pyopengl() -> None:
    """PyOpenGL 3.1.0, which pyrender pins, fails at its first call on Python 3.12 and later."""
    try:
        found = version("PyOpenGL")
    except PackageNotFoundError:
        return  # the import below says so
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if sys.version_info >= (3, 12) and numbers < (3, 1, 7):
        raise BackendError(
            f"PyOpenGL {found} does not work on Python {sys.version_info.major}.{sys.version_info.minor}; "
            "pip install 'PyOpenGL>=3.1.9' (pip will warn of pyrender's pin), or use --backend cpu"
        )


def choose_platform() -> str:
    """Return ``egl`` where there is an EGL device, else ``osmesa`` where that library is installed.

    Raises
    ------
    BackendError
        There is neither.
    """
    if egl_device_count():
        return "egl"
    if ctypes.util.find_library("OSMesa"):
        return "osmesa"
    raise BackendError(f"no OpenGL that works without a screen (no EGL device, no OSMesa); {_INSTALL_EGL}")


def egl_device_count() -> int:
    """Count the EGL devices, software ones included, without opening any."""
    library = ctypes.util.find_library("EGL")
    if library is None:
        return 0
    try:
        get_address = ctypes.CDLL(library).eglGetProcAddress
    except (OSError, AttributeError):
        return 0
    get_address.restype, get_address.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    address = get_address(b"eglQueryDevicesEXT")
    if not address:
        return 0
    kind = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))
    count = ctypes.c_int(0)
    return count.value if kind(address)(0, None, ctypes.byref(count)) else 0


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

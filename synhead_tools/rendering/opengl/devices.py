"""The EGL devices of this machine, listed without opening any, and which of them to draw on."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from synhead_tools.errors import BackendError

#: Environment variable that chooses the EGL device by its index.
DEVICE_VARIABLE = "SYNHEAD_EGL_DEVICE"

_MAX_DEVICES = 64
# EGL_EXTENSIONS, EGL_CUDA_DEVICE_NV (EGL_NV_device_cuda), EGL_DRM_DEVICE_FILE_EXT (EGL_EXT_device_drm)
_EXTENSIONS, _CUDA_DEVICE, _DRM_FILE = 0x3055, 0x323A, 0x3233


@dataclass(frozen=True)
class EglDevice:
    """One device that EGL can draw on.

    Attributes
    ----------
    index : int
        Its place in EGL's list, which is not that of CUDA.
    software : bool
        Whether it says that it is no hardware (Mesa's llvmpipe).
    cuda_index : int or None
        Number of the same device for CUDA, where the driver tells.
    drm_file : str or None
        Its file under /dev/dri, where the driver tells.
    """

    index: int
    software: bool
    cuda_index: int | None = None
    drm_file: str | None = None


@lru_cache(maxsize=1)
def egl_library() -> str | None:
    """Return the name of the EGL library, or None where it is not installed."""
    return ctypes.util.find_library("EGL")


@lru_cache(maxsize=1)
def egl_devices() -> tuple[EglDevice, ...]:
    """List the EGL devices in EGL's order; empty where there is no EGL, or one that cannot list them."""
    query = {name: _egl_function(name, *kinds) for name, kinds in _FUNCTIONS.items()}
    if query["eglQueryDevicesEXT"] is None or query["eglQueryDeviceStringEXT"] is None:
        return ()
    handles, count = (ctypes.c_void_p * _MAX_DEVICES)(), ctypes.c_int(0)
    if not query["eglQueryDevicesEXT"](_MAX_DEVICES, handles, ctypes.byref(count)):
        return ()
    return tuple(_describe(query, index, handles[index]) for index in range(count.value))


def choose_device(device: int | None = None) -> int:
    """Return the index of the EGL device to draw on.

    Parameters
    ----------
    device : int, optional
        An index of `egl_devices`. If None: what the environment variable SYNHEAD_EGL_DEVICE says, else the first
        hardware device, else the first.

    Raises
    ------
    BackendError
        There is no such device.
    """
    source = "device"
    if device is None and os.environ.get(DEVICE_VARIABLE, "").strip():
        source, text = DEVICE_VARIABLE, os.environ[DEVICE_VARIABLE].strip()
        if not text.isascii() or not text.isdigit():
            raise BackendError(f"{DEVICE_VARIABLE} is {text!r}; give the index of an EGL device: 0, 1, ...")
        device = int(text)
    known = egl_devices()
    if device is None:
        return next((n.index for n in known if not n.software), 0)
    if not 0 <= device < len(known):
        there = f"0 to {len(known) - 1}" if known else "none (apt-get install libegl1 libgl1-mesa-dri)"
        raise BackendError(f"{source} asks for EGL device {device}; there is {there}")
    return int(device)


def has_hardware_device() -> bool:
    """Whether EGL lists a device that is not software. Costs some milliseconds, once."""
    return any(not device.software for device in egl_devices())


_POINTER, _INT = ctypes.c_void_p, ctypes.c_int
# Result, then arguments.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "eglQueryDevicesEXT": (ctypes.c_uint, _INT, ctypes.POINTER(_POINTER), ctypes.POINTER(_INT)),
    "eglQueryDeviceStringEXT": (ctypes.c_char_p, _POINTER, _INT),
    "eglQueryDeviceAttribEXT": (ctypes.c_uint, _POINTER, _INT, ctypes.POINTER(ctypes.c_ssize_t)),
}


def _egl_function(name: str, *kinds: Any) -> Any:
    library = egl_library()
    if library is None:
        return None
    try:
        get_address = ctypes.CDLL(library).eglGetProcAddress
    except (OSError, AttributeError):
        return None
    get_address.restype, get_address.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    address = get_address(name.encode())
    return ctypes.CFUNCTYPE(*kinds)(address) if address else None


def _describe(query: dict[str, Any], index: int, handle: int) -> EglDevice:
    extensions = (query["eglQueryDeviceStringEXT"](handle, _EXTENSIONS) or b"").decode("ascii", "replace").split()
    cuda, drm = None, None
    if "EGL_NV_device_cuda" in extensions and query["eglQueryDeviceAttribEXT"] is not None:
        value = ctypes.c_ssize_t(-1)
        if query["eglQueryDeviceAttribEXT"](handle, _CUDA_DEVICE, ctypes.byref(value)):
            cuda = value.value
    if "EGL_EXT_device_drm" in extensions:
        name = query["eglQueryDeviceStringEXT"](handle, _DRM_FILE)
        drm = name.decode("ascii", "replace") if name else None
    return EglDevice(index, "EGL_MESA_device_software" in extensions, cuda, drm)

"""Whether OpenGL works here, tried in a process of its own: a driver that crashes or hangs takes only that along."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from synhead_tools.errors import BackendError
from synhead_tools.rendering.opengl.devices import choose_device, egl_devices, egl_library
from synhead_tools.rendering.opengl.platform import REMEDY, osmesa_library, refuse_old_pyopengl

#: Seconds in which a platform must draw its first picture; the libraries alone take one or two.
PROBE_LIMIT_S = 90.0
#: Set where a probe succeeded, for this process and those it starts: platform and device.
PROBED_VARIABLE = "SYNHEAD_GL_PROBED"
#: What the one line of JSON begins with, that the process answers.
ANSWER = "SYNHEAD-GL "

_MAX_REASON = 300


@dataclass(frozen=True)
class Found:
    """An OpenGL that draws.

    Attributes
    ----------
    platform : str
        ``egl`` or ``osmesa``.
    device : int or None
        Index of the EGL device.
    description : str
        What drew, with GL_RENDERER.
    software : bool
        Whether that is known to be no hardware.
    """

    platform: str
    device: int | None
    description: str
    software: bool


def require_opengl(platform: str, device: int | None = None) -> None:
    """Make sure, once per process and its children, that a platform draws.

    Parameters
    ----------
    platform : str
        ``egl`` or ``osmesa``.
    device : int, optional
        For ``egl``; see `synhead_tools.rendering.opengl.devices.choose_device`.

    Raises
    ------
    BackendError
        It does not; one line that says why and what to install.
    """
    if platform == "egl":
        device = choose_device(device) if egl_library() else None
    if os.environ.get(PROBED_VARIABLE) == _place(platform, device):
        return
    found = probe(platform, device)
    if isinstance(found, str):
        raise BackendError(f"{_place(platform, device)} cannot draw: {found}")


def find_opengl(platforms: tuple[str, ...] = ("egl", "osmesa")) -> Found:
    """Return the first platform that draws.

    Raises
    ------
    BackendError
        None does; one line that names the fault of each and its remedy.
    """
    faults = []
    for platform in platforms:
        device = choose_device() if platform == "egl" and egl_devices() else None
        found = probe(platform, device)
        if isinstance(found, Found):
            return found
        faults.append(f"{_place(platform, device)}: {found}")
    raise BackendError("no OpenGL draws here; " + "; ".join(faults))


def probe(platform: str, device: int | None = None, limit_s: float = PROBE_LIMIT_S) -> Found | str:
    """Draw a small picture in a process of its own.

    Parameters
    ----------
    platform : str
        ``egl`` or ``osmesa``.
    device : int, optional
        Index of the EGL device.
    limit_s : float
        Seconds it may take.

    Returns
    -------
    Found or str
        What drew, or why nothing did and what mends it, on one line.
    """
    missing = _missing(platform)
    if missing:
        return missing
    place = _place(platform, device)
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "PYOPENGL_PLATFORM")}
    environment[PROBED_VARIABLE] = place
    module, which = "synhead_tools.rendering.opengl.first_picture", "" if device is None else str(device)
    command = [sys.executable, "-m", module, platform, which]
    package_home = str(Path(__file__).resolve().parents[3])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package_home, environment.get("PYTHONPATH")]))
    status, output, complaint = _run(command, environment, limit_s)
    for line in output.splitlines():
        if status == 0 and line.startswith(ANSWER):
            os.environ[PROBED_VARIABLE] = place
            return Found(platform, device, **json.loads(line[len(ANSWER) :]))
    return f"{_reason(status, complaint, limit_s)}; {REMEDY[platform]}"


def _place(platform: str, device: int | None) -> str:
    return platform if device is None else f"{platform} device {device}"


def _missing(platform: str) -> str | None:
    """What can be seen to be missing without trying."""
    for name in ("pyrender", "OpenGL"):
        if importlib.util.find_spec(name) is None:
            return f"the Python package {name} is not installed; pip install pyrender"
    try:
        refuse_old_pyopengl()
    except BackendError as error:
        return str(error)
    if platform == "egl" and egl_library() is None:
        return "libEGL is not installed; apt-get install libegl1 libgl1-mesa-dri"
    if platform == "egl" and not egl_devices():
        return f"EGL lists no device; {REMEDY['egl']}"
    if platform == "osmesa" and osmesa_library() is None:
        return f"libOSMesa is not installed; {REMEDY['osmesa']}"
    return None


def _run(command: list[str], environment: dict[str, str], limit_s: float) -> tuple[int | None, str, str]:
    """Exit status (None: too late), standard output and standard error of a process."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        # files, not pipes: what the process leaves behind may hold a pipe open for ever
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=complaint, start_new_session=True
        )
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()  # and no waiting: a process stuck in a driver does not end
            status = None
        texts = []
        for file in (output, complaint):
            file.seek(0)
            texts.append(file.read(1 << 20).decode("utf-8", "replace"))
    return status, texts[0], texts[1]


def _reason(status: int | None, complaint: str, limit_s: float) -> str:
    if status is None:
        return f"the driver gave no picture within {limit_s:g} s"
    if status < 0:
        name = signal.Signals(-status).name if -status in iter(signal.Signals) else f"signal {-status}"
        return f"the driver crashed ({name})"
    lines = complaint.strip().splitlines()
    return lines[-1][:_MAX_REASON] if lines else f"it ended with status {status} and without a word"

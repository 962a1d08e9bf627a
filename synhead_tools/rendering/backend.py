"""The interface every renderer satisfies, the table of renderers, and how one is opened.

Requirements on a backend
-------------------------
1. It renders ONE head at one pose into a `Frame`; the same call gives the same bytes, whatever was rendered before,
   in whatever process.
2. Cameras, poses and lights are those of `synhead_tools.rendering.scene` and of the camera frame (x right, y down,
   z forward). A backend whose library thinks otherwise converts inside.
3. The picture is antialiased by coverage, over black, with colours PREMULTIPLIED in the stored (sRGB-encoded) space:
   ``image + (1 - alpha / 255) * background`` is the picture over that background.
4. It needs no window, no screen and no network, and imports its libraries only when it is opened.
5. What it cannot do here is one line of `BackendError` that names the missing thing and how to get it.
6. Heads of the same `rest` are one head in several shapes: textures and triangles are prepared once, and the vertices
   and tints of each call are drawn. Pictures do not depend on which shape came first.
7. It is used by one thread at a time and closed once; more than one may be open in a process. A method `render_batch`
   is its own affair: `synhead_tools.rendering.batch.render_batch` draws several pictures with every backend.

To add one: a module with a class that satisfies `Backend`, and one line in `BACKENDS`.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.heads.head import Head
from synhead_tools.registry import Table
from synhead_tools.rendering.scene import Camera, Lighting

#: Nearest distance, in metres along z, at which anything is drawn.
NEAR_M = 0.01


@dataclass(frozen=True, eq=False)
class Frame:
    """One rendered picture and what was seen where. Every array has the camera's height and width.

    Attributes
    ----------
    image : (H, W, 3) uint8
        sRGB-encoded red, green, blue, premultiplied by coverage over black.
    alpha : (H, W) uint8
        Coverage, 255 = fully covered.
    region : (H, W) uint8
        Region id (`synhead_tools.heads.regions.Region`) of most of the pixel; 0 = background. The inside of a closed
        surface, seen through the opening of the neck, counts as NECK.
    depth_m : (H, W) float32
        z, in the camera frame, of the nearest thing the pixel shows; 0 where it is empty.
    triangle_id : (H, W) int32
        Triangle at that depth, counted through the head's parts in their order; -1 where the pixel is empty or the
        backend does not know.
    """

    image: np.ndarray
    alpha: np.ndarray
    region: np.ndarray
    depth_m: np.ndarray
    triangle_id: np.ndarray


@runtime_checkable
class Backend(Protocol):
    """A renderer; see the requirements at the head of this module."""

    #: Name in `BACKENDS`.
    name: str
    #: What rendered, with versions, for the manifest: ``"cpu numba 0.61, 2x2 samples"``.
    description: str

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render `head` at x_camera = rotmat x_head + translation_m.

        Parameters
        ----------
        head : Head
        rotmat : (3, 3) array
            Head frame to camera frame.
        translation_m : (3,) array
            Position of the head's origin, camera frame.
        camera : Camera
        lighting : Lighting

        Returns
        -------
        Frame
            Its arrays belong to the caller.
        """
        ...

    def close(self) -> None:
        """Release what the backend holds; it cannot render afterwards."""
        ...


#: Renderer backends: name to the class that is called with the options of `open_backend`.
BACKENDS = Table(
    "renderer backend",
    {
        "cpu": "synhead_tools.rendering.cpu.backend:CpuBackend",
        "egl": "synhead_tools.rendering.opengl.backend:EglBackend",
        "osmesa": "synhead_tools.rendering.opengl.backend:OsmesaBackend",
        "pyrender": "synhead_tools.rendering.opengl.pyrender_backend:PyrenderBackend",
    },
)


def resolve_backend(name: str = "auto") -> str:
    """Return the name in `BACKENDS` that `name` stands for: itself, or for ``auto`` the best one that works here.

    That is ``egl`` where EGL lists a graphics card and draws on it, else ``cpu`` where numba is installed, else
    ``egl`` or ``osmesa`` in software. Without a card in EGL's list nothing is tried out before ``cpu`` is taken. What
    was taken is written into a dataset's manifest, and a run that goes on takes it again: pictures of one renderer
    are not those of another to the last bit.

    Raises
    ------
    UnknownNameError
        No such backend.
    BackendError
        ``auto``, and neither numba nor an OpenGL that works is here.
    """
    if name != "auto":
        BACKENDS[name]
        return name
    from synhead_tools.rendering.opengl.devices import has_hardware_device

    if has_hardware_device() and _card_draws():
        return "egl"
    if find_spec("numba") is not None:
        return "cpu"
    from synhead_tools.rendering.opengl.probe import find_opengl

    try:
        return find_opengl().platform
    except BackendError as error:
        raise BackendError(
            f"no renderer works here: numba is not installed (pip install 'synhead-tools[cpu]'); {error}"
        ) from error


@lru_cache(maxsize=1)
def _card_draws() -> bool:
    """Whether the graphics card that EGL lists draws; if not, a warning says so, since it is a fault to be mended."""
    from synhead_tools.rendering.opengl.devices import choose_device
    from synhead_tools.rendering.opengl.probe import Found, probe

    found = probe("egl", choose_device())
    if isinstance(found, Found):
        return not found.software
    warnings.warn(f"the graphics card is not used: egl device {choose_device()}: {found}", stacklevel=3)
    return False


def open_backend(name: str = "auto", **options: Any) -> Backend:
    """Open a renderer.

    Parameters
    ----------
    name : str
        A name of `BACKENDS`, or ``auto``, see `resolve_backend`.
    **options
        Passed to the backend; all take ``samples_per_axis`` (1, 2 or 3: squared, the samples per pixel).

    Raises
    ------
    UnknownNameError
        No such backend.
    BackendError
        It cannot work here; the message names what is missing.
    """
    return BACKENDS.load(resolve_backend(name))(**options)


def check_pose(rotmat: np.ndarray, translation_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pose and position as float64 arrays, refusing what is no rigid pose.

    Raises
    ------
    BackendError
        A wrong shape, a value that is not finite, or a matrix that is no rotation.
    """
    rotation = np.array(rotmat, np.float64)
    position = np.array(translation_m, np.float64)
    if rotation.shape != (3, 3) or position.shape != (3,):
        raise BackendError(
            f"pose has shapes {rotation.shape} and {position.shape}; give a (3, 3) rotation and a (3,) translation"
        )
    rows, place = rotation.tolist(), position.tolist()
    if not all(map(math.isfinite, (*rows[0], *rows[1], *rows[2], *place))):
        raise BackendError("pose holds a value that is not finite; give finite numbers")
    (a, b, c), (d, e, f), (g, h, i) = rows  # in plain numbers: a fifth of the time of arrays this small
    lengths = (a * a + b * b + c * c - 1, d * d + e * e + f * f - 1, g * g + h * h + i * i - 1)
    corners = (a * d + b * e + c * f, a * g + b * h + c * i, d * g + e * h + f * i)
    volume = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if max(map(abs, (*lengths, *corners))) > 1e-5 or volume < 0:
        raise BackendError(f"rotmat {rotation.round(4).tolist()} is no rotation; orthonormalise it first")
    return rotation, position


def check_samples_per_axis(samples_per_axis: int) -> int:
    """Return `samples_per_axis` if it is 1, 2 or 3; raise BackendError otherwise."""
    if samples_per_axis not in (1, 2, 3):
        raise BackendError(f"samples_per_axis is {samples_per_axis!r}; give 1, 2 or 3")
    return int(samples_per_axis)

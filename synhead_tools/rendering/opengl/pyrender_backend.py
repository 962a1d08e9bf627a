"""The ``pyrender`` renderer: the stock library's own picture, for comparison with ours.

Everything that is known to go wrong with it headless is seen to: the platform and the versions around it
(`synhead_tools.rendering.opengl.platform`), lights in a fixed order, metals where the material says nothing, hair that
is never cut out, and the display that dies with the first renderer that is closed
(`synhead_tools.rendering.opengl.context`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import Frame, check_pose, check_samples_per_axis
from synhead_tools.rendering.opengl.context import open_context
from synhead_tools.rendering.opengl.devices import egl_devices
from synhead_tools.rendering.opengl.probe import find_opengl, require_opengl

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.scene import Camera, Lighting

#: Directional lights that pyrender's shaders take.
MAX_LIGHTS = 4


class PyrenderBackend:
    """pyrender as it comes: its metallic-roughness shading, its light, its antialiasing by 4 samples per pixel.

    Camera, pose and geometry are ours, so that its pictures lie on those of the other renderers to the pixel. Colours
    differ, since it cannot do everything: its diffuse light does not wrap around the edge of the shadow on skin;
    ambient light is one colour (the mean of sky and ground, and of spherical harmonics the constant term); highlights
    are those of 4 % reflectance whatever a part's `specular` says; back faces are lit as if they were seen from the
    front; colours are encoded by a power of 1/2.2 instead of sRGB's curve. pyrender draws no cutouts: how many of a
    pixel's samples hair shows is left to OpenGL's alpha to coverage, whatever a part's cutoff. Blended parts are drawn
    in the order of the head, and where nothing lies behind them their alpha is squared.

    Region, depth and triangle come from a second pass, with the shaders of ``egl``: pyrender has no segmentation that
    cuts out hair. They are given where pyrender's own picture shows something.

    Parameters
    ----------
    samples_per_axis : int
        1, 2 or 3: samples of region, depth and triangle. The picture always has the 4 of pyrender.
    device : int, optional
        EGL device, as of `synhead_tools.rendering.opengl.backend.EglBackend`.

    Raises
    ------
    BackendError
        No OpenGL works here.
    """

    name = "pyrender"

    def __init__(self, samples_per_axis: int = 2, device: int | None = None) -> None:
        self.samples_per_axis = check_samples_per_axis(samples_per_axis)
        context = open_context(*_platform(device))
        from synhead_tools.rendering.opengl.painter import Painter
        from synhead_tools.rendering.opengl.stock_scene import StockScene

        self._labels = Painter(context, samples_per_axis, 1)
        self._stock = StockScene(context)
        self.description = f"pyrender {self._stock.version}, {context.description}, 4 samples"

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render one head at one pose; see `synhead_tools.rendering.backend.Backend`."""
        rotation, position = check_pose(rotmat, translation_m)
        if len(lighting.lights) > MAX_LIGHTS:
            raise BackendError(f"the lighting has {len(lighting.lights)} lights; pyrender draws up to {MAX_LIGHTS}")
        from synhead_tools.rendering.opengl.view import View

        labels = next(iter(self._labels.paint([View(head, rotation, position, lighting)], camera)))
        pixels = self._stock.draw(head, rotation, position, camera, lighting)
        alpha = np.ascontiguousarray(pixels[..., 3])
        seen = alpha > 0
        return Frame(
            image=np.ascontiguousarray(pixels[..., :3]),
            alpha=alpha,
            region=np.where(seen, labels.region, 0).astype(np.uint8),
            depth_m=np.where(seen, labels.depth_m, 0).astype(np.float32),
            triangle_id=np.where(seen, labels.triangle_id, -1).astype(np.int32),
        )

    def close(self) -> None:
        """Take what this backend put on the device off it; the context serves the process until it ends."""
        self._labels.close()
        self._stock.close()


def _platform(device: int | None) -> tuple[str, int | None]:
    """EGL if it lists devices, else what works."""
    if device is not None or egl_devices():
        require_opengl("egl", device)
        return "egl", device
    found = find_opengl()
    return found.platform, found.device

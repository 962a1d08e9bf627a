"""A head as a scene of stock pyrender: its meshes, materials, lights and camera, with the pitfalls seen to.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyrender
from OpenGL import GL
from pyrender.renderer import Renderer

from synhead_tools.errors import BackendError
from synhead_tools.rendering.cpu.pack import packed_as
from synhead_tools.rendering.opengl.view import PinholeCamera
from synhead_tools.rendering.scene import SH_CONSTANTS

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part
    from synhead_tools.rendering.opengl.context import GlContext
    from synhead_tools.rendering.scene import Camera, DirectionalLight, Lighting

#: Heads kept on the device.
MAX_HEADS = 4
_TO_GL = np.diag([1.0, -1.0, -1.0, 1.0])
_SAMPLES = 4
_BY_ALPHA = (GL.GL_SAMPLE_ALPHA_TO_COVERAGE, GL.GL_SAMPLE_ALPHA_TO_ONE)
_GLTF = {"opaque": "OPAQUE", "cutout": "MASK", "blend": "BLEND"}


class _OrderedScene(pyrender.Scene):
    """pyrender keeps nodes in sets, and goes through them in the order of their addresses: another one in each run.

    Lights are then summed, and parts of one place drawn, in another order. Here it is that of the nodes' names.
    """

    @property
    def directional_light_nodes(self) -> Any:
        return sorted(self._directional_light_nodes, key=_name)

    @property
    def light_nodes(self) -> Any:
        return self.directional_light_nodes

    @property
    def mesh_nodes(self) -> Any:
        return sorted(self._mesh_nodes, key=_name)


class _StockRenderer(Renderer):
    """pyrender's renderer, which lets alpha decide how many of a pixel's samples a cutout shows.

    Its shader never cuts: cards of hair would hide what is behind them.
    """

    def _bind_and_draw_primitive(self, primitive: Any, pose: np.ndarray, program: Any, flags: int) -> None:
        switch = GL.glEnable if primitive.material.alphaMode == "MASK" else GL.glDisable
        for capability in _BY_ALPHA:
            switch(capability)
        super()._bind_and_draw_primitive(primitive, pose, program, flags)
        for capability in _BY_ALPHA:
            GL.glDisable(capability)


class StockScene:
    """The one scene and renderer of a backend.

    Parameters
    ----------
    context : GlContext

    Raises
    ------
    BackendError
        The driver has fewer than the 4 samples per pixel that pyrender asks for without a question.
    """

    def __init__(self, context: GlContext) -> None:
        context.enter()
        self.context, self.version = context, pyrender.__version__
        samples = int(GL.glGetIntegerv(GL.GL_MAX_SAMPLES))
        if samples < _SAMPLES:
            raise BackendError(f"pyrender wants {_SAMPLES} samples per pixel, this OpenGL has {samples}; take egl")
        self._renderer = _StockRenderer(16, 16)
        self._scene = _OrderedScene(bg_color=(0.0, 0.0, 0.0, 0.0))
        self._camera = self._scene.add(pyrender.PerspectiveCamera(1.0), pose=np.eye(4))
        self._heads: dict[int, tuple[Head, list[Any], list[Part]]] = {}

    def draw(
        self, shape: Head, rotation: np.ndarray, position_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> np.ndarray:
        """Draw one picture: (H, W, 4) uint8, premultiplied over black."""
        self.context.enter()
        self._show(shape, rotation, position_m)
        self._camera.camera = PinholeCamera(camera)
        self._light(lighting)
        self._renderer.viewport_width, self._renderer.viewport_height = camera.width_px, camera.height_px
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        pixels, _ = self._renderer.render(self._scene, pyrender.RenderFlags.RGBA | pyrender.RenderFlags.OFFSCREEN)
        return pixels

    def close(self) -> None:
        """Take everything off the device; the context stays, since ending it ends the display that all share."""
        self.context.enter()
        self._renderer.delete()
        self._heads.clear()

    def _show(self, shape: Head, rotation: np.ndarray, position_m: np.ndarray) -> None:
        head = packed_as(shape)
        known = self._heads.get(id(head))
        if known is not None and any(a is not b for a, b in zip(known[2], shape.parts, strict=True)):
            self._remove(id(head))
            known = None
        if known is None:
            while len(self._heads) >= MAX_HEADS:
                self._remove(next(iter(self._heads)))
            nodes = [self._add(number, part) for number, part in enumerate(shape.parts)]
            known = self._heads[id(head)] = (head, nodes, list(shape.parts))
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation, position_m
        for key, (_, nodes, _) in self._heads.items():
            for node in nodes:
                node.mesh.is_visible = key == id(head)
        for node in known[1]:
            self._scene.set_pose(node, _TO_GL @ pose)

    def _add(self, number: int, part: Part) -> Any:
        return self._scene.add(pyrender.Mesh([_primitive(part)]), name=f"{number:03d}")

    def _remove(self, key: int) -> None:
        _, nodes, _ = self._heads.pop(key)
        for node in nodes:
            self._scene.remove_node(node)

    def _light(self, lighting: Lighting) -> None:
        for node in self._scene.directional_light_nodes:
            self._scene.remove_node(node)
        for number, light in enumerate(lighting.lights):
            source = pyrender.DirectionalLight(light.colour, np.pi)  # its lights are divided by pi, ours are not
            self._scene.add_node(pyrender.Node(f"{number:02d}", light=source, matrix=_light_pose(light)))
        ambient = (np.array(lighting.ambient_sky) + lighting.ambient_ground) / 2
        self._scene.ambient_light = np.maximum(ambient + lighting.sh()[0] * SH_CONSTANTS[0], 0.0)


def _name(node: Any) -> str:
    return node.name


def _primitive(part: Part) -> Any:
    sampler = pyrender.Sampler(wrapS=GL.GL_CLAMP_TO_EDGE, wrapT=GL.GL_CLAMP_TO_EDGE)
    channels = "RGB" if part.alpha_mode == "opaque" else "RGBA"
    source = np.ascontiguousarray(part.texture[..., : len(channels)])
    texture = pyrender.Texture(source=source, source_channels=channels, sampler=sampler)
    alpha_squared = 2.0 / (max(float(part.gloss), 0.0) + 2.0)
    material = pyrender.MetallicRoughnessMaterial(
        baseColorTexture=texture,
        baseColorFactor=(*part.tint, 1.0),
        metallicFactor=0.0,  # left out, it is 1: a head of metal
        roughnessFactor=alpha_squared**0.25,
        alphaMode=_GLTF[part.alpha_mode],
        doubleSided=True,
    )
    return pyrender.Primitive(
        positions=part.vertices_m,
        normals=part.normals,
        texcoord_0=part.uv * np.float32((1, -1)) + np.float32((0, 1)),  # pyrender wants v up
        indices=part.triangles,
        material=material,
    )


def _light_pose(light: DirectionalLight) -> np.ndarray:
    """A pose whose z axis points towards the light, in pyrender's camera frame."""
    z = _TO_GL[:3, :3] @ np.array(light.direction)
    x = np.cross((0.0, 1.0, 0.0) if abs(z[1]) < 0.9 else (1.0, 0.0, 0.0), z)
    x /= np.sqrt((x * x).sum())
    pose = np.eye(4)
    pose[:3, :3] = np.stack([x, np.cross(z, x), z], axis=1)
    return pose

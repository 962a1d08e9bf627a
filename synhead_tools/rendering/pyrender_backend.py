"""The ``pyrender`` renderer: the same pictures through OpenGL. The only module that imports pyrender.

Every sample of the ``cpu`` backend is a pixel here: the picture is drawn so many times larger, without the driver's
antialiasing, and averaged. Two passes: colour with depth, and region ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.backend import NEAR_M, Frame, check_pose, check_samples_per_axis
from synhead_tools.rendering.gl_platform import import_pyrender
from synhead_tools.rendering.gl_shaders import MAX_LIGHTS, write_shaders
from synhead_tools.rendering.pack import SKIN_WRAP, packed_as

pyrender = import_pyrender()

from OpenGL.GL import (  # noqa: E402
    GL_ARRAY_BUFFER,
    GL_CLAMP_TO_EDGE,
    GL_MULTISAMPLE,
    GL_RENDERER,
    GL_VERSION,
    glBindBuffer,
    glBufferSubData,
    glDisable,
    glGetString,
)
from pyrender.renderer import Renderer  # noqa: E402
from pyrender.shader_program import ShaderProgramCache  # noqa: E402

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part
    from synhead_tools.rendering.scene import Camera, Lighting

#: Farthest distance drawn, metres.
FAR_M = 1000.0
#: Heads kept on the device.
MAX_HEADS = 16


@dataclass
class _Uniforms:
    """What the shaders are told at the next draw, beside what pyrender tells them."""

    samples: int
    show_region: int
    lighting: Lighting


class _SampleRenderer(Renderer):
    """pyrender's renderer with our shaders and without multisampling."""

    def __init__(self, shader_folder: str) -> None:
        super().__init__(16, 16)
        self._program_cache = ShaderProgramCache(shader_folder)
        self.parts: dict[int, Part] = {}
        self.uniforms: _Uniforms | None = None

    def _bind_lighting(self, scene: Any, program: Any, node: Any, flags: int) -> None:
        lighting = self.uniforms.lighting
        program.set_uniform("lights", len(lighting.lights))
        for i, light in enumerate(lighting.lights):
            program.set_uniform(f"light_direction[{i}]", np.array(light.direction))
            program.set_uniform(f"light_colour[{i}]", np.array(light.colour))
        program.set_uniform("ambient_sky", np.array(lighting.ambient_sky))
        program.set_uniform("ambient_ground", np.array(lighting.ambient_ground))

    def _bind_and_draw_primitive(self, primitive: Any, pose: np.ndarray, program: Any, flags: int) -> None:
        glDisable(GL_MULTISAMPLE)
        part = self.parts[id(primitive)]
        program.set_uniform("samples", self.uniforms.samples)
        program.set_uniform("show_region", self.uniforms.show_region)
        program.set_uniform("behind_region", int(Region.NECK) / 255)
        program.set_uniform("tint", np.array(part.tint, np.float64))
        program.set_uniform("wrap", np.array(SKIN_WRAP if part.name == "skin" else (0.0, 0.0, 0.0)))
        program.set_uniform("specular", float(part.specular))
        program.set_uniform("alpha_squared", 2.0 / (max(float(part.gloss), 0.0) + 2.0))
        program.set_uniform("cutoff", float(part.alpha_cutoff) if part.alpha_mode == "cutout" else -1.0)
        super()._bind_and_draw_primitive(primitive, pose, program, flags)


class _Device:
    """The one OpenGL context of this process: closing one of several would end all of them."""

    def __init__(self) -> None:
        self.shaders = write_shaders()
        try:
            self.offscreen = pyrender.OffscreenRenderer(16, 16)
            # pyrender has no public way to give a renderer other shaders
            self.renderer = self.offscreen._renderer = _SampleRenderer(self.shaders.name)
            self.description = f"{_text(GL_RENDERER)}, OpenGL {_text(GL_VERSION)}"
        except Exception as error:  # from the depths of PyOpenGL
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise BackendError(
                f"OpenGL does not work ({reason}); apt-get install libegl1 libgl1-mesa-dri libgles2"
            ) from error
        self.scene = pyrender.Scene(bg_color=(0.0, 0.0, 0.0, 0.0))
        self.camera_node = self.scene.add(pyrender.PerspectiveCamera(1.0), pose=np.diag([1.0, -1.0, -1.0, 1.0]))
        self.heads: dict[int, tuple[Head, Any, list[Part]]] = {}

    def draw(self, width_px: int, height_px: int, uniforms: _Uniforms) -> tuple[np.ndarray, np.ndarray]:
        """Draw the scene; return colour (H, W, 4) uint8 and depth (H, W) float32 in metres."""
        self.offscreen.viewport_width, self.offscreen.viewport_height = width_px, height_px
        self.renderer.uniforms = uniforms
        flags = pyrender.RenderFlags.RGBA | pyrender.RenderFlags.SKIP_CULL_FACES
        return self.offscreen.render(self.scene, flags)

    def show(self, shape: Head, pose: np.ndarray) -> None:
        """Make `shape` the only head that is seen, at `pose` (4, 4)."""
        head = packed_as(shape)
        if id(head) not in self.heads:
            while len(self.heads) >= MAX_HEADS:
                self._remove(next(iter(self.heads)))
            self.heads[id(head)] = (head, self._add(head), list(head.parts))
        for key, (_, node, _) in self.heads.items():
            node.mesh.is_visible = key == id(head)
        _, node, drawn = self.heads[id(head)]
        for number, part in enumerate(shape.parts):
            if part is not drawn[number]:
                _put_vertices(node.mesh.primitives[number], part)
                drawn[number] = part
        self.scene.set_pose(node, pose)

    def _add(self, head: Head) -> Any:
        primitives = [_primitive(part) for part in head.parts]
        self.renderer.parts.update({id(p): part for p, part in zip(primitives, head.parts, strict=True)})
        return self.scene.add(pyrender.Mesh(primitives))

    def _remove(self, key: int) -> None:
        _, node, _ = self.heads.pop(key)
        for primitive in node.mesh.primitives:
            del self.renderer.parts[id(primitive)]
        self.scene.remove_node(node)


_device: _Device | None = None


class PyrenderBackend:
    """Renderer on OpenGL, in hardware or in Mesa's software; see `synhead_tools.rendering.backend.Backend`.

    Its pictures differ from those of ``cpu`` by a few levels (the driver filters textures in its own way) and from
    driver to driver; `Frame.triangle_id` is -1 everywhere.

    Parameters
    ----------
    samples_per_axis : int
        1, 2 or 3: 1, 4 or 9 samples per pixel.

    Raises
    ------
    BackendError
        No OpenGL works here.
    """

    name = "pyrender"

    def __init__(self, samples_per_axis: int = 2) -> None:
        global _device
        self.samples_per_axis = check_samples_per_axis(samples_per_axis)
        if _device is None:
            _device = _Device()
        self._device = _device
        samples = f"{samples_per_axis}x{samples_per_axis} samples"
        self.description = f"pyrender {pyrender.__version__}, {_device.description}, {samples}"

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render one head at one pose; see `synhead_tools.rendering.backend.Backend`."""
        rotation, position = check_pose(rotmat, translation_m)
        if len(lighting.lights) > MAX_LIGHTS:
            raise BackendError(f"{len(lighting.lights)} lights; the pyrender backend draws at most {MAX_LIGHTS}")
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation, position
        device, size = self._device, self.samples_per_axis
        device.show(head, pose)
        device.camera_node.camera = _gl_camera(camera, size)
        grid = (camera.width_px * size, camera.height_px * size)
        colour, depth_m = device.draw(*grid, _Uniforms(size, 0, lighting))
        regions, _ = device.draw(*grid, _Uniforms(size, 1, lighting))
        return _resolve(colour, regions[..., 0], depth_m, size)

    def close(self) -> None:
        """Do nothing: the context serves every backend of the process until it ends."""


def _text(name: int) -> str:
    return glGetString(name).decode("ascii", "replace")


def _gl_camera(camera: Camera, samples: int) -> Any:
    intrinsics = camera.intrinsics * samples
    if intrinsics[0, 1] != 0:
        raise BackendError(f"the camera has a skew of {camera.intrinsics[0, 1]:g}; the pyrender backend draws none")
    values = (intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 2], intrinsics[1, 2])
    return pyrender.IntrinsicsCamera(*values, znear=NEAR_M, zfar=FAR_M)


def _primitive(part: Part) -> Any:
    """A part with a vertex of its own for each corner, which carries the triangle's region."""
    corners = part.triangles.reshape(-1)
    # pyrender wants v up
    uv = part.uv[corners] * np.array([1.0, -1.0]) + np.array([0.0, 1.0])
    region = np.zeros((len(corners), 4), np.float32)
    region[:, 0] = np.repeat(part.triangle_region, 3) / np.float32(255)
    sampler = pyrender.Sampler(wrapS=GL_CLAMP_TO_EDGE, wrapT=GL_CLAMP_TO_EDGE)
    texture = pyrender.Texture(source=part.texture, source_channels="RGBA", sampler=sampler)
    material = pyrender.MetallicRoughnessMaterial(baseColorTexture=texture, metallicFactor=0.0, doubleSided=True)
    return pyrender.Primitive(
        positions=part.vertices_m[corners].astype(np.float32),
        normals=part.normals[corners].astype(np.float32),
        texcoord_0=uv.astype(np.float32),
        color_0=region,
        material=material,
    )


def _put_vertices(primitive: Any, part: Part) -> None:
    """Give a primitive the positions and normals of a part with the same triangles, on the device too."""
    corners = part.triangles.reshape(-1)
    primitive.positions, primitive.normals = part.vertices_m[corners], part.normals[corners]
    if primitive._in_context():  # pyrender has no public way to change vertices that are there; its order of columns
        columns = (primitive.positions, primitive.normals, primitive.texcoord_0, primitive.color_0)
        data = np.ascontiguousarray(np.hstack(columns), np.float32)
        glBindBuffer(GL_ARRAY_BUFFER, primitive._buffers[0])
        glBufferSubData(GL_ARRAY_BUFFER, 0, data.nbytes, data)


def _resolve(colour: np.ndarray, regions: np.ndarray, depth_m: np.ndarray, size: int) -> Frame:
    """Average size x size samples into each pixel, as the ``cpu`` backend does."""
    count = size * size
    colour, regions, depth_m = (_by_pixel(array, size) for array in (colour, regions, depth_m))
    covered = depth_m > 0
    nearest = np.where(covered, depth_m, np.inf).min(axis=2)
    image = (colour[..., :3].sum(axis=2, dtype=np.uint32) + count // 2) // count
    alpha = (covered.sum(axis=2) * 255 + count // 2) // count
    return Frame(
        image=image.astype(np.uint8),
        alpha=alpha.astype(np.uint8),
        region=_most_common_region(np.where(covered, regions, 0), covered),
        depth_m=np.where(np.isfinite(nearest), nearest, 0).astype(np.float32),
        triangle_id=np.full(alpha.shape, -1, np.int32),
    )


def _by_pixel(samples: np.ndarray, size: int) -> np.ndarray:
    """Rearrange (H size, W size, ...) into (H, W, size size, ...)."""
    height, width = samples.shape[0] // size, samples.shape[1] // size
    blocks = samples.reshape(height, size, width, size, *samples.shape[2:]).swapaxes(1, 2)
    return blocks.reshape(height, width, size * size, *samples.shape[2:])


def _most_common_region(regions: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Region of most samples; ties go to the first covered one, and to it over the background."""
    votes = (regions[..., :, None] == regions[..., None, :]).sum(axis=-1) * covered
    best = votes.argmax(axis=-1)
    winner = np.take_along_axis(regions, best[..., None], axis=-1)[..., 0]
    enough = votes.max(axis=-1) >= (~covered).sum(axis=-1)
    return np.where(enough & covered.any(axis=-1), winner, 0).astype(np.uint8)

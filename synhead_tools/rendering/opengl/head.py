"""A head on the OpenGL device: pyrender's primitives and textures, and a few numbers per triangle.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from OpenGL import GL
from pyrender import MetallicRoughnessMaterial, Primitive, Texture

from synhead_tools.rendering.cpu.mipmap import srgb_to_linear
from synhead_tools.rendering.cpu.pack import SKIN_WRAP, PackedHead, pack_head

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

#: How a part is drawn, as the shaders number it.
MODES = {"opaque": 0, "cutout": 1, "blend": 2}
_FLOATS_PER_VERTEX = 8
#: Layers of hair take turns with the thresholds of a pixel's samples; their numbers matter up to multiples of 1, 4, 9.
_LAYERS = 36
_FULL = 65535


class LinearTexture(Texture):
    """A part's texture in linear light, premultiplied by alpha, 16 bits deep, rows from the top; see `mipmap`.

    Parameters
    ----------
    picture : (H, W, 4) uint8
        sRGB colour and straight alpha.
    opaque : bool
        Ignore alpha.
    """

    def __init__(self, picture: np.ndarray, opaque: bool) -> None:
        height, width = picture.shape[:2]
        super().__init__(source_channels="RGBA", width=width, height=height)
        self.levels = max(height, width).bit_length()
        kind = GL.GL_TEXTURE_2D
        self._texid = GL.glGenTextures(1)
        GL.glBindTexture(kind, self._texid)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        texels = (GL.GL_RGBA, GL.GL_UNSIGNED_SHORT, _linear_texels(picture, opaque))
        GL.glTexImage2D(kind, 0, GL.GL_RGBA16, width, height, 0, *texels)
        GL.glGenerateMipmap(kind)
        GL.glTexParameteri(kind, GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_LINEAR)
        GL.glTexParameteri(kind, GL.GL_TEXTURE_MAG_FILTER, GL.GL_LINEAR)
        for axis in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(kind, axis, GL.GL_CLAMP_TO_EDGE)
        GL.glBindTexture(kind, 0)


@dataclass
class GlPart:
    """One part on the device.

    Attributes
    ----------
    primitive : pyrender.Primitive
    mode : int
        Of `MODES`.
    first_triangle : int
        Number, in the head's own order, of its first triangle.
    closed : bool
        Whether its inside is never seen, see `PackedHead.part_closed`.
    levels : int
        Of its texture.
    wrap : tuple of 3 floats
        Share of light that wraps around, see `synhead_tools.rendering.cpu.pack`.
    drawn : Part
        Whose vertices the device has at the moment, and whose tint and gloss are drawn.
    """

    primitive: Any
    mode: int
    first_triangle: int
    closed: bool
    levels: int
    wrap: tuple[float, float, float]
    drawn: Part

    def put_vertices(self, part: Part) -> None:
        """Take the positions, normals and looks of `part`, which has the same triangles."""
        before, self.drawn = self.drawn, part
        if part.vertices_m is before.vertices_m and part.normals is before.normals:
            return
        primitive = self.primitive
        primitive.positions, primitive.normals = part.vertices_m, part.normals
        # pyrender has no public way to change vertices that are on the device
        columns = np.empty((len(primitive.positions), _FLOATS_PER_VERTEX), np.float32)
        columns[:, :3], columns[:, 3:6], columns[:, 6:] = primitive.positions, primitive.normals, primitive.texcoord_0
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, primitive._buffers[0])
        GL.glBufferData(GL.GL_ARRAY_BUFFER, columns.nbytes, columns, GL.GL_STREAM_DRAW)

    def draw(self, count: int) -> None:
        """Draw `count` instances of all its triangles."""
        GL.glBindVertexArray(self.primitive._vaid)
        start = ctypes.c_void_p(0)
        GL.glDrawElementsInstanced(GL.GL_TRIANGLES, self.primitive.indices.size, GL.GL_UNSIGNED_INT, start, count)


class GlHead:
    """A head's parts on the device: all, those that hide what is behind, and those that do not.

    Parameters
    ----------
    head : Head
        Whose triangles, textures and regions are taken; see `synhead_tools.rendering.cpu.pack.packed_as`.
    """

    def __init__(self, head: Head) -> None:
        packed = pack_head(head)
        starts = np.cumsum([0] + [len(part.triangles) for part in head.parts])
        self.head = head  # kept so that its id() cannot be given to another
        self.parts = [_make_part(packed, number, part, int(starts[number])) for number, part in enumerate(head.parts)]
        # opaque before cutout: what is hidden of hair then needs no look into its texture
        solid = [part for part in self.parts if part.mode != MODES["blend"]]
        self.solid = sorted(solid, key=lambda part: part.mode)
        self.blended = [part for part in self.parts if part.mode == MODES["blend"]]
        self._buffer, self.facts = GL.glGenBuffers(1), GL.glGenTextures(1)
        facts = _facts(head, packed)
        GL.glBindBuffer(GL.GL_TEXTURE_BUFFER, self._buffer)
        GL.glBufferData(GL.GL_TEXTURE_BUFFER, facts.nbytes, facts, GL.GL_STATIC_DRAW)
        GL.glBindTexture(GL.GL_TEXTURE_BUFFER, self.facts)
        GL.glTexBuffer(GL.GL_TEXTURE_BUFFER, GL.GL_R32I, self._buffer)

    def put_shape(self, shape: Head) -> None:
        """Take the vertices of `shape`, another shape of the same head."""
        for part, other in zip(self.parts, shape.parts, strict=True):
            part.put_vertices(other)

    def delete(self) -> None:
        """Take everything off the device."""
        for part in self.parts:
            part.primitive.material.baseColorTexture.delete()
            part.primitive.delete()
        GL.glDeleteTextures([self.facts])
        GL.glDeleteBuffers(1, [self._buffer])


def _make_part(packed: PackedHead, number: int, part: Part, first_triangle: int) -> GlPart:
    texture = LinearTexture(part.texture, part.alpha_mode == "opaque")
    material = MetallicRoughnessMaterial(baseColorTexture=texture, metallicFactor=0.0, alphaMode=_GLTF[part.alpha_mode])
    primitive = Primitive(
        positions=part.vertices_m,
        normals=part.normals,
        texcoord_0=part.uv,
        indices=part.triangles,
        material=material,
    )
    primitive._add_to_context()
    wrap = SKIN_WRAP if part.name == "skin" else (0.0, 0.0, 0.0)
    closed = bool(packed.part_closed[number])
    return GlPart(primitive, MODES[part.alpha_mode], first_triangle, closed, texture.levels, wrap, part)


_GLTF = {"opaque": "OPAQUE", "cutout": "MASK", "blend": "BLEND"}


def _linear_texels(picture: np.ndarray, opaque: bool) -> np.ndarray:
    table = np.floor(srgb_to_linear(np.arange(256) / 255) * _FULL + 0.5).astype(np.uint16)
    texels = np.full(picture.shape, _FULL, np.uint16)
    texels[..., :3] = table[picture[..., :3]]
    if not opaque:
        alpha = picture[..., 3:].astype(np.uint32)
        texels[..., :3] = (texels[..., :3] * alpha + 127) // 255
        texels[..., 3:] = alpha * (_FULL // 255)
    return texels


def _facts(head: Head, packed: PackedHead) -> np.ndarray:
    """Region, facing and layer of each triangle as one number, in the order of the head's own parts."""
    facts = np.concatenate([part.triangle_region for part in head.parts]).astype(np.int32)
    facing_and_layer = 256 * (packed.triangle_facing > 0) + 512 * (packed.triangle_layer % _LAYERS)
    facts[packed.triangle_number] += facing_and_layer.astype(np.int32)
    return facts

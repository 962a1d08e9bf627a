"""A head as a renderer sees it: a few textured triangle meshes in the head frame, and its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """One mesh with one texture.

    Attributes
    ----------
    name : str
        ``skin``, ``eyes``, ``brows``, ``lashes`` or ``hair``.
    vertices_m : (V, 3) float32
        Positions in the head frame (x to the subject's left, y down, z into the head), metres.
    normals : (V, 3) float32
        Unit outward normals, head frame.
    uv : (V, 2) float32
        Texture coordinates in 0..1 from the texture's top-left corner, u right, v down.
    triangles : (T, 3) int32
        Counter-clockwise seen from outside.
    triangle_region : (T,) uint8
        `synhead_tools.heads.regions.Region` of each triangle.
    texture : (H, W, 4) uint8
        sRGB colour and straight alpha.
    alpha_mode : str
        ``opaque`` (alpha is ignored) or ``cutout`` (texels below `alpha_cutoff` are not there).
    alpha_cutoff : float
        In 0..1; used by ``cutout``.
    two_sided : bool
        Whether back faces are seen too (strands of hair).
    specular : float
        Strength of the highlight at normal incidence, 0..1.
    gloss : float
        Blinn-Phong exponent.
    tint : (3,) float64
        Multiplies the linear texture colour.
    """

    name: str
    vertices_m: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    triangle_region: np.ndarray
    texture: np.ndarray
    alpha_mode: str = "opaque"
    alpha_cutoff: float = 0.5
    two_sided: bool = False
    specular: float = 0.02
    gloss: float = 12.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Head:
    """A whole head in its own frame; the origin lies midway between the centres of its eyeballs.

    Attributes
    ----------
    name : str
        Name of the preset, or of the recipe file.
    parts : tuple of Part
        Skin, eyes, brows, lashes and, unless bald, hair.
    points5_m : (5, 3) float64
        Subject's right eye (left in a picture), left eye, nose tip, right and left mouth corner; head frame, metres.
        The eyes are the pupils' centres on the front of the eyeballs.
    landmarks68_m : (68, 3) float64
        iBUG order, on the surface of the skin; head frame, metres. The jaw line is points of the skin, which do not
        slide along the contour as the head turns.
    licence : str
        Licence of everything the head is made of.
    recipe_sha256 : str
        Hash of the recipe's canonical text.
    """

    name: str
    parts: tuple[Part, ...]
    points5_m: np.ndarray
    landmarks68_m: np.ndarray
    licence: str
    recipe_sha256: str

    def part(self, name: str) -> Part | None:
        """Return the part of that name, or None (a bald head has no hair)."""
        return next((part for part in self.parts if part.name == name), None)

"""A head as a renderer sees it: a few textured triangle meshes in the head frame, and its landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synhead_tools.heads.recipe import HeadRecipe


@dataclass(frozen=True)
class Part:
    """One mesh with one texture.

    Attributes
    ----------
    name : str
        ``skin``, ``eyes``, ``brows``, ``lashes`` or ``hair``; of imported heads, as their file calls it.
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
        ``opaque`` (alpha is ignored), ``cutout`` (texels below `alpha_cutoff` are not there) or ``blend`` (drawn over
        what is behind by its alpha, and in no label).
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
    bend : (V,) float32 or None
        How much each vertex goes with the body when the neck bends: 0 head, 1 body; None is 0 everywhere.
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
    bend: np.ndarray | None = None


@dataclass(frozen=True)
class HeadFacts:
    """What is known of a head before it is built.

    Attributes
    ----------
    name, licence, recipe_sha256 : str
        As of `Head`.
    has_points5, has_landmarks68 : bool
        Whether it has landmarks.
    has_recipe : bool
        Whether it was made from a recipe, and so can change its expression.
    """

    name: str
    licence: str
    recipe_sha256: str
    has_points5: bool = True
    has_landmarks68: bool = True
    has_recipe: bool = True


@dataclass(frozen=True)
class Head:
    """A whole head in its own frame; the origin lies midway between the centres of its eyeballs.

    Attributes
    ----------
    name : str
        Name of the preset, or of the recipe file.
    parts : tuple of Part
        Skin, eyes, brows, lashes; unless bald, hair; unless bare, cloth; and what is worn.
    points5_m : (5, 3) float64 or None
        Subject's right eye (left in a picture), left eye, nose tip, right and left mouth corner; head frame, metres.
        The eyes are the pupils' centres on the front of the eyeballs. None for an imported head of unknown landmarks.
    landmarks68_m : (68, 3) float64 or None
        iBUG order, on the surface of the skin; head frame, metres. The jaw line is points of the skin, which do not
        slide along the contour as the head turns.
    licence : str
        Licence of everything the head is made of.
    recipe_sha256 : str
        Hash of the recipe's canonical text.
    face_mesh_m : (M, 3) float64 or None
        Vertices of the dense face mesh, in the order of `synhead_tools.heads.face_mesh`; None where there is none.
    recipe : HeadRecipe or None
        What the head was made from, with which `synhead_tools.heads.expressions` moves it; None for imported heads.
    detail : int
        Level of detail the skin was made at.
    neck_joints_m : (2, 3) float64 or None
        Base of the skull and base of the neck, head frame, metres; None for a head whose neck does not bend.
    rest : Head or None
        The head of which this is another shape: the same parts with the same textures, triangles and number of
        vertices. A renderer then keeps what it made of that one.
    """

    name: str
    parts: tuple[Part, ...]
    points5_m: np.ndarray | None
    landmarks68_m: np.ndarray | None
    licence: str
    recipe_sha256: str
    face_mesh_m: np.ndarray | None = None
    recipe: HeadRecipe | None = None
    detail: int = 1
    neck_joints_m: np.ndarray | None = None
    rest: Head | None = None

    def facts(self) -> HeadFacts:
        """Return what can be said of the head in short."""
        landmarks = (self.points5_m is not None, self.landmarks68_m is not None)
        return HeadFacts(self.name, self.licence, self.recipe_sha256, *landmarks, self.recipe is not None)

    def part(self, name: str) -> Part | None:
        """Return the part of that name, or None (a bald head has no hair)."""
        return next((part for part in self.parts if part.name == name), None)

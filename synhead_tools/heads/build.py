"""From a recipe to a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.accessories import dressed
from synhead_tools.heads.bust import DEFAULT_DETAIL, skin_mesh
from synhead_tools.heads.expression_basis import expressed
from synhead_tools.heads.eyeballs import eye_centres
from synhead_tools.heads.face_mesh import face_mesh_points, load_face_mesh
from synhead_tools.heads.fitted import fitted_proxies
from synhead_tools.heads.haircuts import hair_asset
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.landmarks import landmarks68, points5
from synhead_tools.heads.morph import macro_weights, morph, random_details, slider_weights, sliders
from synhead_tools.heads.on_body import put_on_body
from synhead_tools.heads.proxies import proxy_mesh
from synhead_tools.heads.recipe import HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.skin import skin_texture
from synhead_tools.heads.textures import eyes, lashes, strands

LICENCE = "CC0-1.0"
_METRES_PER_DM = 0.1
_NEUTRAL_BROWS = {"eyebrows/eyebrows-angle": 0.35, "eyebrows/eyebrows-trans-down-up": 0.1}  # the base mesh frowns
_EYE_TINT = (0.74, 0.72, 0.72)  # the source's whites are whiter than any in the shade of lids


def build_head(recipe: HeadRecipe, name: str = "head", detail: int = DEFAULT_DETAIL) -> Head:
    """Make the head of a recipe: morph, subdivide, fit hair and eyes, paint.

    The result depends on the recipe and the level of detail alone, byte for byte.

    Parameters
    ----------
    recipe : HeadRecipe
        What to make.
    name : str
        What to call it.
    detail : int
        How fine the skin is, one of `synhead_tools.heads.bust.DETAILS`: 0 for tiny pictures, 1, 2 for close-ups.
        Landmarks, eyes, strands and accessories are the same at all levels.
    """
    neutral = morphed_vertices(replace(recipe, expression=()))
    vertices = expressed(neutral, dict(recipe.expression)) if recipe.expression else neutral
    origin = np.mean(eye_centres(neutral), axis=0)
    head = Head(
        name=name,
        parts=tuple(_parts(recipe, vertices, neutral, origin, detail)),
        points5_m=to_head_frame(points5(vertices, neutral), origin),
        landmarks68_m=to_head_frame(landmarks68(vertices), origin),
        licence=LICENCE,
        recipe_sha256=recipe.sha256(),
        face_mesh_m=to_head_frame(face_mesh_points(load_face_mesh().base_vertices, vertices, neutral), origin),
        recipe=recipe,
        detail=detail,
    )
    return put_on_body(head, recipe, target_weights(recipe), lambda points_dm: to_head_frame(points_dm, origin))


def morphed_vertices(recipe: HeadRecipe) -> np.ndarray:
    """Return the base vertices (V, 3) of a recipe in decimetres, mesh frame (y up), expression included."""
    neutral = morph(target_weights(recipe))
    return expressed(neutral, dict(recipe.expression)) if recipe.expression else neutral


def target_weights(recipe: HeadRecipe) -> dict[str, float]:
    """Return the weights of the morph targets of a recipe, expression left out."""
    values = random_details(recipe.seed, recipe.variation)
    for trait, value in (*_NEUTRAL_BROWS.items(), *recipe.details):
        values[trait] = tuple(float(np.clip(side + value, -1, 1)) for side in values[trait])
    weights = macro_weights(recipe.sex, recipe.age_years, dict(recipe.ancestry), recipe.muscle, recipe.weight)
    return weights | slider_weights({trait: values[trait] for trait in sliders()})


def _parts(
    recipe: HeadRecipe, vertices: np.ndarray, neutral: np.ndarray, origin: np.ndarray, detail: int
) -> list[Part]:
    *mesh, region = skin_mesh(vertices, detail)
    parts = [_part("skin", mesh, origin, region, skin_texture(recipe), specular=0.028, gloss=14.0)]

    fitted = fitted_proxies(recipe, neutral, vertices, dict(recipe.expression))

    def add(name: str, region: Region, picture: np.ndarray, **surface) -> None:
        mesh = proxy_mesh(*fitted[name])
        regions = np.full(len(mesh[3]), region, dtype=np.uint8)
        parts.append(_part(name, mesh, origin, regions, picture, **surface))

    def add_strands(name: str, region: Region, picture: np.ndarray, **surface) -> None:
        add(name, region, picture, alpha_mode="cutout", alpha_cutoff=0.5, two_sided=True, **surface)

    add("eyes", Region.EYE, eyes(recipe.eyes), specular=0.06, gloss=220.0, tint=_EYE_TINT)
    brows = strands("brows", recipe.brows, recipe.brow_rgb)
    add_strands("brows", Region.BROW, brows, specular=0.0)
    add_strands("lashes", Region.LASH, lashes(recipe.lashes, recipe.lash_strength), specular=0.0)
    if "hair" in fitted:
        hair = strands("hair", hair_asset(recipe.hair), recipe.hair_rgb)
        add_strands("hair", Region.HAIR, hair, specular=0.02, gloss=30.0)
    return dressed(parts, recipe, lambda points_dm: to_head_frame(points_dm, origin), neutral)


def _part(name, mesh, origin, region, picture, **surface) -> Part:
    positions, normals, uv, triangles = mesh
    return Part(
        name=name,
        vertices_m=to_head_frame(positions, origin).astype(np.float32),
        normals=(normals @ MESH_TO_HEAD.T).astype(np.float32),
        uv=np.clip(uv, 0, 1).astype(np.float32),
        triangles=triangles.astype(np.int32),
        triangle_region=region,
        texture=picture,
        **surface,
    )


def to_head_frame(points_dm: np.ndarray, origin_dm: np.ndarray) -> np.ndarray:
    """Return points (..., 3) of the mesh frame (dm, y up) in the head frame, metres; `origin_dm` becomes 0."""
    return (points_dm - origin_dm) @ MESH_TO_HEAD.T * _METRES_PER_DM

"""From a recipe to a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.assets import EYEBALLS, load_proxy
from synhead_tools.heads.bust import skin_mesh
from synhead_tools.heads.eyeballs import eye_centres, place_eyeballs
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.landmarks import landmarks68, points5
from synhead_tools.heads.morph import macro_weights, morph, random_details, slider_weights, sliders
from synhead_tools.heads.proxies import fit, proxy_mesh
from synhead_tools.heads.recipe import NO_HAIR, HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.skin import skin_texture
from synhead_tools.heads.textures import eyes, lashes, strands

LICENCE = "CC0-1.0"
_METRES_PER_DM = 0.1
_NEUTRAL_BROWS = {"eyebrows/eyebrows-angle": 0.35, "eyebrows/eyebrows-trans-down-up": 0.1}  # the base mesh frowns
_LASH_STRENGTH = 0.68
_EYE_TINT = (0.74, 0.72, 0.72)  # the source's whites are whiter than any in the shade of lids


def build_head(recipe: HeadRecipe, name: str = "head") -> Head:
    """Make the head of a recipe: morph, subdivide, fit hair and eyes, paint.

    The result depends on the recipe alone, byte for byte.

    Parameters
    ----------
    recipe : HeadRecipe
        What to make.
    name : str
        What to call it.
    """
    vertices = morphed_vertices(recipe)
    neutral = morphed_vertices(replace(recipe, expression=()))
    origin = np.mean(eye_centres(vertices), axis=0)
    return Head(
        name=name,
        parts=tuple(_parts(recipe, vertices, neutral, origin)),
        points5_m=_to_head_frame(points5(vertices, neutral), origin),
        landmarks68_m=_to_head_frame(landmarks68(vertices), origin),
        licence=LICENCE,
        recipe_sha256=recipe.sha256(),
    )


def morphed_vertices(recipe: HeadRecipe) -> np.ndarray:
    """Return the base vertices (V, 3) of a recipe in decimetres, mesh frame (y up)."""
    values = random_details(recipe.seed, recipe.variation)
    for trait, value in (*_NEUTRAL_BROWS.items(), *recipe.details):
        values[trait] = tuple(float(np.clip(side + value, -1, 1)) for side in values[trait])
    weights = macro_weights(recipe.sex, recipe.age_years, dict(recipe.ancestry), recipe.muscle, recipe.weight)
    weights |= slider_weights({trait: values[trait] for trait in sliders()})
    weights |= {f"expression/{expression}": strength for expression, strength in recipe.expression}
    return morph(weights)


def _parts(recipe: HeadRecipe, vertices: np.ndarray, neutral: np.ndarray, origin: np.ndarray) -> list[Part]:
    *mesh, region = skin_mesh(vertices)
    parts = [_part("skin", mesh, origin, region, skin_texture(recipe), specular=0.028, gloss=14.0)]

    def add(name: str, proxy: str, control: np.ndarray, region: Region, picture: np.ndarray, **surface) -> None:
        mesh = proxy_mesh(proxy, control)
        regions = np.full(len(mesh[3]), region, dtype=np.uint8)
        parts.append(_part(name, mesh, origin, regions, picture, **surface))

    def add_strands(name: str, proxy: str, region: Region, picture: np.ndarray, **surface) -> None:
        control = fit(load_proxy(proxy), vertices)
        add(name, proxy, control, region, picture, alpha_mode="cutout", alpha_cutoff=0.5, two_sided=True, **surface)

    balls = place_eyeballs(vertices, neutral)
    add("eyes", EYEBALLS, balls, Region.EYE, eyes(recipe.eyes), specular=0.06, gloss=220.0, tint=_EYE_TINT)
    brows = strands("brows", recipe.brows, recipe.brow_rgb)
    add_strands("brows", recipe.brows, Region.BROW, brows, specular=0.0)
    add_strands("lashes", recipe.lashes, Region.LASH, lashes(recipe.lashes, _LASH_STRENGTH), specular=0.0)
    if recipe.hair != NO_HAIR:
        hair = strands("hair", recipe.hair, recipe.hair_rgb)
        add_strands("hair", recipe.hair, Region.HAIR, hair, specular=0.02, gloss=30.0)
    return parts


def _part(name, mesh, origin, region, picture, **surface) -> Part:
    positions, normals, uv, triangles = mesh
    return Part(
        name=name,
        vertices_m=_to_head_frame(positions, origin).astype(np.float32),
        normals=(normals @ MESH_TO_HEAD.T).astype(np.float32),
        uv=np.clip(uv, 0, 1).astype(np.float32),
        triangles=triangles.astype(np.int32),
        triangle_region=region,
        texture=picture,
        **surface,
    )


def _to_head_frame(points_dm: np.ndarray, origin_dm: np.ndarray) -> np.ndarray:
    return (points_dm - origin_dm) @ MESH_TO_HEAD.T * _METRES_PER_DM

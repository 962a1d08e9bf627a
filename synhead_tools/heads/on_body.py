"""A built head put on its body: cloth over the shoulders, and how far every vertex bends with the neck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.cloth import cloth_texture
from synhead_tools.heads.covered_skin import covered_skin
from synhead_tools.heads.fitted import fitted_proxies
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.pose_neck import neck_bend
from synhead_tools.heads.proxies import proxy_mesh
from synhead_tools.heads.recipe import NOTHING, HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.torso import neck_joints, torso_mesh, torso_vertices

_HAIR_CLEARANCE_M, _CHEST_M = 0.004, 0.13


def put_on_body(
    head: Head, recipe: HeadRecipe, weights: dict[str, float], to_head_frame: Callable[[np.ndarray], np.ndarray]
) -> Head:
    """Return the head with a neck that bends (`synhead_tools.heads.pose_neck`) and, unless bare, a torso in cloth.

    Parameters
    ----------
    head : Head
        Skin first, hair (if any) by its name.
    recipe : HeadRecipe
    weights : dict
        Weights of the morph targets the head was made with.
    to_head_frame : callable
        Takes points (..., 3) in dm, mesh frame, to metres in the head frame.
    """
    torso_dm = torso_vertices(weights)
    parts = {part.name: part for part in head.parts}
    joints_m = to_head_frame(neck_joints(torso_dm))
    skin, covered = parts["skin"], covered_skin(recipe.cloth, head.detail)
    parts["skin"] = replace(
        skin,
        vertices_m=_inwards(skin.vertices_m, covered.depth_m, joints_m[1]),
        triangles=covered.triangles,
        triangle_region=covered.triangle_region,
        bend=covered.bend,
    )
    if "hair" in parts:
        parts["hair"] = replace(parts["hair"], bend=neck_bend(_hair_rest(recipe)))
    if recipe.cloth != NOTHING:
        parts["cloth"] = _cloth_part(recipe, torso_dm, head.detail > 1, to_head_frame)
    if {"hair", "cloth"} <= set(parts):
        parts["hair"] = replace(parts["hair"], vertices_m=_above(parts["hair"], parts["cloth"]))
    return replace(head, parts=tuple(parts.values()), neck_joints_m=joints_m)


def _cloth_part(
    recipe: HeadRecipe, torso_dm: np.ndarray, fine: bool, to_head_frame: Callable[[np.ndarray], np.ndarray]
) -> Part:
    positions, normals, uv, triangles, rest = torso_mesh(torso_dm, recipe.cloth, recipe.seed, fine)
    return Part(
        name="cloth",
        vertices_m=to_head_frame(positions).astype(np.float32),
        normals=(normals @ MESH_TO_HEAD.T).astype(np.float32),
        uv=uv.astype(np.float32),
        triangles=triangles.astype(np.int32),
        triangle_region=np.full(len(triangles), Region.CLOTH, dtype=np.uint8),
        texture=cloth_texture(recipe.cloth_rgb, recipe.seed),
        specular=0.0,
        bend=neck_bend(rest),
    )


def _inwards(vertices_m: np.ndarray, depth_m: np.ndarray, neck_base_m: np.ndarray) -> np.ndarray:
    """Skin of the collar moved into the chest by its depth: towards one point, so that what is one place stays one."""
    way = neck_base_m + [0.0, _CHEST_M, 0.0] - vertices_m
    return (vertices_m + depth_m * way / np.linalg.norm(way, axis=1, keepdims=True)).astype(np.float32)


def _hair_rest(recipe: HeadRecipe) -> np.ndarray:
    rest = load_geometry().vertices_dm
    return proxy_mesh(*fitted_proxies(recipe, rest, rest, {})["hair"])[0]


def _above(hair: Part, cloth: Part) -> np.ndarray:
    """Positions of hair that would lie below the cloth, lifted above it."""
    distance, nearest = cKDTree(cloth.vertices_m).query(hair.vertices_m, distance_upper_bound=0.06)
    near = np.isfinite(distance) & (hair.bend > 0)
    normals = cloth.normals[nearest[near]]
    height = np.einsum("ij,ij->i", hair.vertices_m[near] - cloth.vertices_m[nearest[near]], normals)
    lifted = hair.vertices_m.copy()
    lifted[near] += np.maximum(_HAIR_CLEARANCE_M - height, 0)[:, None] * normals
    return lifted

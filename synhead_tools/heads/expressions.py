"""Expressions from frame to frame: the same head with other coefficients of the 52 ARKit shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.build import morphed_vertices, to_head_frame
from synhead_tools.heads.bust import skin_mesh
from synhead_tools.heads.expression_basis import ARKIT_NAMES, Coefficients, coefficient_vector, expressed
from synhead_tools.heads.eyeballs import eye_centres
from synhead_tools.heads.face_mesh import face_mesh_points, load_face_mesh
from synhead_tools.heads.fitted import fitted_proxies
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.landmarks import landmarks68, points5
from synhead_tools.heads.proxies import proxy_mesh
from synhead_tools.heads.recipe import HeadRecipe

__all__ = ["ARKIT_NAMES", "Coefficients", "coefficient_vector", "express"]


@dataclass(frozen=True, eq=False)
class _Shapes:
    """Positions (V, 3) and unit normals of the parts that move, by name, and the points; head frame, metres."""

    parts: Mapping[str, tuple[np.ndarray, np.ndarray]]
    points: Mapping[str, np.ndarray]


def express(head: Head, coefficients: Coefficients) -> Head:
    """Return the head with another expression, in some 10 ms.

    It is the head that its recipe with this table of expressions would give: skin, lashes and hair follow, brows too
    but for the lids' shapes, eyeballs turn about their centres, points and the dense mesh are where they are then.
    What it wears stays. Hair is moved as it lies: it is not pressed anew under a hat or over a collar (0.01 mm).
    Parts keep their textures, triangles and number of vertices. The expression the recipe itself may have is
    replaced, not added to.

    To bend the neck as well, express first: ``bend_neck(express(head, coefficients), rotmat)``.

    Parameters
    ----------
    head : Head
        Made from a recipe.
    coefficients : (52,) array in the order of `ARKIT_NAMES`, or mapping from some of these names
        0 neutral to 1 full.

    Raises
    ------
    HeadError
        An unknown name, a value that is not from 0 to 1, a head without a recipe (an imported one), or one whose
        parts are no longer those of its recipe.
    """
    vector = coefficient_vector(coefficients)
    if head.recipe is None:
        raise HeadError(f"head {head.name!r} was not made from a recipe; only heads of recipes have expressions")
    pairs = tuple((name, float(value)) for name, value in zip(ARKIT_NAMES, vector, strict=True) if value)
    before = _built_shapes(head.recipe, head.detail)
    after = _shapes(replace(head.recipe, expression=()), pairs, head.detail)
    points = {name: getattr(head, name) + after.points[name] - before.points[name] for name in after.points}
    parts = tuple(_moved(part, before, after) for part in head.parts)
    return replace(head, parts=parts, rest=head.rest or head, **points)


def _moved(part: Part, before: _Shapes, after: _Shapes) -> Part:
    if part.name not in after.parts:
        return part
    positions, normals = after.parts[part.name]
    if positions.shape != part.vertices_m.shape:
        raise HeadError(
            f"part {part.name!r} has {len(part.vertices_m)} vertices, its recipe's {len(positions)}; express first, "
            "then change parts"
        )
    # by what changed: hair may have been pressed down by a hat since
    vertices = part.vertices_m + (positions - before.parts[part.name][0])
    return replace(part, vertices_m=vertices.astype(np.float32), normals=normals.astype(np.float32))


@lru_cache(maxsize=16)
def _built_shapes(recipe: HeadRecipe, detail: int) -> _Shapes:
    return _shapes(replace(recipe, expression=()), recipe.expression, detail)


@lru_cache(maxsize=16)
def _neutral_vertices(recipe: HeadRecipe) -> np.ndarray:
    return morphed_vertices(recipe)


def _shapes(neutral_recipe: HeadRecipe, expression: tuple[tuple[str, float], ...], detail: int) -> _Shapes:
    neutral = _neutral_vertices(neutral_recipe)
    vertices = expressed(neutral, dict(expression))
    origin = np.mean(eye_centres(neutral), axis=0)
    meshes = {"skin": skin_mesh(vertices, detail)[:2]}
    for name, placed in fitted_proxies(neutral_recipe, neutral, vertices, dict(expression)).items():
        meshes[name] = proxy_mesh(*placed)[:2]
    parts = {
        name: (to_head_frame(positions, origin), normals @ MESH_TO_HEAD.T)
        for name, (positions, normals) in meshes.items()
    }
    points = {
        "points5_m": points5(vertices, neutral),
        "landmarks68_m": landmarks68(vertices),
        "face_mesh_m": face_mesh_points(load_face_mesh().base_vertices, vertices, neutral),
    }
    return _Shapes(parts, {name: to_head_frame(value, origin) for name, value in points.items()})

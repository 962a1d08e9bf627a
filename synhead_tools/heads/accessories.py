"""Glasses and headgear: what a head wears, fitted to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.heads.glasses import glasses_parts
from synhead_tools.heads.head import Part
from synhead_tools.heads.headgear import HIDING_HAIR, Shell, headgear_part, headgear_shell, pressed
from synhead_tools.heads.recipe import NOTHING, HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.worn_shape import worn_shape


def dressed(
    parts: list[Part], recipe: HeadRecipe, to_head_frame: Callable[[np.ndarray], np.ndarray], neutral_dm: np.ndarray
) -> list[Part]:
    """Return the parts of a head with what its recipe wears: ``glasses`` and ``lenses``, ``headgear``.

    Both are fitted to the head without expression and follow it rigidly. Under headgear, hair is pressed to the head
    and ears are laid flat, so that nothing pokes through; a headscarf leaves no hair.

    Parameters
    ----------
    parts : list of Part
        Skin, eyes, brows, lashes and perhaps hair.
    recipe : HeadRecipe
    to_head_frame : callable
        Takes points (..., 3) in dm, mesh frame, to metres in the head frame.
    neutral_dm : (V, 3) array
        Base vertices without expression, mesh frame.
    """
    if recipe.glasses == NOTHING and recipe.headgear == NOTHING:
        return parts
    shape = worn_shape(recipe, neutral_dm, to_head_frame)
    worn = []
    if recipe.glasses != NOTHING:
        worn += glasses_parts(recipe, shape)
    if recipe.headgear != NOTHING:
        shell = headgear_shell(recipe, shape)
        parts = [_under(part, shell) for part in parts if recipe.headgear not in HIDING_HAIR or part.name != "hair"]
        worn.append(headgear_part(recipe, shape, shell))
    return [*parts, *worn]


def _under(part: Part, shell: Shell) -> Part:
    """Press hair and ears down; nothing else comes near a hat."""
    if part.name == "hair":
        return pressed(part, shell)
    if part.name == "skin":
        ears = np.zeros(len(part.vertices_m), dtype=bool)
        ears[part.triangles[part.triangle_region == Region.EAR]] = True
        return pressed(part, shell, covered=ears)
    return part

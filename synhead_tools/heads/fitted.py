"""Where the eyes, brows, lashes and hair of a recipe belong on its base vertices."""

from __future__ import annotations

import numpy as np

from synhead_tools.heads.assets import EYEBALLS, load_proxy
from synhead_tools.heads.expression_basis import Coefficients, expressed
from synhead_tools.heads.eyeballs import place_eyeballs
from synhead_tools.heads.haircuts import HAIRSTYLES
from synhead_tools.heads.proxies import fit, proxy_of
from synhead_tools.heads.recipe import HeadRecipe


def fitted_proxies(
    recipe: HeadRecipe, neutral_dm: np.ndarray, vertices_dm: np.ndarray, coefficients: Coefficients
) -> dict[str, tuple[str, np.ndarray]]:
    """Return the proxy of each part and its vertices on a head (dm, mesh frame), by name of the part.

    Parameters
    ----------
    recipe : HeadRecipe
        Says which proxies; its own expression is not looked at.
    neutral_dm, vertices_dm : (V, 3) arrays
        Base vertices without and with the expression, mesh frame.
    coefficients : (52,) array or mapping
        The expression.
    """
    without_lids = expressed(neutral_dm, coefficients, with_lids=False)
    proxies = {
        "eyes": (EYEBALLS, place_eyeballs(vertices_dm, neutral_dm)),
        "brows": (recipe.brows, fit(load_proxy(recipe.brows), without_lids)),
        "lashes": (recipe.lashes, fit(load_proxy(recipe.lashes), vertices_dm)),
    }
    if recipe.hair in HAIRSTYLES:
        proxies["hair"] = (recipe.hair, fit(proxy_of(recipe.hair), vertices_dm))
    return proxies

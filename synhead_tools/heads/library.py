"""The bundled heads by name, and heads of one's own by recipe file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import meshes_dir
from synhead_tools.heads.build import build_head
from synhead_tools.heads.head import Head
from synhead_tools.heads.recipe import HeadRecipe, read_recipe

__all__ = ["build_head", "demo_names", "load_head", "load_recipe", "preset_names"]

_PRESETS = ("f01", "f02", "f03", "f04", "f05", "m01", "m02", "m03", "m04", "m05")
_DEMO = ("demo/d01", "demo/d02", "demo/d03")


def preset_names() -> tuple[str, ...]:
    """Return the names of the ten bundled heads: five women, five men."""
    return _PRESETS


def demo_names() -> tuple[str, ...]:
    """Return the names of three people kept out of every source set: the demo's target domain."""
    return _DEMO


def load_recipe(name_or_path: str | Path) -> HeadRecipe:
    """Read the recipe of a bundled name or of a ``.toml`` file.

    Raises
    ------
    HeadError
        Neither a bundled name nor a readable recipe.
    """
    return read_recipe(_recipe_path(name_or_path))


@lru_cache(maxsize=16)
def load_head(name_or_path: str | Path) -> Head:
    """Build the head of a bundled name or of a recipe file, once.

    Raises
    ------
    HeadError
        Neither a bundled name nor a readable recipe.
    """
    path = _recipe_path(name_or_path)
    name = str(name_or_path) if str(name_or_path) in (*_PRESETS, *_DEMO) else path.stem
    return build_head(read_recipe(path), name)


def _recipe_path(name_or_path: str | Path) -> Path:
    name = str(name_or_path)
    if name in (*_PRESETS, *_DEMO):
        return meshes_dir() / "recipes" / f"{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    raise HeadError(f"unknown head {name!r}; known: {', '.join((*_PRESETS, *_DEMO))}, or the path of a .toml recipe")

"""The bundled heads by name, and heads of one's own: by recipe file, or imported."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import meshes_dir
from synhead_tools.heads.build import LICENCE, build_head
from synhead_tools.heads.bust import DEFAULT_DETAIL
from synhead_tools.heads.foreign.load import load_foreign_head
from synhead_tools.heads.foreign.recipe import FILE_NAME
from synhead_tools.heads.foreign.recipe_file import is_foreign_recipe
from synhead_tools.heads.head import Head, HeadFacts
from synhead_tools.heads.recipe import HeadRecipe, read_recipe

__all__ = ["build_head", "demo_names", "expand_names", "head_facts", "load_head", "load_recipe", "preset_names"]

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


def expand_names(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the heads that names, files and folders stand for, each once, as `load_head` takes them.

    Parameters
    ----------
    entries : iterable of str
        ``all`` (the ten presets), a bundled name, a recipe file, an imported head, or a folder: then the recipes and
        the imported heads in it, by name.

    Raises
    ------
    HeadError
        A folder has no heads in it.
    """
    names: dict[str, None] = {}
    for entry in entries:
        folder = Path(entry)
        if entry == "all":
            names |= dict.fromkeys(_PRESETS)
        elif entry in (*_PRESETS, *_DEMO) or not folder.is_dir() or (folder / FILE_NAME).is_file():
            names[entry] = None
        else:
            inside = [*folder.glob("*.toml"), *(path.parent for path in folder.glob(f"*/{FILE_NAME}"))]
            if not inside:
                raise HeadError(f"{folder} has no recipes (*.toml) and no imported heads (*/{FILE_NAME}) in it")
            names |= dict.fromkeys(str(path) for path in sorted(inside))
    return tuple(names)


@lru_cache(maxsize=16)
def load_head(name_or_path: str | Path, detail: int = DEFAULT_DETAIL) -> Head:
    """Build the head of a bundled name or of a recipe file, or read an imported one, once.

    Parameters
    ----------
    name_or_path : str or path
        A bundled name, a ``.toml`` recipe, or the ``head.toml`` of an imported head or the folder it is in.
    detail : int
        That of `build_head`; imported heads are as detailed as they are.

    Raises
    ------
    HeadError
        None of these, or it cannot be read.
    """
    path = _recipe_path(name_or_path)
    if is_foreign_recipe(path):
        return load_foreign_head(path)
    return build_head(read_recipe(path), _name(name_or_path, path), detail)


def head_facts(name_or_path: str | Path) -> HeadFacts:
    """Return name, licence, hash and whether there are landmarks, of what `load_head` takes; recipes are not built.

    Raises
    ------
    HeadError
        As `load_head`.
    """
    path = _recipe_path(name_or_path)
    if is_foreign_recipe(path):
        return load_head(name_or_path).facts()
    return HeadFacts(_name(name_or_path, path), LICENCE, read_recipe(path).sha256())


def _name(name_or_path: str | Path, path: Path) -> str:
    return str(name_or_path) if str(name_or_path) in (*_PRESETS, *_DEMO) else path.stem


def _recipe_path(name_or_path: str | Path) -> Path:
    name = str(name_or_path)
    if name in (*_PRESETS, *_DEMO):
        return meshes_dir() / "recipes" / f"{name}.toml"
    if (Path(name) / FILE_NAME).is_file():
        return Path(name) / FILE_NAME
    if name.endswith(".toml"):
        return Path(name)
    known = ", ".join((*_PRESETS, *_DEMO))
    raise HeadError(f"unknown head {name!r}; known: {known}, or the path of a .toml recipe or of an imported head")

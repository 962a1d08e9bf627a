"""From a ``head.toml`` to a head."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.landmarks import check_landmarks, find_landmarks, five_of
from synhead_tools.heads.foreign.parts import foreign_part
from synhead_tools.heads.foreign.placing import place
from synhead_tools.heads.foreign.raw_mesh import RawMesh
from synhead_tools.heads.foreign.reading import read_mesh
from synhead_tools.heads.foreign.recipe import FILE_NAME, LONGEST_NAME_BYTES, UNKNOWN_LICENCE, ForeignRecipe
from synhead_tools.heads.foreign.recipe_file import read_foreign_recipe
from synhead_tools.heads.head import Head, Part
from synhead_tools.heads.regions import Region

SKIN = "skin"


@dataclass(frozen=True, eq=False)
class ForeignHead:
    """A foreign mesh, understood.

    Attributes
    ----------
    head : Head
        Its landmarks are None where they are not told.
    recipe : ForeignRecipe
        With nothing left to guess: unit, axes and origin are what was found.
    notes : tuple of str
        What was guessed or left out, for people.
    """

    head: Head
    recipe: ForeignRecipe
    notes: tuple[str, ...]


def load_foreign_head(path: str | os.PathLike) -> Head:
    """Return the head of a ``head.toml``, or of a folder with one.

    Raises
    ------
    HeadError
        The recipe or a file it names is missing, damaged, hostile or no head; one line that says what to do.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    return understand(read_foreign_recipe(path), path.parent, str(path)).head


def understand(recipe: ForeignRecipe, folder: str | os.PathLike, where: str) -> ForeignHead:
    """Read the mesh of a recipe and make a head of it.

    Parameters
    ----------
    recipe : ForeignRecipe
    folder : path
        Where the files are that it names.
    where : str
        Names the recipe in messages.

    Raises
    ------
    HeadError
        As `load_foreign_head`.
    """
    files = FolderFiles(folder)
    path = Path(folder) / files.relative(recipe.mesh, where)
    mesh = _shown_parts(read_mesh(path, recipe.textures), recipe, where)
    points5, points68 = find_landmarks(recipe.landmarks, mesh, files, where)
    lids = points5 is None and points68 is not None
    five = five_of(points68) if lids else points5
    placing = place(recipe, mesh, five, lids, str(path))
    notes = [*mesh.notes, *placing.notes]
    if recipe.licence == UNKNOWN_LICENCE:
        notes.append("no licence is told: what is rendered from this head will say so")
    parts = tuple(
        foreign_part(part, mesh, recipe.rule(part.name), placing.matrix, placing.origin, placing.unit_m, notes)
        for part in mesh.parts
    )
    parts = _with_skin(parts)
    points5_m, points68_m = (placing.to_head(points) for points in (five, points68))
    if points5_m is not None:
        vertices_m = np.concatenate([part.vertices_m for part in parts])
        check_landmarks(points5_m, (vertices_m.min(axis=0), vertices_m.max(axis=0)), where)
    name = recipe.name or _default_name(path, where)
    definite = replace(recipe, name=name, **placing.definite())
    sha256 = _hash(definite, {**mesh.files, **files.sha256})
    return ForeignHead(Head(name, parts, points5_m, points68_m, recipe.licence, sha256), definite, tuple(notes))


def _shown_parts(mesh: RawMesh, recipe: ForeignRecipe, where: str) -> RawMesh:
    known = [part.name for part in mesh.parts]
    for name, _ in recipe.parts:
        if name not in known:
            raise HeadError(f"{where}: no part is called {name!r:.60}; there are {', '.join(known):.300}")
    parts = tuple(part for part in mesh.parts if recipe.rule(part.name).shown)
    if not parts:
        raise HeadError(f"{where}: no part is shown; set shown = true for one of {', '.join(known):.300}")
    return replace(mesh, parts=parts)


def _with_skin(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Parts of which the largest one of skin is called so: renderers let light wander under what has this name."""
    skins = [number for number, part in enumerate(parts) if (part.triangle_region == Region.SKIN).all()]
    if not skins or any(part.name == SKIN for part in parts):
        return parts
    largest = max(skins, key=lambda number: len(parts[number].triangles))
    return tuple(replace(part, name=SKIN) if number == largest else part for number, part in enumerate(parts))


def _default_name(path: Path, where: str) -> str:
    """Name of the folder of a ``head.toml``, else of the mesh, as far as it fits."""
    name = Path(where).absolute().parent.name if Path(where).name == FILE_NAME else path.stem
    encoded = name.encode("utf-8", "replace")[:LONGEST_NAME_BYTES]
    return encoded.decode("utf-8", "ignore").strip() or "head"


def _hash(recipe: ForeignRecipe, files: dict[str, str]) -> str:
    lines = [replace(recipe, source=()).to_toml(), *(f"{digest}  {name}\n" for name, digest in sorted(files.items()))]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

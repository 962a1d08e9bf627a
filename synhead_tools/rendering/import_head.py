"""A foreign head put into a folder of its own: its mesh in one safe form, its recipe, and a picture of both."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from synhead_tools.errors import OutputExistsError
from synhead_tools.formats.new_folder import new_folder
from synhead_tools.geometry.frames import MESH_TO_HEAD
from synhead_tools.heads.export_glb import head_glb
from synhead_tools.heads.foreign.load import ForeignHead, load_foreign_head
from synhead_tools.heads.foreign.recipe import FILE_NAME, ForeignRecipe, LandmarkRule, PartRule
from synhead_tools.heads.regions import Region
from synhead_tools.rendering.head_preview import head_preview

MESH_NAME, PREVIEW_NAME = "head.glb", "preview.png"


def import_head(foreign: ForeignHead, out: str | os.PathLike, overwrite: bool = False) -> Path:
    """Write a foreign head into a new folder, which `synhead_tools.heads.library.load_head` takes.

    The folder has ``head.glb``, the mesh in the head's own axes and in metres; ``head.toml``, with nothing left to
    guess; and ``preview.png``, drawn from these two.

    Parameters
    ----------
    foreign : ForeignHead
    out : path
        Folder to be made.
    overwrite : bool
        Replace an imported head that is there.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputExistsError
        There is something and `overwrite` is false, or it is no imported head.
    """
    with new_folder(out, overwrite, check=_check_replaceable) as folder:
        (folder / MESH_NAME).write_bytes(head_glb(foreign.head))
        (folder / FILE_NAME).write_text(stored_recipe(foreign).to_toml(), encoding="utf-8")
        head_preview(load_foreign_head(folder), list(foreign.notes)).save(folder / PREVIEW_NAME)
    return Path(out)


def stored_recipe(foreign: ForeignHead) -> ForeignRecipe:
    """Return the recipe of the stored head: in glTF's axes, metres, the origin between the eyes."""
    head, told = foreign.head, foreign.recipe
    rules = [(part.name, PartRule(region=Region(int(part.triangle_region[0])).name.lower())) for part in head.parts]
    source = dict(told.source) | {
        "file": Path(told.mesh).name,
        "recipe_sha256": head.recipe_sha256,
        "unit": told.unit,
        "axes": f"left {told.left}, up {told.up}, front {told.front}",
        "origin": ", ".join(f"{value:.6g}" for value in told.origin),
    }
    return ForeignRecipe(
        mesh=MESH_NAME,
        name=head.name,
        licence=head.licence,
        unit="m",
        left="+x",
        up="+y",
        front="+z",
        origin=(0.0, 0.0, 0.0),
        parts=tuple(rules),
        landmarks=LandmarkRule(points5=_points(head.points5_m), points68=_points(head.landmarks68_m)),
        source=tuple(source.items()),
    )


def _points(points_m: np.ndarray | None) -> tuple[tuple[float, float, float], ...] | None:
    if points_m is None:
        return None
    return tuple(tuple(row) for row in (points_m @ MESH_TO_HEAD.T + 0.0).tolist())


def _check_replaceable(folder: Path) -> None:
    known = {MESH_NAME, FILE_NAME, PREVIEW_NAME}
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    if not there <= known or FILE_NAME not in there:
        raise OutputExistsError(f"{folder} is not an imported head and is left alone; choose another place")

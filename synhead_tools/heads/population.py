"""A folder of recipes: any number of people drawn by chance, and a table of who they are."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from synhead_tools.errors import HeadError, OutputExistsError
from synhead_tools.heads.build import LICENCE, build_head
from synhead_tools.heads.recipe import NOTHING, HeadRecipe, parse_recipe
from synhead_tools.heads.sampling import GLASSES_SHARE, HEADGEAR_SHARE, sample_recipe

SUMMARY_NAME = "heads.json"
MOST_HEADS = 100_000
_TRAITS = ("sex", "age_years", "skin", "hair", "brows", "eyes", "beard", "glasses", "headgear", "cloth")


def build_population(
    out: str | os.PathLike,
    count: int,
    seed: int,
    glasses_share: float = GLASSES_SHARE,
    headgear_share: float = HEADGEAR_SHARE,
    covered_eye_share: float = 0.0,
    built: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict:
    """Write the recipes of `count` people into a new folder: ``p0000.toml``, ``p0001.toml`` ... and ``heads.json``.

    Person k of a seed is the same however many are asked for. The folder appears whole or not at all.

    Parameters
    ----------
    out : path
        Folder to make; its parent must exist.
    count : int
        1 to 100 000.
    seed : int
        From 0 to 2^63 - 1.
    glasses_share, headgear_share, covered_eye_share : float
        As `synhead_tools.heads.sampling.sample_recipe`.
    built : bool
        Also build each head once (some 0.2 s each), so that a recipe that cannot be built is found now.
    overwrite : bool
        Replace a folder that an earlier call wrote. Nothing else is ever replaced.
    progress : callable, optional
        Called with the number of people done.

    Returns
    -------
    dict
        What is in ``heads.json``: ``count``, ``seed``, the shares, ``totals`` (how often each trait occurs) and
        ``heads``, a row per person with ``name``, ``recipe_sha256`` and traits.

    Raises
    ------
    HeadError
        A number is out of range, or a head cannot be built.
    OutputExistsError
        `out` is there and `overwrite` is false, or it holds what no population has; or its parent is no folder.
    """
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_HEADS:
        raise HeadError(f"count of heads is {count!r}; give a whole number from 1 to {MOST_HEADS}")
    shares = {
        "glasses_share": glasses_share, "headgear_share": headgear_share, "covered_eye_share": covered_eye_share
    }  # fmt: skip
    sample_recipe(seed, 0, **shares)  # a bad number is told before anything is written
    rows = []
    with _new_folder(Path(out), overwrite) as folder:
        for index in range(count):
            recipe, name = sample_recipe(seed, index, **shares), person_name(index)
            text = recipe.to_toml()
            (folder / f"{name}.toml").write_bytes(text.encode())
            if built:
                build_head(parse_recipe(text, name), name)
            rows.append({"name": name, "recipe_sha256": recipe.sha256(), **_traits(recipe)})
            if progress is not None:
                progress(index + 1)
        summary = {"count": count, "seed": int(seed), **shares, "licence": LICENCE, "totals": _totals(rows)}
        summary["heads"] = rows
        (folder / SUMMARY_NAME).write_bytes((json.dumps(summary, indent=1) + "\n").encode())
    return summary


def person_name(index: int) -> str:
    """Return the name of the person of an index: ``p0007``."""
    return f"p{index:04d}"


def _traits(recipe: HeadRecipe) -> dict[str, object]:
    values = asdict(recipe)
    expression = sorted(name for name, _ in recipe.expression)
    return {name: values[name] for name in _TRAITS} | {"ancestry": dict(recipe.ancestry), "expression": expression}


def _totals(rows: list[dict]) -> dict[str, object]:
    """Return how often each value of each trait that has names occurs, and a few counts of the others."""
    named = ("skin", "hair", "brows", "eyes", "glasses", "headgear", "cloth")
    totals: dict[str, object] = {trait: dict(sorted(Counter(row[trait] for row in rows).items())) for trait in named}
    return totals | {
        "women": sum(row["sex"] < 0.5 for row in rows),
        "bearded": sum(row["beard"] > 0 for row in rows),
        "with_expression": sum(bool(row["expression"]) for row in rows),
        "with_glasses": sum(row["glasses"] != NOTHING for row in rows),
        "with_headgear": sum(row["headgear"] != NOTHING for row in rows),
        "age_years": [min(row["age_years"] for row in rows), max(row["age_years"] for row in rows)],
    }


@contextmanager
def _new_folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a hidden folder beside `out` that takes its place when the block ends without an error."""
    _refuse(out, overwrite)
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    replaced = temporary.with_suffix(".old")
    temporary.mkdir()
    try:
        yield temporary
        for path in (*temporary.iterdir(), temporary):
            _flush(path)
        _refuse(out, overwrite)
        if out.exists():
            out.rename(replaced)
        temporary.rename(out)
        _flush(out.parent)
    except BaseException:
        if replaced.exists() and not out.exists():
            replaced.rename(out)
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def _refuse(out: Path, overwrite: bool) -> None:
    if not out.parent.is_dir():
        raise OutputExistsError(f"{out} cannot be made: {out.parent} is no folder; make it or choose another place")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise OutputExistsError(f"{out} is a file or a link, not a folder; choose another name")
    if not out.exists():
        return
    if not overwrite:
        raise OutputExistsError(f"{out} is already there; choose another folder or give --overwrite")
    foreign = sorted(path.name for path in out.iterdir() if not _is_ours(path))
    if foreign:
        raise OutputExistsError(f"{out} holds {foreign[0]!r}, which no population has; choose another folder")


def _is_ours(path: Path) -> bool:
    person = path.suffix == ".toml" and path.stem[:1] == "p" and path.stem[1:].isdecimal()
    return path.is_file() and (person or path.name == SUMMARY_NAME)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

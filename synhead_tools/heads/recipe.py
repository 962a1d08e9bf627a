"""Recipes: the few numbers and names a head is made from, as a frozen value and as a TOML file."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, fields
from pathlib import Path

from synhead_tools.errors import HeadError
from synhead_tools.heads import assets
from synhead_tools.heads.haircuts import HAIRSTYLES
from synhead_tools.heads.morph import OLDEST_YEARS, YOUNGEST_YEARS, expression_names, sliders
from synhead_tools.input_files import read_input

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NO_HAIR = NOTHING = "none"
BUZZ_CUT = "buzz"
GLASSES = ("round", "rectangular", "aviator", "sunglasses")
HEADGEARS = ("beanie", "cap", "headscarf")
CLOTHS = ("crew_neck", "v_neck", "turtleneck")
RECIPE_BYTES_LIMIT = 1 << 20
ANCESTRIES = ("african", "asian", "caucasian")

_SHARE = (0.0, 1.0)
_RANGES = {
    "sex": _SHARE, "age_years": (YOUNGEST_YEARS, OLDEST_YEARS), "muscle": _SHARE, "weight": _SHARE,
    "variation": (0.0, 2.0), "skin_gain": (0.4, 1.6), "pores": _SHARE, "hair_rgb": _SHARE, "brow_rgb": _SHARE,
    "scalp": _SHARE, "beard": _SHARE, "lash_strength": _SHARE, "glasses_rgb": _SHARE, "headgear_rgb": _SHARE,
    "cloth_rgb": _SHARE, "ancestry": _SHARE, "details": (-1.0, 1.0), "expression": _SHARE,
}  # fmt: skip
_CHOICES = {
    "skin": assets.SKINS, "hair": (*HAIRSTYLES, BUZZ_CUT, NO_HAIR), "brows": assets.BROWS, "lashes": assets.LASHES,
    "eyes": assets.EYE_COLOURS, "glasses": (*GLASSES, NOTHING), "headgear": (*HEADGEARS, NOTHING),
    "cloth": (*CLOTHS, NOTHING),
}  # fmt: skip
_TRIPLES = ("skin_gain", "hair_rgb", "brow_rgb", "glasses_rgb", "headgear_rgb", "cloth_rgb")
_TABLES = ("ancestry", "details", "expression")


@dataclass(frozen=True)
class HeadRecipe:
    """Everything that decides how a head looks.

    Attributes
    ----------
    sex : float
        0 female to 1 male.
    age_years : float
        25 to 90; decides the shape, not the skin.
    ancestry : tuple of (str, float)
        Shares of ``african``, ``asian``, ``caucasian``; normalised when used.
    muscle, weight : float
        0 least, 0.5 average, 1 most.
    seed : int
        Of the random traits and of the skin's pores.
    variation : float
        Strength of the random traits, 0 none, 1 usual.
    details : tuple of (str, float)
        Traits added to the random ones, -1..1: names of `synhead_tools.heads.morph.sliders`.
    expression : tuple of (str, float)
        ARKit expression names with strengths 0..1; empty is neutral.
    skin, hair, brows, lashes, eyes : str
        Names of the data; ``hair = "none"`` is bald, ``"buzz"`` is painted on the skin.
    lash_strength : float
        0 hardly seen to 1 as dense as the data's.
    skin_gain : (3,) tuple of float
        Factors on the skin's red, green and blue (sRGB).
    pores : float
        Strength of the fine grain added to the skin.
    hair_rgb, brow_rgb : (3,) tuple of float
        sRGB colour 0..1 of the brightest strands.
    scalp : float
        How strongly the scalp under the hair is painted in the hair's colour.
    beard : float
        0 shaved, 0.3 stubble, 1 a short beard, painted on the skin.
    glasses, headgear, cloth : str
        Names of `GLASSES`, `HEADGEARS` and `CLOTHS`, or ``none``.
    glasses_rgb, headgear_rgb, cloth_rgb : (3,) tuple of float
        sRGB colour 0..1 of the frame, of the headgear and of the cloth.
    """

    sex: float
    age_years: float
    ancestry: tuple[tuple[str, float], ...]
    skin: str
    hair: str
    brows: str
    eyes: str
    hair_rgb: tuple[float, float, float]
    brow_rgb: tuple[float, float, float]
    seed: int = 0
    muscle: float = 0.5
    weight: float = 0.5
    variation: float = 1.0
    lashes: str = "eyelashes02"
    skin_gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pores: float = 0.5
    scalp: float = 0.8
    beard: float = 0.0
    lash_strength: float = 0.68
    glasses: str = NOTHING
    glasses_rgb: tuple[float, float, float] = (0.12, 0.11, 0.11)
    headgear: str = NOTHING
    headgear_rgb: tuple[float, float, float] = (0.25, 0.27, 0.32)
    cloth: str = "crew_neck"
    cloth_rgb: tuple[float, float, float] = (0.38, 0.42, 0.48)
    details: tuple[tuple[str, float], ...] = ()
    expression: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        check_recipe({field.name: getattr(self, field.name) for field in fields(self)}, "recipe")

    def to_toml(self) -> str:
        """Return the canonical TOML text: all keys, in the order of the class, tables last."""
        names = [field.name for field in fields(self)]
        lines = [f"{name} = {_toml_value(getattr(self, name))}" for name in names if name not in _TABLES]
        for table in _TABLES:
            pairs = getattr(self, table)
            if pairs:
                lines += ["", f"[{table}]", *(f"{json.dumps(key)} = {_toml_value(value)}" for key, value in pairs)]
        return "\n".join(lines) + "\n"

    def sha256(self) -> str:
        """Return the hash of the canonical text."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


def read_recipe(path: str | Path) -> HeadRecipe:
    """Read a recipe file.

    Raises
    ------
    HeadError
        The file is missing, is no TOML, or a key is unknown, missing or out of range; the message names file and key.
    """
    path = Path(path)
    data = read_input(path, RECIPE_BYTES_LIMIT, HeadError, "give a TOML recipe such as those in meshes/recipes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HeadError(f"{path} is no UTF-8 text ({error}); save it as UTF-8") from error
    return parse_recipe(text, str(path))


def parse_recipe(text: str, where: str = "recipe") -> HeadRecipe:
    """Return the recipe of a TOML text; `where` names it in messages.

    Raises
    ------
    HeadError
        As `read_recipe`.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, brackets thousands deep
        raise HeadError(f"{where}: not TOML: {error}") from error
    known = [field.name for field in fields(HeadRecipe)]
    for key in values:
        if key not in known:
            raise HeadError(f"{where}: unknown key {key!r}; known: {', '.join(known)}")
    check_recipe(values, where)
    values |= {key: tuple(values[key].items()) for key in _TABLES if isinstance(values.get(key), dict)}
    values |= {key: tuple(values[key]) for key in _TRIPLES if key in values}
    missing = [name for name in known[:9] if name not in values]
    if missing:
        raise HeadError(f"{where}: key {missing[0]!r} is missing")
    return HeadRecipe(**values)


def check_recipe(values: dict, where: str) -> None:
    """Check names, types and ranges of a recipe's values.

    Raises
    ------
    HeadError
        One line that names `where`, the key and what it should be.
    """
    for key, value in values.items():
        if key in _CHOICES:
            if value not in _CHOICES[key]:
                raise HeadError(f"{where}: {key} = {value!r} is unknown; known: {', '.join(_CHOICES[key])}")
        elif key == "seed":
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
                raise HeadError(f"{where}: seed = {value!r} must be a whole number from 0 to 2^63 - 1")
        elif key in _TRIPLES:
            if not isinstance(value, (list, tuple)) or len(value) != 3:
                raise HeadError(f"{where}: {key} = {value!r} must be three numbers")
            for number in value:
                _check_number(number, key, key, where)
        elif key in _TABLES:
            _check_table(value, key, where)
        else:
            _check_number(value, key, key, where)


def _check_table(table: object, key: str, where: str) -> None:
    pairs = list(table.items()) if isinstance(table, dict) else table
    if not isinstance(pairs, (list, tuple)) or not all(isinstance(p, (list, tuple)) and len(p) == 2 for p in pairs):
        raise HeadError(f"{where}: {key} must be a table of names and numbers")
    known = {"ancestry": lambda: ANCESTRIES, "details": sliders, "expression": expression_names}[key]
    for name, value in pairs:
        if name not in known():
            raise HeadError(f"{where}: {key}.{name!r} is unknown; known: {', '.join(known())}")
        _check_number(value, f"{key}.{name}", key, where)
    if key == "ancestry" and sum(value for _, value in pairs) <= 0:
        raise HeadError(f"{where}: ancestry needs a share above 0 of {', '.join(ANCESTRIES)}")


def _check_number(value: object, shown: str, key: str, where: str) -> None:
    low, high = _RANGES[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise HeadError(f"{where}: {shown} = {value!r} must be a number")
    if not low <= value <= high:
        raise HeadError(f"{where}: {shown} = {value!r} must be from {low:g} to {high:g}")


def _toml_value(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, int):
        return str(value)
    return repr(float(value))

"""From the numbers of a recipe to weights of morph targets, and from weights to base vertices."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.heads.assets import load_geometry

YOUNGEST_YEARS, OLDEST_YEARS = 25.0, 90.0  # ages of the macro targets
_ENDINGS = (("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
            ("compress", "uncompress"))  # fmt: skip
_SLIDER_SIGMA = 0.2
_KEPT_SHARE = 0.7
_ASYMMETRY_SIGMA = 0.02
_LARGEST_RANDOM = 0.8
# Brows, lids and lips carry the expression: at full strength random sliders make people look cross.
_GROUP_SCALE = {"eyes": 0.45, "eyebrows": 0.45, "mouth": 0.6, "head": 0.7}
_DELICATE = ("angles", "eyefold", "push", "scale-vert", "scale-horiz", "eye-height", "corner", "forehead-nubian",
             "temple", "back-scale", "measure")  # fmt: skip
_SIDEWAYS = ("nose-trans-in-out", "mouth-trans-in-out", "neck-trans-in-out")  # off the middle of the face


@dataclass(frozen=True)
class Slider:
    """One adjustable trait: its targets on each side, and how far chance moves it.

    Attributes
    ----------
    name : str
        ``group/trait``; the ``l-`` and ``r-`` of paired traits are left out.
    targets : tuple of (str or None, str)
        (target for -1, target for +1) once, or for the left and the right side.
    scale : float
        Factor on random values.
    """

    name: str
    targets: tuple[tuple[str | None, str], ...]
    scale: float


@lru_cache(maxsize=1)
def sliders() -> dict[str, Slider]:
    """Return all sliders by name, sorted.

    A trait that moves along several axes has one slider each: ``nose/nose-trans-backward-forward`` beside
    ``nose/nose-trans-down-up``.
    """
    names = [n for n in load_geometry().target_names if n.split("/")[0] not in ("macrodetails", "expression")]
    known = set(names)
    found: dict[str, dict[str, list[tuple[str | None, str]]]] = {}
    for name in names:
        stem, _, ending = name.rpartition("-")
        if any(ending == low and f"{stem}-{high}" in known for low, high in _ENDINGS):
            continue  # the other end of a slider
        low = next((low for low, high in _ENDINGS if ending == high and f"{stem}-{low}" in known), None)
        trait, axis = (name, "") if low is None else (stem, f"-{low}-{ending}")
        pair = (None if low is None else f"{stem}-{low}", name)
        found.setdefault(_without_side(trait), {}).setdefault(axis, []).append(pair)
    named = {
        trait + (axis if len(axes) > 1 else ""): tuple(pairs)
        for trait, axes in found.items()
        for axis, pairs in axes.items()
    }
    return {name: Slider(name, named[name], _random_scale(name)) for name in sorted(named)}


def expression_names() -> tuple[str, ...]:
    """Return the expression targets' names (ARKit's: ``jawOpen``, ``mouthSmileLeft`` ...)."""
    names = load_geometry().target_names
    return tuple(name.removeprefix("expression/") for name in names if name.startswith("expression/"))


def macro_weights(
    sex: float, age_years: float, ancestry: dict[str, float], muscle: float, weight: float
) -> dict[str, float]:
    """Return weights of MakeHuman's macro targets, multilinear in the parameters.

    Parameters
    ----------
    sex : float
        0 female to 1 male.
    age_years : float
        25 to 90.
    ancestry : dict
        Shares of ``african``, ``asian`` and ``caucasian``; they are normalised.
    muscle, weight : float
        0 least, 0.5 average, 1 most.
    """
    old = (age_years - YOUNGEST_YEARS) / (OLDEST_YEARS - YOUNGEST_YEARS)
    total = sum(ancestry.values())
    weights = {}
    for sex_name, sex_share in (("female", 1 - sex), ("male", sex)):
        for age_name, age_share in (("young", 1 - old), ("old", old)):
            share = sex_share * age_share
            for name, part in ancestry.items():
                weights[f"macrodetails/{name}-{sex_name}-{age_name}"] = share * part / total
            for muscle_name, muscle_share in _three("muscle", muscle).items():
                for weight_name, weight_share in _three("weight", weight).items():
                    name = f"macrodetails/universal-{sex_name}-{age_name}-{muscle_name}-{weight_name}"
                    weights[name] = share * muscle_share * weight_share
    return {name: value for name, value in weights.items() if value > 0}


def random_details(seed: int, variation: float) -> dict[str, tuple[float, ...]]:
    """Return a value per target pair of each slider, drawn from `seed` and the slider's own name.

    Each slider has its own stream: adding one to the data does not change the others. Both sides of the face get the
    same value but for a little asymmetry.
    """
    values = {}
    for slider in sliders().values():
        rng = np.random.default_rng([seed, zlib.crc32(slider.name.encode())])
        common = rng.normal(0, _SLIDER_SIGMA) * (rng.random() < _KEPT_SHARE)
        sides = rng.normal(0, _ASYMMETRY_SIGMA, len(slider.targets)) * (len(slider.targets) > 1)
        moved = np.clip((common + sides) * slider.scale * variation, -_LARGEST_RANDOM, _LARGEST_RANDOM)
        values[slider.name] = tuple(moved.tolist())
    return values


def slider_weights(values: dict[str, tuple[float, ...]]) -> dict[str, float]:
    """Return target weights of slider values in -1..1, one per target pair of the slider."""
    weights: dict[str, float] = {}
    for name, sides in values.items():
        for (minus, plus), value in zip(sliders()[name].targets, sides, strict=True):
            target = plus if value > 0 else minus
            if target is not None and value != 0:
                weights[target] = weights.get(target, 0.0) + abs(value)
    return weights


def morph(weights: dict[str, float]) -> np.ndarray:
    """Return base vertices (V, 3) (dm, mesh frame) moved by weighted targets; unknown target names are ignored.

    The macro targets of MakeHuman leave some corners of their grid out where nothing moves.
    """
    geometry = load_geometry()
    row = np.array([weights.get(name, 0.0) for name in geometry.target_names])
    vertices = geometry.vertices_dm.copy()
    for axis, matrix in enumerate(_target_matrices()):
        vertices[:, axis] += row @ matrix
    return vertices


@lru_cache(maxsize=1)
def _target_matrices() -> tuple[csr_matrix, ...]:
    geometry = load_geometry()
    shape = (len(geometry.target_names), len(geometry.vertices_dm))
    return tuple(
        csr_matrix((column, geometry.target_indices, geometry.target_indptr), shape=shape)
        for column in np.ascontiguousarray(geometry.target_deltas_dm.T)
    )


def _three(word: str, value: float) -> dict[str, float]:
    low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
    shares = {f"min{word}": low, f"average{word}": 1 - low - high, f"max{word}": high}
    return {name: share for name, share in shares.items() if share > 0}


def _without_side(name: str) -> str:
    return name.replace("/l-", "/").replace("/r-", "/")


def _random_scale(name: str) -> float:
    if name.endswith(_SIDEWAYS):
        return 0.1
    scale = _GROUP_SCALE.get(name.split("/")[0], 1.0)
    return scale * 0.5 if any(word in name for word in _DELICATE) else scale

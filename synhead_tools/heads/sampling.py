"""People by chance: the recipe of any number of identities, each a function of (run seed, index) and nothing else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.heads import colouring
from synhead_tools.heads.colouring import draw
from synhead_tools.heads.morph import random_details
from synhead_tools.heads.recipe import ANCESTRIES, BUZZ_CUT, CLOTHS, NO_HAIR, NOTHING, HeadRecipe

#: Hair that hangs over an eye: worn only where `sample_recipe` is asked for it.
EYE_COVERING_HAIR = ("bob01", "bob02", "braid01", "short03")
GLASSES_SHARE, HEADGEAR_SHARE = 0.25, 0.10
_SLIGHT_EXPRESSION_SHARE = 0.4
_ONE_ANCESTRY_SHARE = 0.6
_HIGHEST_INDEX = 2**63 - 1

_LONG = {
    "long01": 0.17, "long01_shoulder": 0.17, "long01_chin": 0.09, "ponytail01": 0.20, "braid01_fringe": 0.06,
    "braid01_fringe_mirrored": 0.06, "bob01_fringe": 0.04, "bob02_fringe": 0.05, "bob02_fringe_mirrored": 0.05,
    "short03_fringe": 0.02, "short03_fringe_mirrored": 0.02, "short01": 0.04, "short02": 0.03,
}  # fmt: skip
_SHORT = {
    "short01": 0.26, "short02": 0.23, "short04": 0.17, "short03_fringe": 0.04, "short03_fringe_mirrored": 0.04,
    BUZZ_CUT: 0.12, NO_HAIR: 0.06, "ponytail01": 0.02, "long01_shoulder": 0.01,
}  # fmt: skip
_HAIR = {
    ("african", False): {"afro01": 0.44, BUZZ_CUT: 0.08} | {name: 0.48 * share for name, share in _LONG.items()},
    ("african", True): {BUZZ_CUT: 0.40, "afro01": 0.32, NO_HAIR: 0.16, "short01": 0.12},
    ("asian", False): _LONG,
    ("asian", True): _SHORT,
    ("caucasian", False): _LONG,
    ("caucasian", True): _SHORT,
}
_BROWS = {
    False: {"eyebrow001": 0.30, "eyebrow010": 0.24, "eyebrow008": 0.18, "eyebrow012": 0.12, "eyebrow004": 0.08,
            "eyebrow006": 0.04, "eyebrow009": 0.04},
    True: {"eyebrow001": 0.27, "eyebrow012": 0.27, "eyebrow010": 0.18, "eyebrow009": 0.16, "eyebrow008": 0.12},
}  # fmt: skip
_LASHES = {False: {"eyelashes02": 0.5, "eyelashes01": 0.3, "eyelashes03": 0.2}, True: {"eyelashes01": 1.0}}
_GLASSES = {"rectangular": 0.40, "round": 0.32, "aviator": 0.16, "sunglasses": 0.12}
_HEADGEAR = {False: {"beanie": 0.4, "cap": 0.25, "headscarf": 0.35}, True: {"beanie": 0.5, "cap": 0.5}}
_FRAME_RGB = ((0.07, 0.07, 0.07), (0.20, 0.12, 0.08), (0.42, 0.40, 0.38), (0.58, 0.48, 0.30), (0.12, 0.15, 0.28),
              (0.34, 0.10, 0.12))  # fmt: skip
_EXPRESSIONS = (
    {"mouthSmileLeft": 0.30, "mouthSmileRight": 0.30, "cheekSquintLeft": 0.15, "cheekSquintRight": 0.15},
    {"browInnerUp": 0.30, "browOuterUpLeft": 0.2, "browOuterUpRight": 0.2},
    {"jawOpen": 0.06, "mouthSmileLeft": 0.12, "mouthSmileRight": 0.12},
    {"eyeSquintLeft": 0.35, "eyeSquintRight": 0.35},
    {"mouthPressLeft": 0.3, "mouthPressRight": 0.3},
)


@dataclass(frozen=True)
class _Window:
    """Where a trait may lie in the end, chance included: outside, people look cross, sly or ill."""

    lowest: float
    highest: float
    shift: float = 0.0


_TAMED = {
    "eyebrows/eyebrows-angle": _Window(0.0, 0.25, 0.12),
    "eyebrows/eyebrows-trans-down-up": _Window(-0.05, 0.3, 0.08),
    "mouth/mouth-angles": _Window(-0.02, 0.2, 0.06),
    "eyes/eye-height2": _Window(-0.05, 0.2, 0.04),
    "ears/ear-shape-pointed": _Window(-0.8, 0.25),
    "forehead/forehead-nubian": _Window(-0.35, 0.15),  # this one and the three below make skulls pointed
    "forehead/forehead-scale-vert": _Window(-0.35, 0.2),
    "head/head-diamond": _Window(-0.6, 0.25),
    "head/head-oval": _Window(-0.6, 0.35),
    "head/head-scale-horiz": _Window(-0.25, 0.35),
    "nose/nose-trans-backward-forward": _Window(-0.45, 0.8),  # farther back, the palate comes out beside the nose
}


def sample_recipe(
    run_seed: int,
    index: int,
    glasses_share: float = GLASSES_SHARE,
    headgear_share: float = HEADGEAR_SHARE,
    covered_eye_share: float = 0.0,
) -> HeadRecipe:
    """Draw one person of a population.

    Half are women; ancestries are equally frequent and two in five people are mixed; ages run from 25 to 88; two in
    five wear a slight expression. Each trait has a stream of its own, so a share changes only whom it concerns.

    Parameters
    ----------
    run_seed, index : int
        From 0 to 2^63 - 1. How many people are drawn plays no part.
    glasses_share, headgear_share : float
        Of people who wear them, 0 to 1.
    covered_eye_share : float
        Of people with hair of `EYE_COVERING_HAIR` instead of their own, 0 to 1. Landmarks under it are hidden.

    Raises
    ------
    HeadError
        A number is out of range.
    """
    _check(
        run_seed, index, glasses_share=glasses_share, headgear_share=headgear_share, covered_eye_share=covered_eye_share
    )

    def stream(trait: str) -> np.random.Generator:
        return np.random.default_rng([run_seed, index, zlib.crc32(trait.encode())])

    man = bool(stream("sex").random() < 0.5)
    ancestry = _draw_ancestry(stream("ancestry"))
    age_years = round(float(25 + 63 * stream("age").beta(1.1, 1.9)), 1)
    darkness = colouring.draw_darkness(ancestry, stream("darkness"))
    skin = _draw_skin(ancestry, man, age_years, darkness, stream("skin"))
    hair = _draw_hairstyle(ancestry, man, age_years, stream("hair"))
    if stream("covered eye").random() < covered_eye_share:
        hair = EYE_COVERING_HAIR[int(stream("covered eye style").integers(len(EYE_COVERING_HAIR)))]
    hair_rgb, brow_rgb = colouring.draw_hair(ancestry, darkness, age_years, man, stream("hair colour"))
    shape = stream("shape")
    seed, variation = int(shape.integers(2**32)), round(float(shape.uniform(1.2, 1.9)), 3)
    return HeadRecipe(
        sex=_share(stream("femininity").normal(0, 0.08), flipped=man),
        age_years=age_years,
        ancestry=tuple(ancestry.items()),
        skin=skin,
        hair=hair,
        brows=draw(_BROWS[man], stream("brows")),
        eyes=colouring.draw_eyes(ancestry, darkness, stream("eyes")),
        hair_rgb=hair_rgb,
        brow_rgb=brow_rgb,
        seed=seed,
        muscle=round(float(np.clip(shape.normal(0.5, 0.13), 0.1, 0.9)), 3),
        weight=round(float(np.clip(shape.normal(0.52, 0.15), 0.12, 0.95)), 3),
        variation=variation,
        lashes=draw(_LASHES[man], stream("lashes")),
        lash_strength=round(float(stream("lash strength").uniform(*((0.40, 0.55) if man else (0.45, 0.65)))), 3),
        skin_gain=colouring.skin_gain(skin, darkness, stream("skin gain")),
        pores=round(float(stream("pores").uniform(0.25, 0.7)), 3),
        scalp=0.8 if hair != BUZZ_CUT else round(float(stream("scalp").uniform(0.65, 1.0)), 3),
        beard=_draw_beard(ancestry, stream("beard")) if man else 0.0,
        details=_tamed_details(seed, variation),
        expression=_draw_expression(stream("expression")),
        **_draw_worn(stream, man, glasses_share, headgear_share),
    )


def _draw_ancestry(rng: np.random.Generator) -> dict[str, float]:
    main = ANCESTRIES[int(rng.integers(3))]
    if rng.random() < _ONE_ANCESTRY_SHARE:
        return {main: 1.0}
    others = [name for name in ANCESTRIES if name != main]
    second = others[int(rng.integers(2))]
    part = round(float(rng.uniform(0.1, 0.5)), 2)
    return {main: round(1 - part, 2), second: part}


def _draw_skin(ancestry, man: bool, age_years: float, darkness: float, rng: np.random.Generator) -> str:
    """Draw a skin picture of sex and age, of an ancestor as far as it can be made as light or dark as it must be."""
    jittered = age_years + rng.normal(0, 4)
    sex, age = "male" if man else "female", "young" if jittered < 42 else "middleage" if jittered < 60 else "old"
    # The old African pictures are so red that few tones can be made of them; then a younger picture must do.
    for age_name in (age, "middleage"):
        names = {ancestor: f"{age_name}_{ancestor}_{sex}" for ancestor in ANCESTRIES}
        shares = {names[a]: share for a, share in ancestry.items() if colouring.reaches(names[a], darkness)}
        if shares:
            break
    else:  # whom chance made unlike all ancestors
        shares = {names["african" if darkness > 0.65 else "asian"]: 1.0}
    skin = draw(shares, rng)
    return f"{skin}_2" if skin.startswith("young_caucasian") and rng.random() < 0.5 else skin


def _draw_hairstyle(ancestry, man: bool, age_years: float, rng: np.random.Generator) -> str:
    ancestor = draw(ancestry, rng)
    shares = dict(_HAIR[ancestor, man])
    if man:  # hair gets thin
        shares[NO_HAIR] += 0.25 * float(np.clip((age_years - 38) / 30, 0, 1))
    return draw(shares, rng)


def _draw_beard(ancestry, rng: np.random.Generator) -> float:
    kind = rng.random()
    strength = 0.0 if kind < 0.45 else rng.uniform(0.12, 0.4) if kind < 0.78 else rng.uniform(0.5, 0.95)
    return round(float(strength * (1 - 0.4 * ancestry.get("asian", 0.0))), 3)


def _draw_expression(rng: np.random.Generator) -> tuple[tuple[str, float], ...]:
    if rng.random() >= _SLIGHT_EXPRESSION_SHARE:
        return ()
    chosen = _EXPRESSIONS[int(rng.integers(len(_EXPRESSIONS)))]
    strength = rng.uniform(0.3, 1.0)
    return tuple((name, round(value * strength, 3)) for name, value in chosen.items())


def _tamed_details(seed: int, variation: float) -> tuple[tuple[str, float], ...]:
    """Return what brings the traits of `_TAMED` into their windows."""
    drawn = random_details(seed, variation)
    details = []
    for name, window in _TAMED.items():
        value = float(np.mean(drawn[name]))
        details.append((name, round(float(np.clip(value + window.shift, window.lowest, window.highest)) - value, 4)))
    return tuple(detail for detail in details if detail[1])


def _draw_worn(stream, man: bool, glasses_share: float, headgear_share: float) -> dict[str, object]:
    wears_glasses = stream("glasses").random() < glasses_share
    wears_headgear = stream("headgear").random() < headgear_share
    return {
        "glasses": draw(_GLASSES, stream("glasses style")) if wears_glasses else NOTHING,
        "glasses_rgb": _FRAME_RGB[int(stream("glasses colour").integers(len(_FRAME_RGB)))],
        "headgear": draw(_HEADGEAR[man], stream("headgear style")) if wears_headgear else NOTHING,
        "headgear_rgb": _draw_cloth_rgb(stream("headgear colour")),
        "cloth": CLOTHS[int(stream("cloth").integers(len(CLOTHS)))],
        "cloth_rgb": _draw_cloth_rgb(stream("cloth colour")),
    }


def _draw_cloth_rgb(rng: np.random.Generator) -> tuple[float, float, float]:
    """Draw a colour of clothes: mostly muted, seldom bright."""
    grey, tint = rng.uniform(0.08, 0.85), rng.normal(0, 0.09, 3)
    return tuple(round(float(value), 3) for value in np.clip(grey + tint, 0.03, 0.92))


def _share(value: float, flipped: bool) -> float:
    share = round(float(np.clip(abs(value), 0, 0.3)), 3)
    return round(1 - share, 3) if flipped else share


def _check(run_seed: int, index: int, **shares: float) -> None:
    for name, value in (("seed", run_seed), ("index", index)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 0 <= value <= _HIGHEST_INDEX:
            raise HeadError(f"{name} of a sampled head is {value!r}; give a whole number from 0 to 2^63 - 1")
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise HeadError(f"{name} of sampled heads is {value!r}; give a number from 0 to 1")

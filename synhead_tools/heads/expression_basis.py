"""The 52 ARKit shapes: their names and order, vectors of coefficients, and what they do to base vertices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_matrix

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.landmarks import landmarks68

_EYE = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")
ARKIT_NAMES = (
    *(f"{name}Left" for name in _EYE), *(f"{name}Right" for name in _EYE),
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
"""Names of the coefficients in the order of ARKit's documentation (`ARFaceAnchor.BlendShapeLocation`).

Left is the face's own left. `tongueOut` moves nothing: the heads have no tongue.
"""

Coefficients: TypeAlias = np.ndarray | Mapping[str, float]
"""A vector in the order of `ARKIT_NAMES`, or a mapping from some of the names; 0 neutral to 1 full."""

_LIDS = np.array([name.startswith(_EYE) for name in ARKIT_NAMES])
_BLINK_LEFT, _BLINK_RIGHT = ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")
# iBUG numbers of points on the rims of upper and lower lid, one above the other.
_LID_PAIRS = {_BLINK_LEFT: ((43, 44), (47, 46)), _BLINK_RIGHT: ((37, 38), (41, 40))}
_FACTOR_RANGE = (0.6, 1.5)


def coefficient_vector(coefficients: Coefficients) -> np.ndarray:
    """Return coefficients as (52,) float64 in the order of `ARKIT_NAMES`; names a mapping leaves out are 0.

    Raises
    ------
    HeadError
        An unknown name, a wrong length, or a value that is not from 0 to 1.
    """
    if isinstance(coefficients, Mapping):
        for name in coefficients:
            if name not in ARKIT_NAMES:
                raise HeadError(f"expression {name!r} is unknown; known: {', '.join(ARKIT_NAMES)}")
        coefficients = [coefficients.get(name, 0.0) for name in ARKIT_NAMES]
    try:
        vector = np.array(coefficients, np.float64)
    except (TypeError, ValueError) as error:
        raise HeadError(f"expression is no vector of numbers ({error}); give {len(ARKIT_NAMES)} numbers") from error
    if vector.shape != (len(ARKIT_NAMES),):
        raise HeadError(f"expression has shape {vector.shape}; give ({len(ARKIT_NAMES)},), in the order of ARKIT_NAMES")
    bad = ~((vector >= 0) & (vector <= 1))
    if bad.any():
        worst = int(np.argmax(bad))
        raise HeadError(f"expression {ARKIT_NAMES[worst]} = {vector[worst]} must be from 0 to 1")
    return vector


def expressed(neutral_dm: np.ndarray, coefficients: Coefficients, with_lids: bool = True) -> np.ndarray:
    """Return base vertices (V, 3) with an expression: neutral + sum of coefficient times displacement.

    The displacements are MakeHuman's, the same on all heads, but for blinks: these are scaled, for each eye of each
    head, so that 1 just closes it.

    Parameters
    ----------
    neutral_dm : (V, 3) array
        Base vertices of a head without expression, mesh frame, decimetres.
    coefficients : (52,) array or mapping
    with_lids : bool
        False leaves out all ``eye...`` shapes. Brows are fitted to these vertices: the skin right below them slides
        with the lids, brows do not.

    Raises
    ------
    HeadError
        As `coefficient_vector`.
    """
    vector = coefficient_vector(coefficients)
    if not with_lids:
        vector = np.where(_LIDS, 0.0, vector)
    for blink in _LID_PAIRS:
        if vector[blink]:
            vector[blink] *= blink_factor(neutral_dm, blink)
    return neutral_dm + np.stack([vector @ matrix for matrix in displacement_matrices()], axis=1)


def blink_factor(neutral_dm: np.ndarray, blink: int) -> float:
    """Return by how much shape number `blink` must be scaled to bring the lids of this head together.

    Of the two pairs of landmarks on the lids the one farther apart, as it is to what the target does to it, decides.
    """
    upper, lower = (list(points) for points in _LID_PAIRS[blink])
    height, moved = landmarks68(neutral_dm)[:, 1], _blink_at_landmarks(blink)
    shares = (height[upper] - height[lower]) / (moved[lower] - moved[upper])
    return float(np.clip(shares.mean(), *_FACTOR_RANGE))


@lru_cache(maxsize=2)
def _blink_at_landmarks(blink: int) -> np.ndarray:
    """How far up the target moves each of the 68 landmarks, decimetres."""
    return landmarks68(np.stack([matrix[[blink]].toarray()[0] for matrix in displacement_matrices()], axis=1))[:, 1]


@lru_cache(maxsize=1)
def displacement_matrices() -> tuple[csr_matrix, csr_matrix, csr_matrix]:
    """Return displacements along x, y and z (52, V) in decimetres, rows in the order of `ARKIT_NAMES`."""
    geometry = load_geometry()
    rows = np.zeros(len(ARKIT_NAMES) + 1, np.int64)
    picked = [np.zeros(0, np.int64)]
    number = {name: k for k, name in enumerate(geometry.target_names)}
    for k, name in enumerate(ARKIT_NAMES):
        target = number.get(f"expression/{name}")
        start, stop = (0, 0) if target is None else geometry.target_indptr[target : target + 2]
        picked.append(np.arange(start, stop))
        rows[k + 1] = rows[k] + stop - start
    entries = np.concatenate(picked)
    shape = (len(ARKIT_NAMES), len(geometry.vertices_dm))
    return tuple(
        csr_matrix((geometry.target_deltas_dm[entries, axis], geometry.target_indices[entries], rows), shape=shape)
        for axis in range(3)
    )

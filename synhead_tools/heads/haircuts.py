"""Hairstyles: the hair meshes of the data, and what scissors and a mirror make of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import HAIRS, Proxy, load_geometry, load_proxy

_FACE_FRONT_DM, _FACE_HALF_WIDTH_DM = 0.55, 0.66  # what hangs before this, and between these, is fringe
_MIRROR_SUFFIX = "_mirrored"

Level = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Haircut:
    """A hairstyle made from another.

    Attributes
    ----------
    hair : str
        Name of the data's hair, which lends texture and scalp.
    level : callable
        Takes positions at rest (..., 3) (dm, mesh frame); negative where hair is cut off.
    mirrored : bool
        Whether left and right change places.
    """

    hair: str
    level: Level
    mirrored: bool = False


def _fringe(height_dm: float) -> Level:
    """Cut what hangs over the face at a height, a little higher in the middle."""

    def level(rest_dm: np.ndarray) -> np.ndarray:
        x, y, z = np.moveaxis(rest_dm, -1, 0)
        above = y - height_dm - 0.06 * np.clip(1 - (x / 0.5) ** 2, 0, 1)
        return np.maximum(np.maximum(above, np.abs(x) - _FACE_HALF_WIDTH_DM), _FACE_FRONT_DM - z)

    return level


def _length(height_dm: float, slope: float = 0.0) -> Level:
    """Cut everything below a height, which falls by `slope` towards the front."""
    return lambda rest_dm: rest_dm[..., 1] - height_dm + slope * rest_dm[..., 2]


_CUTS = {
    "bob01_fringe": Haircut("bob01", _fringe(7.62)),
    "bob02_fringe": Haircut("bob02", _fringe(7.62)),
    "braid01_fringe": Haircut("braid01", _fringe(7.58)),
    "short03_fringe": Haircut("short03", _fringe(7.62)),
    "long01_shoulder": Haircut("long01", _length(5.95)),
    "long01_chin": Haircut("long01", _length(6.5, slope=0.2)),
}
_MIRRORED = ("bob02_fringe", "braid01_fringe", "short03_fringe")
HAIRCUTS = _CUTS | {name + _MIRROR_SUFFIX: replace(_CUTS[name], mirrored=True) for name in _MIRRORED}
"""Hairstyles that are made from the data's, by name."""

HAIRSTYLES = (*HAIRS, *HAIRCUTS)
"""Names of all hairstyles with strands."""


def hair_asset(hairstyle: str) -> str:
    """Return the name of the data's hair that a hairstyle is made from."""
    return HAIRCUTS[hairstyle].hair if hairstyle in HAIRCUTS else hairstyle


def cut_level(hairstyle: str, rest_dm: np.ndarray) -> np.ndarray:
    """Return values (...) that are negative where a hairstyle, at rest positions (..., 3), is cut off."""
    if hairstyle not in HAIRCUTS:
        return np.full(rest_dm.shape[:-1], np.inf)
    return HAIRCUTS[hairstyle].level(rest_dm)


@lru_cache(maxsize=len(HAIRSTYLES))
def hair_proxy(hairstyle: str) -> Proxy:
    """Return the uncut mesh of a hairstyle, mirrored if that is what it is.

    Raises
    ------
    HeadError
        The name is unknown or the data is missing.
    """
    proxy = load_proxy(hair_asset(hairstyle))
    if hairstyle not in HAIRCUTS or not HAIRCUTS[hairstyle].mirrored:
        return proxy
    return replace(
        proxy,
        reference=mirror_vertices()[proxy.reference],
        offsets_dm=proxy.offsets_dm * [-1, 1, 1],
        faces=_turned_over(proxy.faces),
        face_uv=_turned_over(proxy.face_uv),
    )


def _turned_over(quads: np.ndarray) -> np.ndarray:
    """Return quads that run the other way round, a repeated last corner staying last."""
    triangle = quads[:, 2] == quads[:, 3]
    return np.where(triangle[:, None], quads[:, [1, 0, 2, 2]], quads[:, [1, 0, 3, 2]])


@lru_cache(maxsize=1)
def mirror_vertices() -> np.ndarray:
    """Return the base vertex (V,) on the other side of each: the base head is symmetric."""
    from scipy.spatial import cKDTree

    rest = load_geometry().vertices_dm
    return cKDTree(rest).query(rest * [-1, 1, 1])[1]

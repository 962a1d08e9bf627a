"""A user's folder of environment maps: Radiance ``.hdr``, or ordinary pictures taken as light."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.rendering.cpu.mipmap import srgb_to_linear
from synhead_tools.rendering.looks.environment import EnvironmentMap, reduced
from synhead_tools.rendering.looks.picture_folder import PICTURES, decode_rgb, list_folder
from synhead_tools.rendering.looks.radiance_hdr import read_radiance_hdr

MAPS = (".hdr", *PICTURES)
_SIZE = (512, 1024)


def environment_names(folder: str) -> tuple[str, ...]:
    """Return the file names of the maps in a folder, sorted.

    Raises
    ------
    PlanError
        There are none, or the folder cannot be read.
    """
    return list_folder(folder, MAPS)


@lru_cache(maxsize=32)
def file_map(folder: str, name: str) -> EnvironmentMap:
    """Return one map of a folder, averaged down to 1024 x 512 at most; the last 32 are kept.

    Raises
    ------
    PlanError
        It cannot be read, is black, or is not twice as wide as high (within 2 %).
    """
    path = Path(folder) / name
    if path.suffix.lower() == ".hdr":
        radiance = read_radiance_hdr(path)
    else:
        radiance = srgb_to_linear(np.arange(256) / 255).astype(np.float32)[decode_rgb(path)]
    height, width = radiance.shape[:2]
    if abs(width - 2 * height) > max(0.04 * height, 1):
        raise PlanError(f"{path} is {width} x {height}; an equirectangular map is twice as wide as high")
    return EnvironmentMap(name, reduced(radiance, *_SIZE).astype(np.float32))

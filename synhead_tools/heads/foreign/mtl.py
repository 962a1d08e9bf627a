"""Material files of OBJ: a colour, a picture, a picture of what is cut out."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass

import numpy as np
from PIL import Image

from synhead_tools.errors import HeadError
from synhead_tools.heads.foreign.colour import srgb_to_linear
from synhead_tools.heads.foreign.folder_files import FolderFiles
from synhead_tools.heads.foreign.pictures import PictureShelf, decode_picture

MTL_BYTES_LIMIT = 1 << 22
PICTURE_BYTES_LIMIT = 1 << 28

GREY = (0.5, 0.5, 0.5)
"""Linear colour of what has no material."""

#: Options before a file's name, with how many numbers or words follow each; of -o, -s, -t it may be fewer.
_OPTIONS = {
    "-blendu": 1, "-blendv": 1, "-cc": 1, "-clamp": 1, "-mm": 2, "-texres": 1, "-bm": 1, "-imfchan": 1, "-boost": 1,
    "-type": 1, "-o": 3, "-s": 3, "-t": 3,
}  # fmt: skip


@dataclass
class Material:
    """What is drawn of a material.

    Attributes
    ----------
    rgb : tuple of 3 floats
        Linear.
    picture : int or None
        Number on the shelf.
    alpha_mode : str or None
        As in `RawPart`.
    """

    rgb: tuple[float, float, float] = GREY
    picture: int | None = None
    alpha_mode: str | None = None


def read_mtl(name: str, asked_by: str, files: FolderFiles, shelf: PictureShelf) -> dict[str, Material]:
    """Return the materials of a library by their names.

    Parameters
    ----------
    name : str
        As the OBJ file calls it.
    asked_by : str
        The OBJ file, for messages.
    files : FolderFiles
    shelf : PictureShelf
        Takes the pictures.

    Raises
    ------
    HeadError
        The library, or a picture that it names, is missing, damaged or lies elsewhere.
    """
    text = os.fsdecode(files.read(name, asked_by, MTL_BYTES_LIMIT))
    materials: dict[str, Material] = {}
    pictures: dict[str, dict[str, str]] = {}
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(maxsplit=1)
        if len(words) < 2:
            continue
        key, rest = words[0].lower(), words[1].strip()
        if key == "newmtl":
            current = rest
            materials[current], pictures[current] = Material(), {}
        elif current is not None and key == "kd":
            materials[current].rgb = _colour(rest, f"{name}, line {number}")
        elif current is not None and key in ("map_kd", "map_d"):
            # beside the library, wherever that lies
            pictures[current][key] = posixpath.join(
                posixpath.dirname(name.replace("\\", "/")), _file_name(rest).replace("\\", "/")
            )
    for material, named in pictures.items():
        if "map_kd" in named:
            materials[material].picture = _picture(named, name, files, shelf)
            materials[material].alpha_mode = "cutout" if "map_d" in named else None
    return materials


def _colour(text: str, where: str) -> tuple[float, float, float]:
    """Linear colour of a ``Kd`` line, whose numbers are taken for sRGB, as what they were chosen by looking at."""
    try:
        values = [float(word) for word in text.split()[:3]]
    except ValueError:
        values = []
    if len(values) == 1:
        values = values * 3
    if len(values) != 3 or not all(0 <= value < np.inf for value in values):
        raise HeadError(f"{where}: Kd {ascii(text[:60])} is no colour; give three numbers from 0 to 1")
    return tuple(srgb_to_linear(np.minimum(values, 1.0)).tolist())


def _file_name(text: str) -> str:
    """What follows the options of a ``map_`` line; names may hold spaces."""
    words = text.split(" ")
    while words and words[0].lower() in _OPTIONS:
        for _ in range(_OPTIONS[words.pop(0).lower()]):
            if len(words) > 1 and _is_value(words[0]):
                words.pop(0)
    return " ".join(words)


def _is_value(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return word.lower() in ("on", "off", "r", "g", "b", "m", "l", "z", "sphere", "")
    return True


def _picture(named: dict[str, str], library: str, files: FolderFiles, shelf: PictureShelf) -> int:
    colour_name, alpha_name = named["map_kd"], named.get("map_d")
    data = files.read(colour_name, library, PICTURE_BYTES_LIMIT)
    if alpha_name is None or alpha_name == colour_name:
        return shelf.add(colour_name, data, colour_name)
    colour = decode_picture(data, colour_name)
    mask = decode_picture(files.read(alpha_name, library, PICTURE_BYTES_LIMIT), alpha_name)
    # a mask says it with its own alpha if it has one, else with its brightness
    mask = mask[..., 3] if mask[..., 3].min() < 255 else mask[..., :3].max(axis=-1)
    size = (colour.shape[1], colour.shape[0])
    alpha = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))
    return shelf.keep((colour_name, alpha_name), np.dstack([colour[..., :3], alpha]), colour_name)

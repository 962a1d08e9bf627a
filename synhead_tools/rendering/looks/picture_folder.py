"""A folder of pictures somebody gave: listed once, decoded within bounds, the last ones kept."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.input_files import read_input

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
MAX_BYTES = 64 << 20
#: A larger picture is refused before it is decoded.
MAX_PIXELS = 1 << 26
#: Decoded pictures kept, all together.
KEPT_BYTES = 256 << 20
_LONGEST_NAME = 64


@lru_cache(maxsize=16)
def list_folder(folder: str, suffixes: tuple[str, ...] = PICTURES) -> tuple[str, ...]:
    """Return the names of a folder's files that end so, sorted by their bytes; it is looked at once.

    Raises
    ------
    PlanError
        The folder cannot be read, holds none, or one has a name that is too long for the dataset (64 bytes).
    """
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_file()]
    except OSError as error:
        raise PlanError(f"picture folder {folder} cannot be read ({error.strerror}); give a folder") from None
    names = sorted((n for n in names if Path(n).suffix.lower() in suffixes), key=os.fsencode)
    if not names:
        raise PlanError(f"picture folder {folder} holds no {', '.join(suffixes)}; give a folder of pictures")
    for name in names:
        if len(os.fsencode(name)) > _LONGEST_NAME:
            raise PlanError(f"{Path(folder) / name}: its name has over {_LONGEST_NAME} bytes; rename it")
    return tuple(names)


def folder_sha256(folder: str, suffixes: tuple[str, ...] = PICTURES) -> str:
    """Return a hash of the names and sizes of a folder's pictures: whether a run can be gone on with."""
    digest = hashlib.sha256()
    for name in list_folder(folder, suffixes):
        digest.update(f"{len(os.fsencode(name))}:".encode() + os.fsencode(name))
        digest.update(f":{(Path(folder) / name).stat().st_size};".encode())
    return digest.hexdigest()


def decode_rgb(path: str | Path, at_least_px: tuple[int, int] | None = None) -> np.ndarray:
    """Decode a picture file.

    Parameters
    ----------
    path : path
    at_least_px : (width, height) or None
        Enough pixels for that: a JPEG may then be decoded at a half, a quarter or an eighth of its size.

    Returns
    -------
    (H, W, 3) uint8
        sRGB; what is transparent stands over black.

    Raises
    ------
    PlanError
        It is no picture, damaged, or has over `MAX_BYTES` or `MAX_PIXELS`.
    """
    from PIL import Image

    advice = "remove it from the folder"
    data = read_input(path, MAX_BYTES, PlanError, advice)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about sizes that are looked at here
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise PlanError(f"{path} has over {MAX_PIXELS >> 20} Mpx; {advice}")
                if at_least_px is not None:
                    opened.draft("RGB", at_least_px)
                if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
                    rgba = opened.convert("RGBA")
                    black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
                    return np.asarray(Image.alpha_composite(black, rgba).convert("RGB"))
                return np.asarray(opened.convert("RGB"))
    except PlanError:
        raise
    except Exception as error:  # every decoder has errors of its own
        reason = " ".join(str(error).split())
        raise PlanError(f"picture {path} cannot be read ({reason:.100}); {advice}") from None


class _Kept:
    """The last pictures by key, `KEPT_BYTES` of them at most."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple) -> np.ndarray | None:
        if key in self._pictures:
            self._pictures.move_to_end(key)
        return self._pictures.get(key)

    def put(self, key: tuple, picture: np.ndarray) -> None:
        self._pictures[key] = picture
        self._bytes += picture.nbytes
        while self._bytes > KEPT_BYTES:
            self._bytes -= self._pictures.popitem(last=False)[1].nbytes


_kept = _Kept()


def covering_picture(path: Path, width_px: int, height_px: int) -> np.ndarray:
    """Return a picture made as small as it still covers that size, (H, W, 3) uint8, not to be written to.

    Raises
    ------
    PlanError
        As `decode_rgb`.
    """
    from PIL import Image

    key = (str(path), width_px, height_px)
    picture = _kept.get(key)
    if picture is None:
        opened = Image.fromarray(decode_rgb(path, (width_px, height_px)))
        scale = max(width_px / opened.width, height_px / opened.height)
        size = (max(width_px, round(opened.width * scale)), max(height_px, round(opened.height * scale)))
        if size[0] * size[1] > MAX_PIXELS:
            raise PlanError(f"picture {path} is {opened.width} x {opened.height}, far from square; remove it")
        picture = np.asarray(opened.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0))
        picture.setflags(write=False)
        _kept.put(key, picture)
    return picture

"""Pictures somebody gave: decoded within bounds, whatever their mode, upright, as RGB."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from synhead_tools.errors import PictureError
from synhead_tools.input_files import read_input

PICTURE_SUFFIXES = (
    ".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF")

MAX_BYTES = 512 << 20
MAX_PIXELS = 1 << 27
"""A larger picture (134 million pixels) is refused before it is decoded."""
MAX_SIDE_PX = 1 << 14

BEHIND = (128, 128, 128)
"""What stands behind transparent pixels: the mid grey over which rendered heads are scored."""

_ORIENTATION = 0x0112  # of EXIF
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Decode a picture.

    Parameters
    ----------
    path : path
        PNG, JPEG, WebP, BMP, GIF (its first picture), PPM or TIFF, whatever it is called.

    Returns
    -------
    array, shape (H, W, 3)
        uint8 RGB, turned upright where its EXIF data says how it was held. Grey is repeated, of more than 8 bits the
        upper 8 that are used are kept (cameras put 10 or 12 bits into 16), what is transparent stands over `BEHIND`.
        Colour profiles are not applied.

    Raises
    ------
    PictureError
        It is no picture, damaged, has floating-point pixels, or is larger than `MAX_BYTES`, `MAX_PIXELS` or
        `MAX_SIDE_PX`; one line.
    """
    path = Path(path)
    data = read_input(path, MAX_BYTES, PictureError, "give a picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about sizes that are looked at here, and about odd metadata
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                check_size(*opened.size, path)
                orientation = _orientation(opened)
                picture = _as_rgb(opened, path)
                return np.asarray(picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(path, f"over {2 * Image.MAX_IMAGE_PIXELS >> 20} million pixels") from None
    except Image.UnidentifiedImageError:
        raise PictureError(f"{path} is no picture that can be read; give PNG, JPEG, WebP, BMP or TIFF") from None
    except Exception as error:  # every decoder has errors of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is a damaged picture ({reason:.100}); save it anew") from None


def check_size(width_px: int, height_px: int, path: Path) -> None:
    """Raise PictureError where a picture of that size is not to be decoded."""
    if width_px < 1 or height_px < 1:
        raise PictureError(f"{path} has {width_px} x {height_px} pixels; give a picture that shows something")
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise _too_large(path, f"{width_px} x {height_px} pixels")


def _too_large(path: Path, what: str) -> PictureError:
    return PictureError(
        f"{path} has {what}, more than {MAX_PIXELS >> 20} million or {MAX_SIDE_PX} on a side; make it smaller"
    )


def _orientation(opened: Image.Image) -> int:
    try:
        return opened.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF data says nothing, and the picture may be sound
        return 1


def _as_rgb(opened: Image.Image, path: Path) -> Image.Image:
    if opened.mode == "F":
        raise PictureError(f"{path} has pixels of floating point; save it with 8 bits")
    if opened.mode.startswith("I"):
        return Image.fromarray(_upper_bits(np.asarray(opened))).convert("RGB")
    if opened.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in opened.info:
        rgba = opened.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (*BEHIND, 255)), rgba).convert("RGB")
    return opened.convert("RGB")


def _upper_bits(grey: np.ndarray) -> np.ndarray:
    """The upper 8 of the bits that are used."""
    grey = np.maximum(grey.astype(np.int64), 0)
    unused = max(int(grey.max(initial=0)).bit_length() - 8, 0)
    return (grey >> unused).astype(np.uint8)

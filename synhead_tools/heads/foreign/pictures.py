"""Pictures of foreign heads: decoded within bounds, whatever their mode, into sRGB and alpha."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from synhead_tools.errors import HeadError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TGA", "TIFF")
#: A larger picture is refused before it is decoded.
MAX_PIXELS = 1 << 26
#: A larger one is made smaller: a head is never drawn that large.
MAX_SIDE_PX = 4096
#: All pictures of one head together, after that.
MAX_PIXELS_IN_ALL = 1 << 26


class PictureShelf:
    """The pictures of one head, each decoded once."""

    def __init__(self) -> None:
        self.pictures: list[np.ndarray] = []
        self._number: dict[object, int] = {}

    def add(self, key: object, data: bytes, where: str) -> int:
        """Decode a picture unless `key` was given before; return its number.

        Raises
        ------
        HeadError
            It is no picture, or too large; or all of them together are.
        """
        if key not in self._number:
            self.keep(key, decode_picture(data, where), where)
        return self._number[key]

    def keep(self, key: object, picture: np.ndarray, where: str) -> int:
        """Put a decoded picture on the shelf; return its number."""
        have = sum(other.shape[0] * other.shape[1] for other in self.pictures)
        if have + picture.shape[0] * picture.shape[1] > MAX_PIXELS_IN_ALL:
            raise HeadError(
                f"{where}: all pictures together have over {MAX_PIXELS_IN_ALL >> 20} Mpx; make them smaller"
            )
        self._number[key] = len(self.pictures)
        self.pictures.append(picture)
        return self._number[key]


def decode_picture(data: bytes, where: str) -> np.ndarray:
    """Return a picture file as (H, W, 4) uint8: sRGB colour and straight alpha.

    Pixels stay where the file has them: a turn in its EXIF data is not done, because texture coordinates mean the
    pixels as they are stored. Of an animation the first picture is taken, of 16 bits the upper 8.

    Parameters
    ----------
    data : bytes
    where : str
        Names the file in messages.

    Raises
    ------
    HeadError
        It is no picture, damaged, or of more than `MAX_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about sizes that are looked at here
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                _check_size(picture.size, where)
                picture.load()
                return _as_rgba(picture, where)
    except Image.DecompressionBombError:
        raise HeadError(f"{where} has over {2 * Image.MAX_IMAGE_PIXELS >> 20} Mpx; make it smaller") from None
    except HeadError:
        raise
    except UnidentifiedImageError:
        raise HeadError(f"{where} is no picture that can be read; give {', '.join(FORMATS)}") from None
    except Exception as error:  # every decoder has errors of its own
        raise HeadError(f"{where} is a damaged picture ({' '.join(str(error).split()):.100}); save it anew") from None


def _check_size(size: tuple[int, int], where: str) -> None:
    width, height = size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise HeadError(f"{where} has {width} x {height} pixels, more than {MAX_PIXELS >> 20} Mpx; make it smaller")


def _as_rgba(picture: Image.Image, where: str) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16 bits of grey; Pillow would cut them off at 255
        grey = np.asarray(picture).astype(np.int64)
        grey = np.clip(grey >> 8 if grey.max(initial=0) > 255 or ";16" in picture.mode else grey, 0, 255)
        picture = Image.fromarray(grey.astype(np.uint8))
    elif picture.mode == "F":
        raise HeadError(f"{where} has pixels of floating point; save it with 8 bits")
    rgba = picture.convert("RGBA")
    if max(rgba.size) > MAX_SIDE_PX:
        rgba.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.BOX)
    return np.asarray(rgba)

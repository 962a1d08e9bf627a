"""How the pictures of an export are encoded, and what stands behind the heads."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synhead_tools.errors import ExportError

PICTURE_FORMATS = ("png", "jpg")
PNG_LEVEL = 3
"""A third of the time of zlib's default on pictures, for a tenth more bytes."""
JPG_QUALITY = 95


@dataclass(frozen=True)
class PictureStyle:
    """How pictures are written.

    Attributes
    ----------
    format : str or None
        ``"png"`` (exact) or ``"jpg"`` (not); None leaves the choice to the exporter.
    quality : int or None
        Of JPEG, 1 to 100; colour is never subsampled. None: `JPG_QUALITY`.
    background : tuple of int or None
        R, G, B, 0 to 255, put behind samples that have an ``alpha``; None leaves them over black, as they are stored.

    Raises
    ------
    ExportError
        A value is none of these.
    """

    format: str | None = None
    quality: int | None = None
    background: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.format not in (None, *PICTURE_FORMATS):
            raise ExportError(f"picture format {self.format!r} is unknown; give {' or '.join(PICTURE_FORMATS)}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ExportError(f"JPEG quality {self.quality} must be 1 to 100")
        if self.background is not None and not (
            len(self.background) == 3 and all(0 <= part <= 255 for part in self.background)
        ):
            raise ExportError(f"background {self.background} must be R,G,B, each 0 to 255")

    def settled(self, default: str) -> PictureStyle:
        """The same style with a format: its own, else `default`.

        Raises
        ------
        ExportError
            A JPEG quality was given for PNG.
        """
        style = replace(self, format=self.format or default)
        if style.format == "png" and self.quality is not None:
            raise ExportError(f"a JPEG quality ({self.quality}) was given, but pictures become PNG; choose jpg")
        return style

    def facts(self) -> dict[str, Any]:
        """What ``export.json`` says of the pictures."""
        quality = (self.quality or JPG_QUALITY) if self.format == "jpg" else None
        background = list(self.background) if self.background else None
        return {"picture_format": self.format, "jpg_quality": quality, "background": background}

    def encode(self, image: np.ndarray) -> bytes:
        """File contents of one picture, uint8 of shape (H, W, 3) or (H, W); always the same for the same pixels."""
        if self.format == "png":
            return encode_png(image)
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=self.quality or JPG_QUALITY, subsampling=0)
        return file.getvalue()


AS_STORED = PictureStyle()
"""Whatever the exporter chooses, over black."""


def encode_png(image: np.ndarray) -> bytes:
    """PNG file contents of uint8 (H, W, 3) or (H, W)."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def over_background(image: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int]) -> np.ndarray:
    """Pictures over a colour: image + (1 - alpha) background, rounded.

    Parameters
    ----------
    image : uint8 array, shape (n, H, W, 3)
        Premultiplied by alpha.
    alpha : uint8 array, shape (n, H, W)
        255 is opaque.
    background : tuple of 3 int
        R, G, B, 0 to 255.

    Returns
    -------
    uint8 array, shape (n, H, W, 3)
    """
    rest = (255 - alpha).astype(np.uint16)[..., None]
    behind = (rest * np.array(background, np.uint16) + 127) // 255  # at most 255 * 255 + 127: fits
    return np.minimum(image + behind, 255).astype(np.uint8)


def parse_colour(text: str) -> tuple[int, int, int]:
    """Read ``R,G,B``.

    Raises
    ------
    ExportError
        Not three whole numbers from 0 to 255.
    """
    if not re.fullmatch(r"\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*", text, re.ASCII):
        raise ExportError(f"background {text[:40]!r} must be R,G,B, each 0 to 255, as in 128,128,128")
    return PictureStyle(background=tuple(int(part) for part in text.split(","))).background

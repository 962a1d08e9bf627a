"""What stands behind a head: for previews, and for datasets that ask for composed pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.rendering.backend import Frame

KINDS = ("solid", "gradient", "noise", "folder")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


@dataclass(frozen=True)
class Background:
    """A law for backgrounds, written as ``KIND`` or ``KIND:ARGUMENT``.

    Parameters
    ----------
    kind : str
        ``solid`` (argument: ``#rrggbb``; grey without one), ``gradient`` (a random ramp between two random colours),
        ``noise`` (smooth random colours) or ``folder`` (argument: a folder of pictures; a random crop of a random
        one).
    argument : str
        As above; empty for none.

    Raises
    ------
    PlanError
        Unknown kind, or an argument that the kind cannot use.
    """

    kind: str = "solid"
    argument: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"unknown background {self.kind!r}; known: {', '.join(KINDS)}")
        if self.kind == "solid":
            _parse_colour(self.argument)
        elif self.kind == "folder" and not self.argument:
            raise PlanError("background 'folder' needs a folder; write folder:PATH")
        elif self.kind in ("gradient", "noise") and self.argument:
            raise PlanError(f"background {self.kind!r} takes no argument, got {self.argument!r}; leave it out")

    @classmethod
    def parse(cls, text: str) -> Background:
        """Read ``KIND`` or ``KIND:ARGUMENT``."""
        kind, _, argument = text.partition(":")
        return cls(kind, argument)

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    def draw(self, width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
        """Draw one background: (height, width, 3) uint8 sRGB, the same for equal states of `rng`.

        Raises
        ------
        PlanError
            The folder has no readable picture.
        """
        if self.kind == "solid":
            picture = np.empty((height_px, width_px, 3), np.uint8)
            picture[:] = _parse_colour(self.argument)
            return picture
        if self.kind == "folder":
            return _crop_of_folder(Path(self.argument), width_px, height_px, rng)
        draw = _gradient if self.kind == "gradient" else _noise
        return np.clip(np.floor(draw(width_px, height_px, rng) + 0.5), 0, 255).astype(np.uint8)


def composite(image: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Put a premultiplied picture over a background: ``image + (1 - alpha / 255) * background``, rounded.

    Parameters
    ----------
    image : (..., H, W, 3) uint8
        As in `synhead_tools.rendering.backend.Frame`.
    alpha : (..., H, W) uint8
    background : uint8, broadcastable to `image`

    Returns
    -------
    (..., H, W, 3) uint8
    """
    # In whole numbers, so that it is the same everywhere; 127 rounds to the nearest.
    rest = (255 - alpha.astype(np.uint32))[..., None] * np.asarray(background, np.uint32)
    return np.minimum(image + (rest + 127) // 255, 255).astype(np.uint8)


def composite_frame(frame: Frame, background: np.ndarray) -> np.ndarray:
    """Return the picture of `frame` over `background` (H, W, 3) uint8."""
    return composite(frame.image, frame.alpha, background)


def _parse_colour(text: str) -> tuple[int, int, int]:
    if not text:
        return (128, 128, 128)
    digits = text.removeprefix("#")
    try:
        if len(digits) != 6:
            raise ValueError
        return tuple(bytes.fromhex(digits))
    except ValueError:
        raise PlanError(f"background colour {text!r} cannot be read; write #rrggbb") from None


def _gradient(width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
    start, end = rng.uniform(0, 255, (2, 3))
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.linspace(-0.5, 0.5, width_px), np.linspace(-0.5, 0.5, height_px)[:, None]
    share = np.clip(x * np.cos(angle) + y * np.sin(angle) + 0.5, 0, 1)[..., None]
    return start + (end - start) * share


def _noise(width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
    """Sum of grids of random colours, each twice as fine and half as strong as the one before."""
    picture = np.zeros((height_px, width_px, 3)) + rng.uniform(60, 195, 3)
    for octave in range(1, 6):
        cells = 2**octave
        grid = rng.normal(0, 60 / octave, (cells + 1, cells + 1, 3))
        picture += _stretch(grid, height_px, width_px)
    return picture


def _stretch(grid: np.ndarray, height_px: int, width_px: int) -> np.ndarray:
    """Bilinear enlargement of a grid of values to a picture."""
    for axis, length in ((0, height_px), (1, width_px)):
        place = np.linspace(0, grid.shape[axis] - 1, length)
        low = np.minimum(place.astype(int), grid.shape[axis] - 2)
        share = (place - low).reshape([-1 if k == axis else 1 for k in range(3)])
        grid = np.take(grid, low, axis) * (1 - share) + np.take(grid, low + 1, axis) * share
    return grid


def _crop_of_folder(folder: Path, width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
    from PIL import Image

    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in _PICTURES)
    if not files:
        raise PlanError(f"background folder {folder} holds no {', '.join(_PICTURES)}; give a folder of pictures")
    file = files[rng.integers(len(files))]
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except OSError as error:
        raise PlanError(f"background {file} cannot be read ({error}); remove it from the folder") from None
    scale = max(width_px / picture.width, height_px / picture.height)
    size = (max(width_px, round(picture.width * scale)), max(height_px, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    left, top = rng.integers(size[0] - width_px + 1), rng.integers(size[1] - height_px + 1)
    return np.array(picture.crop((left, top, left + width_px, top + height_px)))

"""What stands behind a head: for previews, and for datasets that ask for composed pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.rendering.backend import Frame
from synhead_tools.rendering.clutter import draw_clutter
from synhead_tools.rendering.looks.environment_light import environment_map
from synhead_tools.rendering.looks.law import Values, name_of
from synhead_tools.rendering.looks.picture_folder import covering_picture, list_folder
from synhead_tools.rendering.scene import Camera

KINDS = ("solid", "gradient", "noise", "clutter", "folder", "environment")


@dataclass(frozen=True)
class Background:
    """A law for backgrounds, written as ``KIND`` or ``KIND:ARGUMENT``.

    Parameters
    ----------
    kind : str
        ``solid`` (argument: ``#rrggbb``; grey without one), ``gradient`` (a random ramp between two random colours),
        ``noise`` (smooth random colours), ``clutter`` (things that are no faces), ``folder`` (argument: a folder of
        pictures; a random crop of a random one) or ``environment`` (what the camera sees of the map that lights the
        head).
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
        elif self.kind in ("gradient", "noise", "clutter", "environment") and self.argument:
            raise PlanError(f"background {self.kind!r} takes no argument, got {self.argument!r}; leave it out")

    @classmethod
    def parse(cls, text: str) -> Background:
        """Read ``KIND`` or ``KIND:ARGUMENT``."""
        kind, _, argument = text.partition(":")
        return cls(kind, argument)

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    @property
    def is_file(self) -> bool:
        """Whether each picture is from a file of its own."""
        return self.kind == "folder"

    def check(self, lighting: str) -> None:
        """Raise PlanError if this cannot stand behind heads that are lit so, or a folder holds no picture."""
        if self.kind == "environment" and lighting.partition(":")[0] != "environment":
            raise PlanError(f"background 'environment' needs lighting 'environment', not {lighting!r}; give both")
        if self.kind == "folder":
            list_folder(self.argument)

    def behind(self, camera: Camera, rng: np.random.Generator, lighting: str, values: Values) -> tuple[np.ndarray, str]:
        """Draw what a camera sees behind a head.

        Parameters
        ----------
        camera : Camera
        rng : numpy.random.Generator
        lighting : str
            Law of the light, as a plan writes it.
        values : dict of str to ndarray
            The sample's, of which ``environment`` and its turn and level are looked at.

        Returns
        -------
        (H, W, 3) uint8, str
            The picture, and the name of the file it is from; empty for none.
        """
        if self.kind == "folder":
            return _crop_of_folder(self.argument, camera.width_px, camera.height_px, rng)
        if self.kind == "environment":
            seen = environment_map(lighting.partition(":")[2], name_of(values["environment"]))
            place = (float(values["environment_turn_deg"]), float(values["environment_level"]))
            return seen.seen(camera, *place), ""
        return self.draw(camera.width_px, camera.height_px, rng), ""

    def draw(self, width_px: int, height_px: int, rng: np.random.Generator) -> np.ndarray:
        """Draw one background: (height, width, 3) uint8 sRGB, the same for equal states of `rng`.

        Raises
        ------
        PlanError
            The folder has no readable picture, or the kind needs a camera (`behind`).
        """
        if self.kind == "environment":
            raise PlanError("background 'environment' is seen by a camera; it cannot be drawn alone")
        if self.kind == "solid":
            picture = np.empty((height_px, width_px, 3), np.uint8)
            picture[:] = _parse_colour(self.argument)
            return picture
        if self.kind == "folder":
            return _crop_of_folder(self.argument, width_px, height_px, rng)[0]
        draw = {"gradient": _gradient, "noise": _noise, "clutter": draw_clutter}[self.kind]
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


def _crop_of_folder(folder: str, width_px: int, height_px: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    names = list_folder(folder)
    name = names[int(rng.integers(len(names)))]
    picture = covering_picture(Path(folder) / name, width_px, height_px)
    left, top = (
        int(rng.integers(have - need + 1))
        for have, need in zip(picture.shape[1::-1], (width_px, height_px), strict=True)
    )
    return picture[top : top + height_px, left : left + width_px].copy(), name

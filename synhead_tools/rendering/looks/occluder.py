"""The look ``occluder``: a hand, a telephone, a face mask or a microphone before the face."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.rendering.looks.law import Look, Values, name_of
from synhead_tools.rendering.looks.occluder_shapes import hand, mask, microphone, phone
from synhead_tools.rendering.looks.wardrobe import hidden

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part


@dataclass(frozen=True)
class Habit:
    """How a thing is held: rotation vector in degrees and place in metres, head frame, each mean and half range.

    Attributes
    ----------
    name : str
    turn_deg, turn_range_deg, place_m, place_range_m : tuple of 3 floats
    mirrored : bool
        Whether it is held at either side.
    colours : tuple of two (3,) tuples
        Linear RGB between which its own lies.
    """

    name: str
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_range_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place_range_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mirrored: bool = True
    colours: tuple[tuple[float, ...], tuple[float, ...]] = ((0.02, 0.02, 0.02), (0.5, 0.5, 0.5))


#: What there is; a mask sits where the face is.
HABITS = (
    Habit(
        "hand", (-6, -14, 34), (16, 18, 40), (0.035, 0.085, -0.088), (0.03, 0.05, 0.012),
        colours=((0.11, 0.05, 0.03), (0.62, 0.38, 0.27)),
    ),
    Habit(
        "phone", (8, 76, 14), (12, 14, 18), (0.093, 0.055, -0.012), (0.006, 0.02, 0.02),
        colours=((0.01, 0.01, 0.012), (0.22, 0.22, 0.24)),
    ),
    Habit("mask", mirrored=False, colours=((0.02, 0.03, 0.04), (0.75, 0.82, 0.88))),
    Habit(
        "microphone", (48, 0, -18), (16, 12, 22), (0.012, 0.092, -0.098), (0.02, 0.012, 0.01),
        colours=((0.01, 0.01, 0.01), (0.12, 0.12, 0.13)),
    ),
)  # fmt: skip
_SHAPES = {"hand": hand, "phone": phone, "microphone": microphone}


class Occluder(Look):
    """One of `HABITS`, evenly, held somewhere about its usual place; a mesh like all others.

    So depth, regions (``OCCLUDER``), the visibility of points and the visible fraction of the face follow, and alpha
    covers it; the head's box does not. What a thing hides of hair or ears may cut into them by millimetres.

    Parameters
    ----------
    amount : float
        Share of frames with one, 0 to 1.
    """

    name = "occluder"
    columns = ("occluder", "occluder_place", "occluder_rgb")

    def __init__(self, amount: float = 0.5) -> None:
        super().__init__(amount)

    def draw(self, rng: np.random.Generator) -> Values:
        """See `Look`."""
        there, habit, side = rng.random(), HABITS[int(rng.integers(len(HABITS)))], rng.random() < 0.5
        turn_deg = np.array(habit.turn_deg) + rng.uniform(-1, 1, 3) * habit.turn_range_deg
        place_m = np.array(habit.place_m) + rng.uniform(-1, 1, 3) * habit.place_range_m
        rotation = _rotation(np.radians(turn_deg))
        if side and habit.mirrored:  # held at the other side; shapes stay what they are
            flip = np.array([-1.0, 1.0, 1.0])
            rotation, place_m = rotation * np.outer(flip, flip), place_m * flip
        low, high = (np.array(colour) for colour in habit.colours)
        rgb = low + (high - low) * rng.random()
        name = habit.name.encode() if there < self.amount else b""
        return {
            "occluder": np.array(name, "S16"),
            "occluder_place": np.column_stack([rotation, place_m]).astype(np.float32),
            "occluder_rgb": rgb.astype(np.float32),
        }

    def wardrobe(self, head: Head) -> tuple[Part, ...]:
        """See `Look`."""
        return tuple(_SHAPES[h.name]() if h.name in _SHAPES else mask(head) for h in HABITS)

    def worn(self, parts: tuple[Part, ...], values: Values) -> tuple[Part, ...]:
        """See `Look`."""
        name, place = name_of(values["occluder"]), np.asarray(values["occluder_place"], np.float64)
        return tuple(_held(part, place, values) if part.name == name else hidden(part) for part in parts)


def _held(part: Part, place: np.ndarray, values: Values) -> Part:
    def turned(vectors: np.ndarray) -> np.ndarray:
        # sums written out: a matrix product may be summed in another order on another machine
        x, y, z = vectors.astype(np.float64).T
        return np.stack([row[0] * x + row[1] * y + row[2] * z for row in place[:, :3]], axis=1)

    return replace(
        part,
        vertices_m=(turned(part.vertices_m) + place[:, 3]).astype(np.float32),
        normals=turned(part.normals).astype(np.float32),
        tint=tuple(float(value) for value in values["occluder_rgb"]),
    )


def _rotation(vector: np.ndarray) -> np.ndarray:
    """Rodrigues' formula."""
    angle = np.sqrt((vector**2).sum())
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.einsum("ij,jk->ik", cross, cross)

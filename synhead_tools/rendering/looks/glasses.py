"""The look ``glasses``: other glasses in each frame, fitted to the head."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.heads.accessories import dressed
from synhead_tools.heads.build import morphed_vertices, to_head_frame
from synhead_tools.heads.eyeballs import eye_centres
from synhead_tools.heads.recipe import GLASSES, NOTHING
from synhead_tools.rendering.looks.law import Look, Values, name_of
from synhead_tools.rendering.looks.wardrobe import hidden

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

_FRAME = "glasses"


class Glasses(Look):
    """Glasses of a random style with a frame of a random colour; the eyes stay where they are.

    A head that wears glasses by its recipe keeps its own, and an imported head wears none: these never get any.
    Headgear presses hair and ears down, so it is no look but a part of recipes.

    Parameters
    ----------
    amount : float
        Share of frames with glasses, 0 to 1.
    """

    name = "glasses"
    columns = ("glasses", "glasses_rgb")

    def __init__(self, amount: float = 0.5) -> None:
        super().__init__(amount)

    def draw(self, rng: np.random.Generator) -> Values:
        """See `Look`."""
        worn, style, colour = rng.random(), GLASSES[int(rng.integers(len(GLASSES)))], rng.random(3)
        # most frames are dark
        rgb = (0.01 + 0.5 * colour[0] ** 3) * (0.7 + 0.6 * np.array([colour[1], 0.5, colour[2]]))
        name = style.encode() if worn < self.amount else b""
        return {"glasses": np.array(name, "S16"), "glasses_rgb": rgb.astype(np.float32)}

    def for_head(self, values: Values, head: Head) -> Values:
        """See `Look`."""
        return values if _takes_glasses(head) else values | {"glasses": np.array(b"", "S16")}

    def wardrobe(self, head: Head) -> tuple[Part, ...]:
        """See `Look`."""
        if not _takes_glasses(head):
            return ()
        neutral = morphed_vertices(replace(head.recipe, expression=()))
        origin = np.mean(eye_centres(neutral), axis=0)
        parts = []
        for style in GLASSES:
            recipe = replace(head.recipe, glasses=style, glasses_rgb=(1.0, 1.0, 1.0), headgear=NOTHING)
            pair = dressed([], recipe, lambda points_dm: to_head_frame(points_dm, origin), neutral)
            parts += [replace(part, name=f"{style}-{part.name}") for part in pair]
        return tuple(parts)

    def worn(self, parts: tuple[Part, ...], values: Values) -> tuple[Part, ...]:
        """See `Look`."""
        style, rgb = name_of(values["glasses"]), tuple(map(float, values["glasses_rgb"]))
        frame = f"{style}-{_FRAME}"
        shown = (part if part.name.startswith(f"{style}-") else hidden(part) for part in parts)
        return tuple(replace(part, tint=rgb) if part.name == frame else part for part in shown)


def _takes_glasses(head: Head) -> bool:
    return head.recipe is not None and head.recipe.glasses == NOTHING

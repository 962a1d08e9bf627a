"""What a look is: values drawn for a sample, and what they do to its light, its head and its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synhead_tools.errors import PlanError

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part
    from synhead_tools.rendering.scene import Lighting

#: What was drawn about a sample, by the name of the dataset's column that stores it.
Values = dict[str, np.ndarray]


def name_of(value: np.ndarray) -> str:
    """Return the text of one sample's value of a column of names."""
    return np.asarray(value).item().decode("utf-8", "surrogateescape")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture on its way from the renderer to the dataset.

    Attributes
    ----------
    image : (H, W, 3) uint8
        sRGB; premultiplied by alpha over black, unless `composed`.
    alpha : (H, W) uint8
        Coverage by the head.
    depth_m : (H, W) float32
        As in `synhead_tools.rendering.backend.Frame`.
    principal_px : (2,) float64
        Principal point of the camera.
    distance_m : float
        z of the head's origin.
    seed : int
        The sample's, for noise.
    composed : bool
        Whether `image` stands over a background already.
    """

    image: np.ndarray
    alpha: np.ndarray
    depth_m: np.ndarray
    principal_px: np.ndarray
    distance_m: float
    seed: int
    composed: bool = False


class Look:
    """One randomisation. What it draws are the very values that are stored; all else is a function of them.

    So a picture can be drawn again from the columns of its dataset (`synhead_tools.rendering.redraw`).

    Parameters
    ----------
    amount : float
        What it means is each look's own: the share of frames that have it, or the width of its ranges; 0 to
        `most_amount`.

    Raises
    ------
    PlanError
        The amount is not in that range.
    """

    #: Its name in `synhead_tools.rendering.looks.table.LOOKS`, and of its stream.
    name: ClassVar[str] = ""
    #: Columns of `synhead_tools.formats.sample.COLUMNS` that it draws.
    columns: ClassVar[tuple[str, ...]] = ()
    most_amount: ClassVar[float] = 1.0
    #: Whether `light` does anything.
    changes_light: ClassVar[bool] = False

    def __init__(self, amount: float = 1.0) -> None:
        if not 0 <= amount <= self.most_amount:
            raise PlanError(f"look {self.name!r} has amount {amount!r}; give 0 to {self.most_amount:g}")
        self.amount = float(amount)

    def draw(self, rng: np.random.Generator) -> Values:
        """Draw one sample's values of `columns`, in the types of the schema."""
        raise NotImplementedError

    def for_head(self, values: Values, head: Head) -> Values:
        """Return the values for a head that cannot have all that was drawn; what is stored is what is seen."""
        return values

    def light(self, lighting: Lighting, values: Values) -> Lighting:
        """Return the lighting under this look."""
        return lighting

    def tints(self, values: Values, head: Head) -> dict[str, np.ndarray]:
        """Return factors (3,) on the linear colours of parts, by the part's name."""
        return {}

    def wardrobe(self, head: Head) -> tuple[Part, ...]:
        """Return every part this look may put on a head, where it is when it is worn; slow, and asked once a head."""
        return ()

    def worn(self, parts: tuple[Part, ...], values: Values) -> tuple[Part, ...]:
        """Return the same parts as they are in one frame; `hidden` are those that are not worn."""
        return parts

    def finish(self, picture: Picture, values: Values) -> Picture:
        """Return the picture as this look leaves it."""
        return picture

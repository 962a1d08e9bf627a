"""A head as it is dressed in one frame: tinted parts, and what it wears or what is held before it.

Everything that a plan's looks may put on a head belongs to it in every frame; what is not worn is shrunk to a point,
of which nothing is drawn. So all frames of a head have the same triangles and textures, and a renderer prepares it
once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.rendering.looks.law import Look, Values

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part

_MAX_HEADS = 4


class Wardrobe:
    """Dresses heads as looks say.

    Parameters
    ----------
    looks : tuple of Look
    """

    def __init__(self, looks: tuple[Look, ...]) -> None:
        self.looks = looks
        # by id() of the head at rest, which is kept so that the id is no other's
        self._heads: OrderedDict[int, tuple[Head, Head, list[tuple[Part, ...]]]] = OrderedDict()

    def dress(self, shape: Head, values: Values) -> Head:
        """Return a head, in any shape, as it is in the frame with these values.

        Parameters
        ----------
        shape : Head
            As the library has it, or with another expression.
        values : dict of str to ndarray
            One sample's values of the looks' columns.
        """
        if not self.looks:
            return shape
        whole, sets = self._whole(shape)
        parts = list(shape.parts)
        for look, own in zip(self.looks, sets, strict=True):
            parts += look.worn(own, values)
        tints: dict[str, np.ndarray] = {}
        for look in self.looks:
            for name, factor in look.tints(values, shape).items():
                tints[name] = tints.get(name, 1.0) * np.asarray(factor, np.float64)
        parts = [_tinted(part, tints[part.name]) if part.name in tints else part for part in parts]
        return replace(shape, parts=tuple(parts), rest=whole)

    def _whole(self, shape: Head) -> tuple[Head, list[tuple[Part, ...]]]:
        """The head at rest with all that its looks may add, and the parts of each look."""
        head = shape.rest or shape
        if id(head) not in self._heads:
            while len(self._heads) >= _MAX_HEADS:
                self._heads.popitem(last=False)
            sets = [look.wardrobe(head) for look in self.looks]
            added = tuple(part for own in sets for part in own)
            whole = replace(head, parts=(*head.parts, *added), rest=None) if added else head
            self._heads[id(head)] = (head, whole, sets)
        return self._heads[id(head)][1:]


def hidden(part: Part) -> Part:
    """Return a part shrunk to a point: it is there, and nothing of it is drawn."""
    return replace(part, vertices_m=np.zeros_like(part.vertices_m))


def _tinted(part: Part, factor: np.ndarray) -> Part:
    return replace(part, tint=tuple(float(a * b) for a, b in zip(part.tint, factor, strict=True)))

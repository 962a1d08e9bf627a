"""What was made of the objects that were asked about last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class KeptByIdentity:
    """A function of objects that cannot be hashed, such as heads and arrays, with its last results.

    Parameters
    ----------
    make : callable
        Of the objects; they must not change afterwards.
    most : int
        Results that are kept; the oldest goes first.
    """

    def __init__(self, make: Callable[..., Any], most: int) -> None:
        self._make, self._most = make, most
        self._kept: dict[tuple[int, ...], tuple[tuple, Any]] = {}

    def __call__(self, *objects: Any) -> Any:
        """Return ``make(*objects)``, made at the first call with these very objects."""
        key = tuple(map(id, objects))
        if key not in self._kept:
            made = self._make(*objects)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            # the objects are kept with the result: while they live their id() is no other's
            self._kept[key] = (objects, made)
        return self._kept[key][1]

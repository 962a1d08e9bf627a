"""Face detectors that come with synhead. To add one: a function, and one line here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.registry import Table

FACE_FINDERS = Table("face detector", {})
"""Name to ``find_faces(image)``: boxes (N, 4) xyxy in px of a picture (H, W, 3), uint8 RGB, the surest first."""


def bundled_face_finder(table: Table = FACE_FINDERS) -> tuple[str, Callable[[np.ndarray], np.ndarray]] | None:
    """Name and function of the first of them; None where there are none."""
    name = next(iter(table), None)
    return None if name is None else (name, table.load(name))

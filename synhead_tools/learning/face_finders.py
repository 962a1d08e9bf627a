"""Face detectors that come with synhead. To add one: a function that opens it, and one line here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synhead_tools.registry import Table

FindFaces = Callable[[np.ndarray], np.ndarray]
"""Boxes (N, 4) xyxy in px of a picture (H, W, 3) uint8 RGB, the surest first: squares, as estimators are trained on."""

FACE_FINDERS = Table("face detector", {"detector": "synhead_tools.learning.detection.bundled_finder:open_finder"})
"""Name to ``open(device, close_ups)``, which gives a `FindFaces`, or None where its weights are not installed.

`close_ups` says whether it may look at each face again, which takes time, if it can do such a thing at all.
"""


def bundled_face_finder(
    device: str = "cpu", close_ups: bool = True, table: Table = FACE_FINDERS
) -> tuple[str, FindFaces] | None:
    """Name and function of the first that is installed; None where there is none."""
    for name in table:
        find_faces = table.load(name)(device, close_ups)
        if find_faces is not None:
            return name, find_faces
    return None

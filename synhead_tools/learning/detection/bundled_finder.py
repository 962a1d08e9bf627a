"""The bundled detector as an entry of `synhead_tools.learning.face_finders.FACE_FINDERS`."""

from __future__ import annotations

from functools import partial

from synhead_tools.learning.detection.bundled_detectors import DEFAULT_DETECTOR, bundled_detectors
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.face_finders import FindFaces


def open_finder(device: str = "cpu", close_ups: bool = True) -> FindFaces | None:
    """The bundled detector's `find_faces`; None where its weights are not installed."""
    if DEFAULT_DETECTOR not in bundled_detectors():
        return None
    return partial(load_detector(None, device).find_faces, close_ups=close_ups)

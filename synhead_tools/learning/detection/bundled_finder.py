"""The bundled detector as an entry of `synhead_tools.learning.face_finders.FACE_FINDERS`."""

from __future__ import annotations

from synhead_tools.learning.detection.bundled_detectors import DEFAULT_DETECTOR, bundled_detectors
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.face_finders import FindFaces


def open_finder(device: str = "cpu") -> FindFaces | None:
    """The bundled detector's `find_faces`; None where its weights are not installed."""
    return load_detector(None, device).find_faces if DEFAULT_DETECTOR in bundled_detectors() else None

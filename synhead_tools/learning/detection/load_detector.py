"""Whatever finds faces, by the name of a file, a folder or a bundled detector."""

from __future__ import annotations

from pathlib import Path

import torch

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.bundled_detectors import DEFAULT_DETECTOR, bundled_detectors
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.face_detector import FaceDetector


def load_detector(model: str | Path | None = None, device: str | torch.device = "cpu") -> FaceDetector:
    """A face detector, ready to work.

    Parameters
    ----------
    model : str or Path, optional
        Folder of a detector; an .onnx that ``synhead export`` wrote of one (or its .toml); else the name of a bundled
        one. What is on disk goes before a name. The bundled one if nothing is given, whatever is on disk.
    device : str or torch.device
        Where a checkpoint computes. ONNX models compute on the CPU.

    Raises
    ------
    CheckpointError
        There is no such detector, or it cannot be used.
    """
    known = bundled_detectors()
    if model is None:
        if DEFAULT_DETECTOR not in known:
            raise CheckpointError("no face detector is bundled here; name one by --model (train-retinaface makes one)")
        return Detector.load(known[DEFAULT_DETECTOR], device)
    path = Path(model)
    if path.suffix in (".onnx", ".toml"):
        from synhead_tools.learning.detection.onnx_detector import OnnxDetector

        return OnnxDetector.load(path)
    if str(model) and path.exists():  # an empty name would be the folder one is in
        return Detector.load(path, device)
    if str(model) not in known:
        bundled = f", or one of the bundled {', '.join(known)}" if known else "; none is bundled here"
        raise CheckpointError(
            f"there is no face detector {str(model)!r}; give the folder of one (train-retinaface), an .onnx of "
            f"one{bundled}"
        )
    return Detector.load(known[str(model)], device)

"""A trained detector at work on pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from synhead_tools.learning.detection.checkpoint import DetectorRecord, load_detector_checkpoint
from synhead_tools.learning.detection.decode import decode
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.face_detector import FaceDetector
from synhead_tools.learning.detection.network import DetectorNetwork
from synhead_tools.learning.pictures.augment_colour import standardise


class Detector(FaceDetector):
    """Finds faces with a network of torch.

    Parameters
    ----------
    network : DetectorNetwork
        Is put into evaluation mode.
    record : DetectorRecord, optional
        What its checkpoint says.
    """

    def __init__(self, network: DetectorNetwork, record: DetectorRecord | None = None) -> None:
        self.network, self.record = network.eval(), record

    @classmethod
    def load(cls, folder: str | Path, device: str | torch.device = "cpu") -> Detector:
        """The detector in a checkpoint folder.

        Raises
        ------
        CheckpointError
            See `synhead_tools.learning.detection.checkpoint.load_detector_checkpoint`.
        """
        checkpoint = load_detector_checkpoint(folder, device)
        return cls(checkpoint.network, checkpoint.record)

    @torch.inference_mode()
    def answer(self, inputs: np.ndarray, score_threshold: float, nms_iou: float, vote_iou: float) -> list[Detections]:
        """See `FaceDetector.answer`."""
        device = next(self.network.parameters()).device
        pictures = torch.from_numpy(inputs).to(device)
        outputs = self.network(standardise(pictures.permute(0, 3, 1, 2).float() / 255))
        return decode(self.network, outputs, score_threshold, nms_iou, vote_iou)

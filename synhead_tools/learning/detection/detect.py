"""A trained detector at work on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from synhead_tools.errors import TrainingError
from synhead_tools.learning.augment_colour import standardise
from synhead_tools.learning.detection.biwi_boxes import biwi_boxes
from synhead_tools.learning.detection.checkpoint import DetectorRecord, load_detector_checkpoint
from synhead_tools.learning.detection.decode import decode
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.letterbox import Letterbox, letterbox
from synhead_tools.learning.detection.network import DetectorNetwork

FILLED_BORDER = 0.5
"""Room around a picture, over its longer side, that makes a face that fills it half as large as the input."""


class Detector:
    """Finds faces.

    Parameters
    ----------
    network : DetectorNetwork
        Is put into evaluation mode.
    record : DetectorRecord, optional
        What its checkpoint says.

    Raises
    ------
    TrainingError
        From `detect`: a picture is none, or a setting is outside its range.
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

    def detect(
        self,
        images: Sequence[np.ndarray],
        *,
        longest_px: int | None = 640,
        score_threshold: float = 0.5,
        nms_iou: float = 0.4,
        border: float = 0.0,
        batch_size: int = 8,
    ) -> list[Detections]:
        """Faces in each picture, in its own pixels.

        Parameters
        ----------
        images : sequence of arrays, shape (H, W, 3)
            uint8 RGB, any sizes.
        longest_px : int or None
            Longer side that pictures are scaled to, border included, up as well as down; None keeps their sizes. It
            decides which faces are found: anchors are 16 to 406 px wide.
        score_threshold, nms_iou : float
            See `synhead_tools.learning.detection.decode.decode`.
        border : float
            Room around the picture, for faces that fill it: see `synhead_tools.learning.detection.letterbox.letterbox`.
        batch_size : int
            Pictures of equal input size that go through the network together.

        Returns
        -------
        list of Detections
            One for each picture, with no faces where nothing was found.
        """
        if longest_px is not None and not 16 <= longest_px <= 16384:
            raise TrainingError(f"longest_px = {longest_px} must be between 16 and 16384")
        for name, value, high in (
            ("score_threshold", score_threshold, 1),
            ("nms_iou", nms_iou, 1),
            ("border", border, 4),
        ):
            if not 0 <= value <= high:
                raise TrainingError(f"{name} = {value} must be between 0 and {high}")
        found: list[Detections | None] = [None] * len(images)
        waiting: dict[tuple[int, ...], list[tuple[int, np.ndarray, Letterbox]]] = {}
        for number, image in enumerate(images):
            canvas, place = letterbox(image, longest_px, border)
            group = waiting.setdefault(canvas.shape, [])
            group.append((number, canvas, place))
            if len(group) == batch_size:
                self._answer(waiting.pop(canvas.shape), found, score_threshold, nms_iou)
        for group in waiting.values():
            self._answer(group, found, score_threshold, nms_iou)
        return found  # type: ignore[return-value]

    def find_faces(self, image: np.ndarray) -> np.ndarray:
        """Square boxes (N, 4) xyxy, px, for estimators, of the faces in a picture (H, W, 3) uint8 RGB, surest first.

        They are those of `synhead_tools.learning.detection.biwi_boxes`. A picture in which nothing is found is looked
        at once more with a border, in case a face fills it.
        """
        (found,) = self.detect([image])
        if not len(found):
            (found,) = self.detect([image], border=FILLED_BORDER)
        return biwi_boxes(found)

    @torch.inference_mode()
    def _answer(
        self,
        group: list[tuple[int, np.ndarray, Letterbox]],
        found: list[Detections | None],
        score_threshold: float,
        nms_iou: float,
    ) -> None:
        device = next(self.network.parameters()).device
        pictures = torch.from_numpy(np.stack([canvas for _, canvas, _ in group])).to(device)
        outputs = self.network(standardise(pictures.permute(0, 3, 1, 2).float() / 255))
        answers = decode(self.network, outputs, score_threshold, nms_iou)
        for (number, _, place), answer in zip(group, answers, strict=True):
            found[number] = Detections(
                place.boxes_to_picture(answer.boxes_xyxy), answer.scores, place.to_picture(answer.points5),
                None if answer.mesh is None else place.to_picture(answer.mesh),
            )  # fmt: skip

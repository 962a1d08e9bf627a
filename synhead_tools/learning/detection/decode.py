"""From the network's answers to faces, in pixels of its input."""

from __future__ import annotations

import numpy as np
import torch

from synhead_tools.learning.detection.anchors import corners
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.network import FACE, DetectorNetwork, DetectorOutputs
from synhead_tools.learning.detection.nms import TOP_K, suppress
from synhead_tools.learning.detection.targets import decode_boxes, decode_points


def decode(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    score_threshold: float = 0.5,
    nms_iou: float = 0.4,
    top_k: int = TOP_K,
) -> list[Detections]:
    """Faces of each of N pictures.

    Score and box are those of the last head; points and mesh those that the first head gives for the same anchor.

    Parameters
    ----------
    network : DetectorNetwork
        Whose mesh branch is asked about the faces that stay.
    outputs : DetectorOutputs
    score_threshold : float
        Faces below it are dropped. 0.02 for average precision, which wants all.
    nms_iou, top_k : float, int
        See `synhead_tools.learning.detection.nms.suppress`.
    """
    last = outputs.heads[-1]
    scores = torch.softmax(last.logits, dim=-1)[..., FACE]
    return [_decode_one(network, outputs, number, own, score_threshold, nms_iou, top_k)
            for number, own in enumerate(scores)]  # fmt: skip


def _decode_one(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    number: int,
    scores: torch.Tensor,
    score_threshold: float,
    nms_iou: float,
    top_k: int,
) -> Detections:
    last = outputs.heads[-1]
    likely = torch.nonzero(scores >= score_threshold).flatten()
    if len(likely) > top_k:
        likely = likely[torch.argsort(scores[likely], descending=True, stable=True)[:top_k]]
    anchors = last.anchors[number] if last.anchors.ndim == 3 else last.anchors
    boxes = corners(decode_boxes(last.boxes[number, likely], anchors[likely]))
    stays = suppress(boxes, scores[likely], nms_iou, top_k)
    anchor, boxes = likely[stays], boxes[stays]
    regular = outputs.anchors[anchor]
    points = decode_points(outputs.points[number, anchor].reshape(-1, 5, 2), regular)
    mesh = None
    if network.mesh is not None:
        picture = torch.full_like(anchor, number)
        mesh = _plain(decode_points(network.meshes(outputs, picture, anchor), regular))
    return Detections(_plain(boxes), _plain(scores[anchor]), _plain(points), mesh)


def _plain(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().cpu().numpy()

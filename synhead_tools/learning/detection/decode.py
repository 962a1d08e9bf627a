"""From the network's answers to faces, in pixels of its input."""

from __future__ import annotations

import numpy as np
import torch

from synhead_tools.learning.detection.anchors import corners
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.network import FACE, DetectorNetwork, DetectorOutputs
from synhead_tools.learning.detection.nms import TOP_K, suppress
from synhead_tools.learning.detection.targets import decode_boxes, decode_points
from synhead_tools.learning.detection.voting import LEAST_SHARE, VOTE_IOU, point_weights, vote_weights


def decode(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    score_threshold: float = 0.5,
    nms_iou: float = 0.4,
    vote_iou: float = VOTE_IOU,
    top_k: int = TOP_K,
) -> list[Detections]:
    """Faces of each of N pictures.

    Score and box are those of the last head; points and mesh those that the first head gives for the same anchor. Box,
    points and mesh are then averaged with those of the anchors that were suppressed, as voting has it; with a cascade
    points and mesh count by the first head's score too.

    Parameters
    ----------
    network : DetectorNetwork
        Whose mesh branch is asked about the faces that stay, and those that vote.
    outputs : DetectorOutputs
    score_threshold : float
        Faces below it are dropped. 0.02 for average precision, which wants all.
    nms_iou, top_k : float, int
        See `synhead_tools.learning.detection.nms.suppress`.
    vote_iou : float
        See `synhead_tools.learning.detection.voting.vote_weights`.
    """
    last = outputs.heads[-1]
    scores = torch.softmax(last.logits, dim=-1)[..., FACE]
    return [
        _decode_one(network, outputs, number, own, (score_threshold, nms_iou, vote_iou), top_k)
        for number, own in enumerate(scores)
    ]


def _decode_one(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    number: int,
    scores: torch.Tensor,
    limits: tuple[float, float, float],
    top_k: int,
) -> Detections:
    score_threshold, nms_iou, vote_iou = limits
    last = outputs.heads[-1]
    # down to those that may still vote: what a face looks like does not depend on the threshold
    likely = torch.nonzero(scores >= LEAST_SHARE * score_threshold).flatten()
    likely = likely[torch.argsort(scores[likely], descending=True, stable=True)[:top_k]]
    scores = scores[likely]
    anchors = last.anchors[number] if last.anchors.ndim == 3 else last.anchors
    boxes = corners(decode_boxes(last.boxes[number, likely], anchors[likely]))
    sure = int((scores >= score_threshold).sum())
    stays = suppress(boxes[:sure], scores[:sure], nms_iou, top_k)
    weights = vote_weights(boxes, scores, stays, vote_iou)
    of_points = weights
    if len(outputs.heads) > 1:
        first_scores = torch.softmax(outputs.heads[0].logits[number, likely], dim=-1)[..., FACE]
        of_points = point_weights(weights, first_scores)
    regular = outputs.anchors[likely]
    points = decode_points(outputs.points[number, likely].reshape(-1, 5, 2), regular)
    mesh = None
    if network.mesh is not None:
        picture = torch.full_like(likely, number)
        mesh = _plain(_mean(of_points, decode_points(network.meshes(outputs, picture, likely), regular)))
    return Detections(_plain(weights @ boxes), _plain(scores[stays]), _plain(_mean(of_points, points)), mesh)


def _mean(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """(M, K) and (K, ...) to (M, ...)."""
    return (weights @ values.flatten(1)).reshape(len(weights), *values.shape[1:])


def _plain(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().cpu().numpy()

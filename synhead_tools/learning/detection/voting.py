"""Box voting: what stays after suppression is the mean of what covered it, weighted by overlap and score."""

from __future__ import annotations

import torch
from torch import Tensor

from synhead_tools.learning.detection.matching import iou_matrix

VOTE_IOU = 0.5
LEAST_SHARE = 0.5
"""Boxes whose score is less than this share of the best one's have no vote."""
OWN_WEIGHT = 1e-6
"""What a box always adds to its own mean: it is left where nothing else votes."""
LEAST_SCORE = 1e-3
"""Points count as if the first head's score were at least this: one anchor is always left."""


def vote_weights(boxes_xyxy: Tensor, scores: Tensor, stays: Tensor, vote_iou: float = VOTE_IOU) -> Tensor:
    """How much each of K boxes has to say about each of M that stay.

    The weight is (IoU - `vote_iou`) (score - half of the best one's score), where both are positive: it goes to 0 at
    the limits, so that no box jumps when a neighbour just makes it. After Gidaris and Komodakis, "Object detection via
    a multi-region & semantic segmentation-aware CNN model", ICCV 2015, whose weight is the score; RetinaFace votes so
    on boxes, here points and meshes are averaged too.

    Parameters
    ----------
    boxes_xyxy : Tensor, shape (K, 4)
    scores : Tensor, shape (K,)
    stays : Tensor, shape (M,)
        Numbers of the boxes that stay, int64.
    vote_iou : float
        0 to 1; at 1 every box keeps to itself.

    Returns
    -------
    Tensor, shape (M, K)
        Rows that add to 1.
    """
    near = (iou_matrix(boxes_xyxy[stays], boxes_xyxy) - vote_iou).clamp_min(0)
    sure = (scores - LEAST_SHARE * scores[stays, None]).clamp_min(0)
    own = torch.zeros_like(near).scatter_(1, stays[:, None], OWN_WEIGHT)
    weights = near * sure + own
    return weights / weights.sum(dim=1, keepdim=True)


def point_weights(weights: Tensor, first_scores: Tensor) -> Tensor:
    """The same (M, K) for points and mesh: times the score (K,) that the first head gives for the anchor.

    For networks with a cascade: points and mesh are the first head's, which knows the anchors that it was taught on;
    the second head, from which the weights are, is sure of others too.
    """
    weights = weights * first_scores.clamp_min(LEAST_SCORE)
    return weights / weights.sum(dim=1, keepdim=True)

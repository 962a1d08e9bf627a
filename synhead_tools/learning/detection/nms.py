"""Non-maximum suppression: of boxes that cover each other, the best."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from synhead_tools.learning.detection.matching import iou_matrix

TOP_K = 1000


def suppress(boxes_xyxy: Tensor, scores: Tensor, iou_threshold: float = 0.4, top_k: int = TOP_K) -> Tensor:
    """Greedy non-maximum suppression.

    Parameters
    ----------
    boxes_xyxy : Tensor, shape (N, 4)
    scores : Tensor, shape (N,)
    iou_threshold : float
        A box goes whose IoU with a better one that stays is more than this; torchvision's rule, without the
        "+ 1 pixel" of older code.
    top_k : int
        Only so many best boxes are looked at, so that N x N stays small.

    Returns
    -------
    Tensor, shape (M,)
        int64 numbers of the boxes that stay, the best first; of equal scores the earlier one comes first.
    """
    order = torch.argsort(scores, descending=True, stable=True)[:top_k]
    boxes = boxes_xyxy[order]
    # on the CPU: the loop below takes one decision after another
    covered = (iou_matrix(boxes, boxes) > iou_threshold).cpu().numpy()
    gone = np.zeros(len(order), bool)
    stays = []
    for i in range(len(order)):
        if not gone[i]:
            stays.append(i)
            gone |= covered[i]
    return order[torch.tensor(stays, dtype=torch.int64, device=order.device)]

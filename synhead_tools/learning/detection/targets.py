"""What the network is to say of an anchor, and back: boxes, points and meshes relative to it.

No variances: the released code has none (ports divide by 0.1 and 0.2). Widths are differences of edges, without the
code's "+ 1 pixel".
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST_LOG_SCALE = 4.0
"""Decoded boxes are at most e^4 times their anchor's size: an untrained network answers no infinities."""


def encode_boxes(boxes: Tensor, anchors: Tensor) -> Tensor:
    """(dx / w, dy / h, log w ratio, log h ratio) of boxes against anchors, both (..., 4) centre and size."""
    shift = (boxes[..., :2] - anchors[..., :2]) / anchors[..., 2:]
    return torch.cat([shift, torch.log(boxes[..., 2:] / anchors[..., 2:])], dim=-1)


def decode_boxes(deltas: Tensor, anchors: Tensor) -> Tensor:
    """The inverse of `encode_boxes`."""
    centre = anchors[..., :2] + deltas[..., :2] * anchors[..., 2:]
    scale = deltas[..., 2:].clamp(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE)
    return torch.cat([centre, anchors[..., 2:] * torch.exp(scale)], dim=-1)


def encode_points(points: Tensor, anchors: Tensor) -> Tensor:
    """Points (..., K, 2) in px, or meshes (..., K, 3), relative to anchors (..., 4) given by centre and size.

    x and y are taken from the centre, all is divided by the size: x by the width, y by the height, and z, which is
    relative to the tip of the nose already, by the mean of both.
    """
    centre, size = _frame(anchors, points.shape[-1])
    return (points - centre) / size


def decode_points(deltas: Tensor, anchors: Tensor) -> Tensor:
    """The inverse of `encode_points`."""
    centre, size = _frame(anchors, deltas.shape[-1])
    return deltas * size + centre


def _frame(anchors: Tensor, dimensions: int) -> tuple[Tensor, Tensor]:
    centre, size = anchors[..., None, :2], anchors[..., None, 2:]
    if dimensions == 2:
        return centre, size
    flat = torch.zeros_like(centre[..., :1])
    return torch.cat([centre, flat], dim=-1), torch.cat([size, size.mean(dim=-1, keepdim=True)], dim=-1)

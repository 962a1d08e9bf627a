"""The multi-task loss: class with hard negatives, box, five points, mesh vertices and edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synhead_tools.learning.detection.config import DetectionLossConfig
from synhead_tools.learning.detection.network import FACE, DetectorNetwork, DetectorOutputs
from synhead_tools.learning.detection.teaching import (
    Faces,
    FirstHeadTargets,
    SecondHeadTargets,
    first_head_targets,
    second_head_targets,
)


class MeshEdges(NamedTuple):
    """Edges of a mesh, each once.

    Attributes
    ----------
    pairs : (E, 2) int64
        Vertices at their ends.
    share : (E,) float
        How often the edge counts: the number of its triangles over that of all sides of all triangles.
    """

    pairs: Tensor
    share: Tensor


def detection_losses(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    faces: Sequence[Faces],
    config: DetectionLossConfig,
    mesh_edges: MeshEdges | None = None,
) -> dict[str, Tensor]:
    """All losses of a batch.

    L = L_class + lambda_1 L_box + lambda_2 L_points + lambda_3 L_mesh, each summed over its anchors and divided by
    their number in the batch (L_class by the number of positive ones); for the second head L_class + lambda_1 L_box
    again. RetinaFace, equation 1 of arXiv 1905.00641, with the CVPR paper's loss of the mesh in place of the pixels'.

    Parameters
    ----------
    network : DetectorNetwork
        Whose mesh branch is asked.
    outputs : DetectorOutputs
        Of N pictures.
    faces : sequence of N Faces
    config : DetectionLossConfig
    mesh_edges : MeshEdges, optional
        Of the mesh; without them edges teach nothing.

    Returns
    -------
    dict of str to Tensor
        Scalars, unweighted: ``class``, ``box``, ``points``, ``mesh``, ``edges``, with a cascade ``class2`` and
        ``box2``; and their weighted sum ``total``.
    """
    second = second_head_targets(outputs.heads[1].anchors, faces, config) if len(outputs.heads) > 1 else []
    first = first_head_targets(outputs.anchors, faces, config, second if config.points_of_second else None)
    losses = _first_head(network, outputs, first, config, mesh_edges)
    if second:
        losses |= _second_head(outputs, second, config)
    weights = {
        "class": 1.0, "class2": 1.0, "box": config.box_weight, "box2": config.box_weight,
        "points": config.point_weight, "mesh": config.mesh_weight, "edges": config.mesh_weight * config.edge_weight,
    }  # fmt: skip
    total = sum(weights[name] * value for name, value in losses.items())
    return {**losses, "total": total}


def class_loss(logits: Tensor, label: Tensor, negatives_per_positive: float, fewest_negatives: int) -> Tensor:
    """Cross entropy of faces and of the hardest background, summed over both and divided by the number of faces.

    Online hard example mining as in SSD (Liu et al., 2016): in each picture the background anchors of the highest loss,
    `negatives_per_positive` for each positive one, at least `fewest_negatives`.

    Parameters
    ----------
    logits : Tensor, shape (N, A, 2)
    label : Tensor, shape (N, A)
        1 face, 0 background, -1 nothing.
    negatives_per_positive : float
    fewest_negatives : int
    """
    losses = F.cross_entropy(logits.flatten(0, 1), label.flatten().clamp_min(0), reduction="none")
    losses = losses.reshape(label.shape)
    positive = label == FACE
    chosen = positive | hard_negatives(losses.detach(), label, negatives_per_positive, fewest_negatives)
    return (losses * chosen).sum() / positive.sum().clamp_min(1)


def hard_negatives(losses: Tensor, label: Tensor, negatives_per_positive: float, fewest_negatives: int) -> Tensor:
    """Which background anchors (N, A) of each picture are taught: those of the highest loss."""
    negative = label == 0
    wanted = (negatives_per_positive * (label == FACE).sum(dim=1)).long().clamp_min(fewest_negatives)
    wanted = torch.minimum(wanted, negative.sum(dim=1))
    most = int(wanted.max()) if len(wanted) else 0
    hardest = losses.masked_fill(~negative, -1.0).topk(most, dim=1).indices
    taken = torch.arange(most, device=losses.device) < wanted[:, None]
    return torch.zeros_like(negative).scatter_(1, hardest, taken) & negative


def edges_of(triangles: Tensor) -> MeshEdges:
    """The edges of triangles (M, 3), int64."""
    sides = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).sort(dim=1).values
    pairs, count = sides.unique(dim=0, return_counts=True)
    return MeshEdges(pairs, count / (3 * len(triangles)))


def mesh_losses(predicted: Tensor, wanted: Tensor, edges: MeshEdges | None) -> tuple[Tensor, Tensor]:
    """L1 of vertices and of edge lengths, meshes (K, V, 3) in anchor sizes.

    L_vertex = 1/V sum of |x| + |y| + |z|; L_edge = 1/(3 M) sum over the three edges of M triangles of the absolute
    difference of their lengths; both averaged over meshes.
    """
    vertices = (predicted - wanted).abs().sum(dim=-1).mean()
    if edges is None:
        return vertices, vertices.new_zeros(())
    difference = (_lengths(predicted, edges.pairs) - _lengths(wanted, edges.pairs)).abs()
    return vertices, (difference * edges.share.to(difference.dtype)[:, None]).sum(dim=0).mean()


def evenly_spread(rows: Tensor, most: int) -> Tensor:
    """At most `most` of some rows, evenly spread over them; all where `most` is 0."""
    if not 0 < most < len(rows):
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, device=rows.device).round().long()]


def _lengths(mesh: Tensor, pairs: Tensor) -> Tensor:
    """Lengths (E, K) of the edges of meshes (K, V, 3)."""
    rows = mesh.permute(1, 2, 0).contiguous()  # whole rows of all meshes are picked, and their slopes added, quickly
    along = rows.index_select(0, pairs[:, 0]) - rows.index_select(0, pairs[:, 1])
    return along.square().sum(dim=1).clamp_min(1e-12).sqrt()  # the square root has no slope at 0


def _first_head(
    network: DetectorNetwork,
    outputs: DetectorOutputs,
    targets: Sequence[FirstHeadTargets],
    config: DetectionLossConfig,
    mesh_edges: MeshEdges | None,
) -> dict[str, Tensor]:
    head = outputs.heads[0]
    label = torch.stack([of.label for of in targets])
    picture, anchor = _numbers([of.box_anchor for of in targets])
    boxes = torch.cat([of.boxes for of in targets])
    losses = {
        "class": class_loss(head.logits, label, config.negatives_per_positive, config.fewest_negatives),
        "box": _smooth_l1(head.boxes[picture, anchor], boxes, config),
    }
    picture, anchor = _numbers([of.point_anchor for of in targets])
    points = torch.cat([of.points for of in targets]).flatten(1)
    losses["points"] = _smooth_l1(outputs.points[picture, anchor], points, config)
    if network.mesh is not None and all(of.mesh is not None for of in targets):
        meshes = torch.cat([of.mesh for of in targets])
        known = evenly_spread(torch.nonzero(meshes[:, 0, 0].isfinite()).flatten(), config.most_meshes)
        losses["mesh"] = losses["edges"] = head.logits.new_zeros(())
        if len(known):
            predicted = network.meshes(outputs, picture[known], anchor[known])
            losses["mesh"], losses["edges"] = mesh_losses(predicted, meshes[known], mesh_edges)
    return losses


def _second_head(
    outputs: DetectorOutputs, targets: Sequence[SecondHeadTargets], config: DetectionLossConfig
) -> dict[str, Tensor]:
    head = outputs.heads[1]
    label = torch.stack([of.label for of in targets])
    picture, anchor = _numbers([of.box_anchor for of in targets])
    boxes = torch.cat([of.boxes for of in targets])
    return {
        "class2": class_loss(head.logits, label, config.negatives_per_positive, config.fewest_negatives),
        "box2": _smooth_l1(head.boxes[picture, anchor], boxes, config),
    }


def _numbers(anchors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Numbers of the picture and of the anchor, of each picture's anchors, one after the other."""
    picture = torch.cat([torch.full_like(of, number) for number, of in enumerate(anchors)])
    return picture, torch.cat(list(anchors))


def _smooth_l1(predicted: Tensor, wanted: Tensor, config: DetectionLossConfig) -> Tensor:
    """Smooth L1 (K, D) summed over D and averaged over K; unknown (NaN) numbers count as met."""
    known = wanted.isfinite()
    losses = F.smooth_l1_loss(predicted, torch.where(known, wanted, predicted.detach()), reduction="none",
                              beta=config.smooth_l1_beta)  # fmt: skip
    rows = known.any(dim=1).sum().clamp_min(1)
    return losses.sum() / rows
